#include "tests/proof/dump_edits.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <regex>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::proof {

namespace {

using Lines = std::vector<std::string>;
using Words = std::smatch;
// What stands in place of a match; nothing: there is no such edit here.
using Change = std::function<std::optional<std::string>(const Words&)>;

// Every match of the pattern in every rule.
std::vector<Edit> in_lines(const Lines& lines, const std::vector<bool>& wanted, const std::string& pattern,
                           const Change& change) {
  const std::regex regex(pattern);
  std::vector<Edit> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!wanted[i]) continue;
    for (std::sregex_iterator at(lines[i].begin(), lines[i].end(), regex), end; at != end; ++at) {
      const auto text = change(*at);
      if (!text || *text == at->str()) continue;
      const auto begin = static_cast<std::size_t>(at->position()), length = static_cast<std::size_t>(at->length());
      out.push_back({i, 1, {lines[i].substr(0, begin) + *text + lines[i].substr(begin + length)}});
    }
  }
  return out;
}

std::optional<std::string> next_address(const std::string& text) {
  const auto address = net::Address::parse(text);
  if (!address || !address->next()) return {};
  return address->next()->text();
}

std::string next_port(const std::string& text) {
  const int port = std::stoi(text);
  return std::to_string(port < 65535 ? port + 1 : 1);
}

std::optional<std::string> wider(const std::string& address, const std::string& length) {
  const auto parsed = net::Address::parse(address);
  const int bits = std::stoi(length);
  if (!parsed || bits == 0 || bits > parsed->bits()) return {};
  const net::Prefix prefix(*parsed, bits - 1);
  return fmt::format("{}/{}", prefix.address().text(), bits - 1);
}

// The next other value of a list, round and round.
std::optional<std::string> another(const std::vector<std::string>& all, const std::string& one) {
  const auto found = std::ranges::find(all, one);
  if (found == all.end()) return {};
  for (std::size_t step = 1; step < all.size(); ++step) {
    const std::string& other = all[(static_cast<std::size_t>(found - all.begin()) + step) % all.size()];
    if (other != one) return other;
  }
  return {};
}

std::vector<std::string> all_matches(const Lines& lines, const std::string& pattern, std::size_t group) {
  const std::regex regex(pattern);
  std::vector<std::string> out;
  for (const std::string& line : lines) {
    for (std::sregex_iterator at(line.begin(), line.end(), regex), end; at != end; ++at) out.push_back((*at)[group]);
  }
  return out;
}

// The chain that each line is a rule of; empty: none.
std::vector<std::string> chains(Form form, const Lines& lines) {
  std::vector<std::string> out(lines.size());
  std::string chain, table;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    Words words;
    if (form == Form::iptables) {
      if (line.starts_with("*")) table = line;
      if (std::regex_search(line, words, std::regex("^-A (\\S+)"))) out[i] = table + " " + words[1].str();
      continue;
    }
    if (std::regex_search(line, words, std::regex("^table (.*) \\{"))) table = words[1];
    if (std::regex_search(line, words, std::regex("^\tchain (\\S+) \\{"))) {
      chain = table + " " + words[1].str();
    } else if (line == "\t}") {
      chain.clear();
    } else if (!std::regex_search(line, std::regex("^\t\t(type|comment) "))) {
      out[i] = chain;
    }
  }
  return out;
}

struct Text {
  Form form;
  const Lines& lines;
  std::vector<std::string> chain = chains(form, lines);
  std::vector<bool> rules = [this] {
    std::vector<bool> out;
    for (const std::string& c : chain) out.push_back(!c.empty());
    return out;
  }();
  std::vector<bool> all = std::vector<bool>(lines.size(), true);
  [[nodiscard]] bool iptables() const { return form == Form::iptables; }
};

void join(std::vector<Edit>& to, std::vector<Edit> more) {
  std::ranges::move(more, std::back_inserter(to));
}

std::vector<Edit> destinations(const Text& t) {
  const auto change = [](const Words& w) -> std::optional<std::string> {
    const auto address = next_address(w[2]);
    if (!address) return {};
    return w[1].str() + *address + w[3].str();
  };
  if (t.iptables()) {
    auto out = in_lines(t.lines, t.rules, R"((--to-destination \[?)([0-9a-f.:]+?)(\]?:\d+$))", change);
    join(out, in_lines(t.lines, t.rules, R"(( -d )([0-9a-f.:]+)(/(32|128) ))", change));
    return out;
  }
  auto out = in_lines(t.lines, t.rules, R"((dnat (?:ip6? )?to \[?)([0-9a-f.:]+?)(\]?:\d+))", change);
  join(out, in_lines(t.lines, t.rules, R"(( \d+ : )([0-9a-f.:]+)( \. \d+))", change));
  join(out, in_lines(t.lines, t.all, R"(([\{\t ])([0-9a-f.:]{7,})( \. (tcp|udp|sctp) \. \d+ (comment|:)))", change));
  return out;
}

std::vector<Edit> ports(const Text& t) {
  const auto change = [](const Words& w) { return w[1].str() + next_port(w[2]); };
  if (t.iptables()) {
    auto out = in_lines(t.lines, t.rules, R"((--to-destination \S+:)(\d+)$)", change);
    join(out, in_lines(t.lines, t.rules, R"((--dport )(\d+)\b)", change));
    return out;
  }
  auto out = in_lines(t.lines, t.rules, R"((dnat (?:ip6? )?to \S+:)(\d+)\b)", change);
  join(out, in_lines(t.lines, t.all, R"(((?:tcp|udp|sctp) \. )(\d+)\b)", change));
  return out;
}

std::vector<Edit> prefixes(const Text& t) {
  const auto change = [](const Words& w) -> std::optional<std::string> {
    const auto prefix = wider(w[2], w[3]);
    if (!prefix) return {};
    return w[1].str() + *prefix + w[4].str();
  };
  if (t.iptables()) return in_lines(t.lines, t.rules, R"(( -[sd] )([0-9a-f.:]+)/(\d+)( ))", change);
  return in_lines(t.lines, t.all, R"(([\{\t .])([0-9a-f.:]+)/(\d+)\b()(?!/))", change);
}

std::vector<Edit> marks(const Text& t) {
  if (t.iptables())
    return in_lines(t.lines, t.rules, "(-mark )0x4000/", [](const Words& w) { return w[1].str() + "0x8000/"; });
  return in_lines(t.lines, t.rules, "0x00004000", [](const Words&) { return "0x00008000"; });
}

std::vector<Edit> orders(const Text& t) {
  const std::regex jump(t.iptables() ? " -[jg] KUBE" : "(jump|goto|vmap) ");
  std::vector<Edit> out;
  for (std::size_t i = 0; i + 1 < t.lines.size(); ++i) {
    if (!t.rules[i] || t.chain[i] != t.chain[i + 1] || t.lines[i] == t.lines[i + 1]) continue;
    if (!std::regex_search(t.lines[i], jump) && !std::regex_search(t.lines[i + 1], jump)) continue;
    out.push_back({i, 2, {t.lines[i + 1], t.lines[i]}});
  }
  return out;
}

std::vector<Edit> probabilities(const Text& t) {
  if (t.iptables()) {
    return in_lines(t.lines, t.rules, R"((--probability )(\S+))",
                    [](const Words& w) { return fmt::format("{}{:.11f}", w[1].str(), std::stod(w[2]) / 2); });
  }
  return in_lines(t.lines, t.rules, R"((numgen random mod )(\d+))",
                  [](const Words& w) { return fmt::format("{}{}", w[1].str(), std::stoi(w[2]) + 1); });
}

std::vector<Edit> missing(const Text& t) {
  std::vector<Edit> out;
  for (std::size_t i = 0; i < t.lines.size(); ++i) {
    if (t.rules[i]) out.push_back({i, 1, {}});
  }
  return out;
}

std::vector<Edit> doubled(const Text& t) {
  std::vector<Edit> out;
  for (std::size_t i = 0; i < t.lines.size(); ++i) {
    if (t.rules[i]) out.push_back({i, 1, {t.lines[i], t.lines[i]}});
  }
  return out;
}

std::vector<Edit> negations(const Text& t) {
  if (t.iptables()) {
    auto out = in_lines(t.lines, t.rules, R"( ! (-[sd] |--ctstate |--mark ))",
                        [](const Words& w) { return " " + w[1].str(); });
    join(out, in_lines(t.lines, t.rules, R"(( |[^!]) (-[sd] |--ctstate |--mark |--src-type |--dst-type ))",
                       [](const Words& w) -> std::optional<std::string> {
                         if (w[1] == "!") return {};
                         return w[1].str() + " ! " + w[2].str();
                       }));
    return out;
  }
  auto out = in_lines(t.lines, t.rules,
                      " != ", [](const Words& w) { return w.prefix().str().ends_with("4000") ? " == " : " "; });
  join(out, in_lines(t.lines, t.rules, R"((ct state|ip6? [sd]addr|fib saddr type) ([@0-9a-z]))",
                     [](const Words& w) { return fmt::format("{} != {}", w[1].str(), w[2].str()); }));
  return out;
}

std::vector<Edit> elements(const Text& t) {
  if (t.iptables()) {
    const auto of = [&](const std::string& pattern) {
      const auto names = all_matches(t.lines, pattern, 2);
      return in_lines(t.lines, t.rules, pattern, [&names](const Words& w) -> std::optional<std::string> {
        const auto other = another(names, w[2]);
        if (!other) return {};
        return w[1].str() + *other;
      });
    };
    auto out = of("(-j )(KUBE-SEP-[0-9A-Z]+)");
    join(out, of("(--name )(KUBE-SEP-[0-9A-Z]+)"));
    return out;
  }
  const auto of = [&](const std::string& pattern, const std::vector<bool>& where) {
    const auto names = all_matches(t.lines, pattern, 2);
    return in_lines(t.lines, where, pattern, [&names](const Words& w) -> std::optional<std::string> {
      const auto other = another(names, w[2]);
      if (!other) return {};
      return w[1].str() + *other;
    });
  };
  std::vector<bool> outside;
  for (const bool rule : t.rules) outside.push_back(!rule);
  // Chains of one family only: the edit stays inside of its table.
  auto out = of(R"(( : goto )((?:service|external)-[^ ,]+))", outside);
  join(out, of(R"((saddr @)(affinity-[^ ]+))", t.rules));
  return out;
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::vector<Edit> edits(Form form, std::string_view kind, const std::vector<std::string>& lines) {
  using Places = std::vector<Edit> (*)(const Text&);
  constexpr std::array<Places, edit_kinds.size()> all{destinations,  ports,   prefixes, marks,     orders,
                                                      probabilities, missing, doubled,  negations, elements};
  const auto found = std::ranges::find(edit_kinds, kind);
  if (found == edit_kinds.end()) throw base::InternalError("no kind of edit: " + std::string(kind));
  return all.at(static_cast<std::size_t>(found - edit_kinds.begin()))({form, lines});
}

std::string edited(const std::vector<std::string>& lines, const Edit& edit) {
  std::string out;
  const auto add = [&](const std::string& line) {
    out += line;
    out += '\n';
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == edit.line) std::ranges::for_each(edit.with, add);
    if (i < edit.line || i >= edit.line + edit.count) add(lines[i]);
  }
  return out;
}

}  // namespace portcullis::proof

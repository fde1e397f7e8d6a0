#include "verifier/obligations/routes/hosts.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "compiler/ir/l7/regex.hpp"
#include "verifier/languages/pattern.hpp"
#include "verifier/languages/product.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::HostForm;
using ir::l7::HostPattern;
using ir::l7::Name;
using languages::Bytes;
using languages::Nfa;

// All that tells names apart.
struct Texts {
  std::set<std::string, std::less<>> exact, domains,
      suffixes;  // domains: behind the first label; suffixes: of many labels
  std::set<std::string> regexes;
};

Texts texts_of(std::span<const Router* const> routers) {
  Texts texts;
  for (const Router* router : routers) {
    for (const ir::l7::HostEntry& entry : router->hosts) {
      for (const HostPattern& pattern : entry.names) {
        switch (pattern.kind) {
          case HostPattern::Kind::exact:
            texts.exact.insert(pattern.text);
            break;
          case HostPattern::Kind::one_label:
            texts.domains.insert(pattern.text);
            break;
          case HostPattern::Kind::many_labels:
            texts.suffixes.insert(pattern.text);
            break;
          case HostPattern::Kind::regex:
            texts.regexes.insert(pattern.text);
            break;
          case HostPattern::Kind::any:
            break;
        }
      }
    }
    for (const std::string& name : router->tls_names) {
      if (name.starts_with("*."))
        texts.domains.insert(name.substr(2));
      else
        texts.exact.insert(name);
    }
  }
  texts.exact.erase("");
  return texts;
}

std::string_view behind_first_label(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

// Reads `text` behind `from`; the state behind it.
std::uint32_t spell(Nfa& nfa, std::uint32_t from, std::string_view text) {
  for (const char c : text) {
    const std::uint32_t next = nfa.add();
    nfa.read(from, languages::one(static_cast<unsigned char>(c)), next);
    from = next;
  }
  return from;
}

// Any number of these bytes (`some`: at least one), then a dot and one of the texts.
Nfa below(const Bytes& bytes, bool some, const std::set<std::string, std::less<>>& texts) {
  Nfa nfa;
  const std::uint32_t inside = nfa.add();
  nfa.accept = nfa.add();
  nfa.read(inside, bytes, inside);
  nfa.start = some ? nfa.add() : inside;
  if (some) nfa.read(nfa.start, bytes, inside);
  for (const std::string& text : texts) {
    const std::uint32_t first = nfa.add();
    nfa.free(inside, first);
    nfa.free(spell(nfa, first, "." + text), nfa.accept);
  }
  return nfa;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!languages::word_bytes().test(byte) && byte < 0x80) out += '\\';
    out += c;
  }
  return out;
}

// Bytes of labels that no wildcard of nginx takes for a label.
constexpr std::string_view odd_label =
    "[^./:@\\[\\]\\x00- \\x7fA-Z]*[^a-z0-9_./:@\\[\\]\\x00- \\x7fA-Z-][^./:@\\[\\]\\x00- \\x7fA-Z]*";
constexpr std::string_view any_name = "[^/:@\\[\\]\\x00- \\x7fA-Z]+";
constexpr std::size_t most_states = 400'000;

class Partition {
 public:
  Partition(const Texts& texts, std::span<const HostForm> forms)
      : texts_(texts), forms_(forms), exact_({texts.exact.begin(), texts.exact.end()}, {}, false) {}

  HostClasses run() {
    for (const std::string& name : texts_.exact) add(name, {true, name});
    for (const std::string& domain : texts_.domains) add_domain(domain);
    for (const std::string& suffix : texts_.suffixes) add_suffix(suffix);
    add_other();
    add("no name", {true, ""});
    if (has(HostForm::haproxy)) add("no Host", {false, ""});
    if (!texts_.regexes.empty())
      out_.assumptions.emplace_back(
          "names with `/`, `@`, brackets or a colon are not looked at, where regular expressions tell names apart");
    return std::move(out_);
  }

 private:
  using Inside = std::function<bool(const std::string&)>;
  using Witness = std::function<std::string()>;

  [[nodiscard]] bool has(HostForm form) const { return std::ranges::find(forms_, form) != forms_.end(); }

  void add(std::string shown, Name name) {
    const bool sendable = request_with_name(name, forms_).has_value();
    out_.classes.push_back({std::move(shown), std::move(name), sendable});
  }

  // The longest suffix of many labels that a name has.
  [[nodiscard]] std::string_view suffix_of(std::string_view name) const {
    for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1))
      if (texts_.suffixes.contains(name.substr(dot + 1))) return name.substr(dot + 1);
    return {};
  }
  [[nodiscard]] bool in_domain(std::string_view name) const {
    return name.find('.') != std::string_view::npos && texts_.domains.contains(behind_first_label(name));
  }
  [[nodiscard]] bool is_exact(std::string_view name) const { return texts_.exact.contains(name); }
  // What every wildcard of one label takes for a label.
  [[nodiscard]] bool is_label(std::string_view label) const {
    return std::ranges::all_of(forms_, [&](HostForm form) { return ir::l7::is_label(label, form); });
  }
  static std::string_view first_label(std::string_view name) { return name.substr(0, name.find('.')); }

  // The first of `x`, `x2`, `x3`, … that will do.
  static std::string fresh(const std::function<std::string(const std::string&)>& make, const Inside& will_do) {
    for (unsigned i = 1;; ++i)
      if (std::string name = make(i == 1 ? "x" : fmt::format("x{}", i)); will_do(name)) return name;
  }

  void add_domain(const std::string& domain) {
    const std::string behind = "." + domain;
    const auto free = [&](const std::string& name) { return !is_exact(name); };
    split(
        fmt::format("*.{}", domain), languages::label_then(label_bytes(), behind), true,
        [&](const std::string& name) {
          return behind_first_label(name) == domain && !first_label(name).empty() && is_label(first_label(name)) &&
                 free(name);
        },
        [&] { return fresh([&](const std::string& label) { return label + behind; }, free); });
    if (!is_exact(behind)) add(fmt::format("an empty label before {}", behind), {true, behind});
    if (!has(HostForm::nginx)) return;
    split(
        fmt::format("a label with odd bytes before {}", behind),
        languages::whole(std::string(odd_label) + escaped(behind)), true,
        [&](const std::string& name) {
          return behind_first_label(name) == domain && !first_label(name).empty() && !is_label(first_label(name)) &&
                 free(name);
        },
        [&] { return fresh([&](const std::string& label) { return label + "!" + behind; }, free); });
  }

  void add_suffix(const std::string& suffix) {
    const auto inside = [&](const std::string& name) {
      return !is_exact(name) && !in_domain(name) && suffix_of(name) == suffix;
    };
    split(fmt::format("**.{}", suffix), languages::ending_with("." + suffix), false, inside, [&] {
      const std::string before = texts_.domains.contains(suffix) ? "x." : "";
      return fresh([&](const std::string& label) { return before + label + "." + suffix; }, inside);
    });
  }

  void add_other() {
    const auto inside = [&](const std::string& name) {
      return !is_exact(name) && !in_domain(name) && suffix_of(name).empty();
    };
    split("any other name", languages::whole(any_name), false, inside, [&] {
      for (const std::string name : {"other.example", "other.test", "other.invalid"})
        if (inside(name)) return name;
      return fresh([&](const std::string& label) { return label; }, inside);
    });
  }

  // Bytes of a label as the forms take it, without those that no name has.
  [[nodiscard]] Bytes label_bytes() const {
    if (has(HostForm::nginx)) return languages::range('a', 'z') | languages::range('0', '9') | languages::all_of("_-");
    return ~(languages::range(0, 0x20) | languages::range('A', 'Z') | languages::all_of("./:@[]\x7f"));
  }

  // A class that only regular expressions tell apart further. `language` has all of its names, and perhaps some that
  // `inside` does not; `witness` gives one. `below_domain`: its names are of one domain.
  void split(const std::string& shown, const Nfa& language, bool below_domain, const Inside& inside,
             const Witness& witness) {
    if (texts_.regexes.empty()) return add(shown, {true, witness()});
    std::vector<std::unique_ptr<languages::Subsets>> owned;
    const auto hold = [&](Nfa nfa) { owned.push_back(std::make_unique<languages::Subsets>(std::move(nfa))); };
    hold(language);
    hold(sendable_names());
    hold(below_domain ? Nfa{languages::exactly("A")} : elsewhere(shown));  // no name has a capital letter
    add_regexes(hold);
    std::vector<languages::Automaton*> automata;
    for (const auto& one : owned) automata.push_back(one.get());
    automata.push_back(&exact_);
    const languages::Product product = languages::explore(automata, languages::classes_of(automata), 0, most_states);
    if (!product.complete)
      out_.open.push_back(fmt::format("the regular expressions of hosts are too many for {}", shown));
    for (const languages::Inhabited& found : product.inhabited) {
      const bool other = found.marks[1] == 0 || found.marks[2] != 0 || found.marks.back() != 0;
      if (other || !inside(found.shortest)) continue;
      add(fmt::format("{} (such as {})", shown, found.shortest), {true, found.shortest});
    }
  }

  // One that is outside of the dialect is told by whoever asks the router for a name.
  void add_regexes(const std::function<void(Nfa)>& hold) {
    for (const std::string& regex : texts_.regexes) {
      if (!ir::l7::Regex(regex, true, false).valid()) continue;
      auto nfa = languages::found(regex, true, false);
      if (const auto* refused = std::get_if<languages::Unsupported>(&nfa)) {
        out_.open.push_back(
            fmt::format("the host pattern `~{}` has {}, which is not followed here", regex, refused->why));
      } else {
        hold(std::move(std::get<Nfa>(nfa)));
      }
    }
  }

  [[nodiscard]] Nfa sendable_names() const {
    if (has(HostForm::nginx))
      return languages::whole("\\.?([^./:@\\[\\]\\x00- \\x7fA-Z]+\\.)*[^./:@\\[\\]\\x00- \\x7fA-Z]+");
    if (has(HostForm::traefik)) return languages::whole("[a-z0-9!$%&'()*+,.;=_~-]*[a-z0-9!$%&'()*+,;=_~-]");
    return languages::whole(any_name);
  }

  // Names that are not in the class because something else than an exact name claims them.
  [[nodiscard]] Nfa elsewhere(const std::string& shown) const {
    std::set<std::string, std::less<>> longer;  // suffixes that go before the own one
    const std::string own = shown.starts_with("**.") ? shown.substr(3) : "";
    for (const std::string& suffix : texts_.suffixes)
      if (own.empty() || suffix.ends_with("." + own)) longer.insert(suffix);
    Nfa all = below(~languages::one('.'), false, texts_.domains);
    const Nfa more = below(Bytes{}.set(), true, longer);
    // One automaton of both.
    const auto shift = static_cast<std::uint32_t>(all.states.size());
    for (Nfa::State state : more.states) {
      for (Nfa::Free& free : state.free) free.to += shift;
      state.to += shift;
      all.states.push_back(std::move(state));
    }
    const std::uint32_t start = all.add();
    all.free(start, all.start);
    all.free(start, more.start + shift);
    all.free(more.accept + shift, all.accept);
    all.start = start;
    return all;
  }

  const Texts& texts_;
  std::span<const HostForm> forms_;
  languages::Words exact_;
  HostClasses out_;
};

bool has_name(const ir::l7::Request& request, const Name& name, std::span<const HostForm> forms) {
  return std::ranges::all_of(forms, [&](HostForm form) {
    const auto got = ir::l7::host_name(request, form);
    const Name* found = std::get_if<Name>(&got);
    return found != nullptr && found->present == name.present && found->text == name.text;
  });
}

}  // namespace

std::optional<ir::l7::Request> request_with_name(const Name& name, std::span<const HostForm> forms) {
  std::vector<ir::l7::Request> tries(5);
  tries[0].headers = {{"Host", name.text}};
  tries[1].headers = {{"Host", name.text + ":80"}};
  tries[2].headers = {{"Host", "[" + name.text + "]"}};
  tries[3].version = "1.0";
  tries[4].headers = {{"Host", name.text + "."}};
  for (const ir::l7::Request& request : tries)
    if (has_name(request, name, forms)) return request;
  return std::nullopt;
}

HostClasses host_classes(std::span<const Router* const> routers, std::span<const HostForm> forms) {
  const Texts texts = texts_of(routers);
  return Partition(texts, forms).run();
}

}  // namespace portcullis::routes

#include "backends/haproxy/read_maps.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backends/haproxy/maps.hpp"
#include "backends/haproxy/words.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::haproxy {

using ir::l7::HostPattern;

void MapReader::fail(std::string_view file, std::size_t line, std::string_view message) {
  if (!error_) error_ = ReadError{std::string(file), line, std::string(message)};
}

std::vector<MapReader::Row> MapReader::rows(std::string_view file) {
  std::vector<Row> out;
  const auto found = files_.find(std::string(file));
  if (found == files_.end()) return out;
  std::string_view text = found->second;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t blank = std::min(one.find(' '), one.size());
    out.push_back({line, one.substr(0, blank), one.substr(std::min(blank + 1, one.size()))});
  }
  return out;
}

std::uint32_t MapReader::number(std::string_view file, const Row& row, std::string_view text) {
  const auto value = number_of(text);
  if (value && *value <= 0x7fffffffU) return static_cast<std::uint32_t>(*value);
  fail(file, row.line, "a number is missing");
  return 0;
}

std::uint32_t MapReader::treatment(std::string_view file, const Row& row, std::string_view text) {
  return number(file, row, text.starts_with('t') ? text.substr(1) : std::string_view{});
}

void MapReader::hosts(std::string_view file, std::vector<HostLine>& lines) {
  for (const Row& row : rows(file)) {
    if (!is_host(row.key)) fail(file, row.line, "no name of a host");
    lines.push_back({std::string(row.key), number(file, row, row.value)});
  }
}

void MapReader::host_regexes() {
  for (const Row& row : rows(host_regex_map)) {
    HostRegex out;
    out.entry = number(host_regex_map, row, row.value);
    if (const auto key = read_regex_key(row.key, false)) {
      out.pattern = {HostPattern::Kind::regex, key->text};
    } else if (const auto text = read_one_label_regex(row.key, out_.host_form)) {
      out.pattern = {HostPattern::Kind::one_label, *text};
    } else {
      fail(host_regex_map, row.line, "neither a regular expression nor a wildcard");
    }
    out_.host_regexes.push_back(std::move(out));
  }
}

void MapReader::paths(std::string_view file, std::vector<PathLine>& lines, bool fold) {
  for (const Row& row : rows(file)) {
    const std::size_t colon = std::min(row.key.find(':'), row.key.size());
    const auto text = percent_decoded(row.key.substr(std::min(colon + 1, row.key.size())));
    if (!text) return fail(file, row.line, "a path that is not encoded");
    PathLine out{number(file, row, row.key.substr(0, colon)), fold ? lower_case(*text) : *text, 0};
    out.value = out_.ranked ? number(file, row, row.value) : treatment(file, row, row.value);
    lines.push_back(std::move(out));
  }
}

void MapReader::regexes() {
  // By the number of the entry, as they are printed.
  std::map<std::uint32_t, std::string> names;
  for (const auto& [name, text] : files_) {
    if (!name.starts_with("maps/regex-") || !name.ends_with(".map")) continue;
    const auto entry = number_of(std::string_view(name).substr(11, name.size() - 15));
    if (!entry || *entry > 0x7fffffffU) return fail(name, 0, "no list of an entry");
    names.emplace(static_cast<std::uint32_t>(*entry), name);
  }
  for (const auto& [entry, name] : names) {
    RegexList list{entry, {}};
    for (const Row& row : rows(name)) {
      const auto key = read_regex_key(row.key, true);
      if (!key) return fail(name, row.line, "no regular expression");
      list.lines.push_back({key->text, key->fold, number(name, row, row.value)});
    }
    out_.regexes.push_back(std::move(list));
  }
}

void MapReader::numbered(std::string_view file, std::vector<std::uint32_t>& list) {
  for (const Row& row : rows(file)) list.push_back(treatment(file, row, row.value));
}

void MapReader::ranges() {
  for (std::size_t i = 0; files_.contains(ranges_list(i)); ++i) {
    const std::string file = ranges_list(i);
    ir::l7::Ranges out;
    std::vector<net::Prefix> prefixes;
    for (const Row& row : rows(file)) {
      if (row.line == 1 && row.key == "#") {
        out.name = row.value;
        continue;
      }
      const auto prefix = net::Prefix::parse(row.key);
      if (!prefix) return fail(file, row.line, "no prefix");
      prefixes.push_back(*prefix);
    }
    out.sources = net::PrefixSet(std::move(prefixes));
    out_.ranges.push_back(std::move(out));
  }
}

void MapReader::tls_names() {
  for (const Row& row : rows(tls_names_map)) out_.tls_names.emplace_back(row.key);
}

void MapReader::certificates() {
  std::map<std::string, std::uint32_t, std::less<>> known;
  for (const Row& row : rows(crt_list)) {
    if (!row.key.ends_with(".pem")) return fail(crt_list, row.line, "no certificate");
    std::string secret(row.key.substr(0, row.key.size() - 4));
    if (secret == "default") {
      secret.clear();
    } else if (const std::size_t bar = secret.find('_'); bar != std::string::npos) {
      secret[bar] = '/';
    }
    const auto [at, fresh] = known.try_emplace(secret, static_cast<std::uint32_t>(out_.certificates.size()));
    if (fresh) out_.certificates.push_back(secret);
    if (row.line == 1) continue;  // the default
    const bool wild = row.value.starts_with("*.");
    const std::string_view text = wild ? row.value.substr(2) : row.value;
    if (!is_host(text)) fail(crt_list, row.line, "no name of a host");
    out_.tls.push_back(
        {{wild ? HostPattern::Kind::one_label : HostPattern::Kind::exact, std::string(text)}, at->second});
  }
}

std::optional<ReadError> MapReader::read() {
  hosts(hosts_map, out_.hosts);
  hosts(many_labels_map, out_.many_labels);
  hosts(one_label_map, out_.one_label);
  host_regexes();
  paths(exact_map, out_.exact, false);
  paths(prefix_map, out_.prefix, false);
  paths(fold_exact_map, out_.fold_exact, true);
  paths(fold_prefix_map, out_.fold_prefix, true);
  regexes();
  numbered(slots_map, out_.slots);
  numbered(otherwise_map, out_.otherwise);
  ranges();
  tls_names();
  certificates();
  return error_;
}

// ---- numbers

namespace {

class NumberCheck {
 public:
  explicit NumberCheck(const Configuration& configuration) : c_(configuration), used_(c_.slots.size()) {}

  std::optional<ReadError> run() {
    for (const auto* lines : {&c_.hosts, &c_.many_labels, &c_.one_label})
      for (const HostLine& line : *lines) entry(line.entry);
    for (const HostRegex& line : c_.host_regexes) entry(line.entry);
    if (c_.any) entry(*c_.any);
    for (const auto* lines : {&c_.exact, &c_.prefix, &c_.fold_exact, &c_.fold_prefix}) paths(*lines);
    for (const auto* lines : {&c_.prefix, &c_.fold_prefix}) prefixes(*lines);
    for (const RegexList& list : c_.regexes) regexes(list);
    for (const auto* list : {&c_.slots, &c_.otherwise})
      for (const std::uint32_t one : *list) treatment(one);
    if (std::ranges::find(used_, false) != used_.end()) fail("a slot that nothing leads to");
    for (const Treatment& one : c_.treatments) ranges(one);
    treatment(c_.unmatched);
    if (c_.without_host) treatment(*c_.without_host);
    return error_;
  }

 private:
  void fail(std::string_view message) {
    if (!error_) error_ = ReadError{"maps", 0, std::string(message)};
  }
  void entry(std::uint32_t number) {
    if (number >= c_.otherwise.size()) fail("a host entry that is not there");
  }
  void treatment(std::uint32_t number) {
    if (number >= c_.treatments.size()) fail("a treatment that is not there");
  }
  void slot(std::uint32_t number) {
    if (number >= used_.size() || used_[number]) return fail("a slot that is not there, or twice");
    used_[number] = true;
  }
  void ranges(const std::vector<ir::l7::Condition>& when) {
    for (const ir::l7::Condition& condition : when)
      if (condition.kind == ir::l7::Condition::Kind::source_in && condition.number >= c_.ranges.size())
        fail("a list of sources that is not there");
  }
  void ranges(const Treatment& one) {
    for (const Part& part : one.parts) {
      ranges(part.when);
      for (const Choice& choice : part.choices)
        for (const Rule& rule : choice.section.rules) ranges(rule.when);
    }
  }
  void paths(const std::vector<PathLine>& lines) {
    for (const PathLine& line : lines) {
      entry(line.entry);
      c_.ranked ? slot(line.value) : treatment(line.value);
    }
  }
  // The longest prefix stands for all that match, so it has to have the smallest slot. Lines are in the order of their
  // texts: the prefixes of a text are on the stack.
  void prefixes(const std::vector<PathLine>& lines) {
    std::vector<const PathLine*> open;
    for (const PathLine& line : lines) {
      while (!open.empty() && (open.back()->entry != line.entry || !line.text.starts_with(open.back()->text)))
        open.pop_back();
      if (c_.ranked && !open.empty() && open.back()->value < line.value) fail("a longer prefix behind a shorter one");
      open.push_back(&line);
    }
  }
  void regexes(const RegexList& list) {
    entry(list.entry);
    if (list.lines.empty()) fail("a list without regular expressions");
    for (std::size_t i = 0; i < list.lines.size(); ++i) {
      slot(list.lines[i].slot);
      if (i > 0 && list.lines[i].slot < list.lines[i - 1].slot) fail("regular expressions out of order");
    }
  }

  const Configuration& c_;
  std::vector<bool> used_;
  std::optional<ReadError> error_;
};

bool in_order(const std::vector<PathLine>& lines) {
  return std::ranges::is_sorted(lines, std::less_equal<>{},
                                [](const PathLine& line) { return std::tie(line.entry, line.text); });
}
bool in_order(const std::vector<HostLine>& lines) {
  return std::ranges::is_sorted(lines, std::less_equal<>{}, &HostLine::text);
}

}  // namespace

std::optional<ReadError> check_numbers(const Configuration& c) {
  for (const auto* lines : {&c.exact, &c.prefix, &c.fold_exact, &c.fold_prefix})
    if (!in_order(*lines)) return ReadError{"maps", 0, "paths out of order, or twice"};
  for (const auto* lines : {&c.hosts, &c.many_labels, &c.one_label})
    if (!in_order(*lines)) return ReadError{"maps", 0, "hosts out of order, or twice"};
  return NumberCheck(c).run();
}

}  // namespace portcullis::haproxy

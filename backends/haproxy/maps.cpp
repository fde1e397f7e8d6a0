#include "backends/haproxy/maps.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "backends/haproxy/frontend.hpp"
#include "backends/haproxy/sections.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::HostForm;
using ir::l7::HostPattern;

std::string host_lines(const std::vector<HostLine>& lines) {
  std::string out;
  for (const HostLine& line : lines) out += fmt::format("{} {}\n", line.text, line.entry);
  return out;
}

std::string host_regex_lines(const Configuration& c) {
  std::string out;
  for (const HostRegex& line : c.host_regexes) {
    const bool regex = line.pattern.kind == HostPattern::Kind::regex;
    out += fmt::format(
        "{} {}\n", regex ? regex_key(line.pattern.text, true, false) : one_label_regex(line.pattern.text, c.host_form),
        line.entry);
  }
  return out;
}

std::string path_lines(const std::vector<PathLine>& lines, bool ranked, bool fold) {
  std::string out;
  for (const PathLine& line : lines) {
    const std::string key = percent_encoded(line.text);
    out += fmt::format("{}:{} {}{}\n", line.entry, fold ? lower_case(key) : key, ranked ? "" : "t", line.value);
  }
  return out;
}

std::string numbered(const std::vector<std::uint32_t>& treatments) {
  std::string out;
  for (std::size_t i = 0; i < treatments.size(); ++i) out += fmt::format("{} t{}\n", i, treatments[i]);
  return out;
}

void print_parts(const Configuration& c, Files& files) {
  const std::vector<Selector> all = selectors(c);
  std::string parts, weights, shares;
  for (std::size_t t = 0; t < c.treatments.size(); ++t) {
    const Treatment& treatment = c.treatments[t];
    if (treatment.parts.size() > 1) {
      const auto at = std::ranges::find(all, selector_of(treatment)) - all.begin();
      parts += fmt::format("t{} p{}\n", t, at);
    }
    for (std::size_t p = 0; p < treatment.parts.size(); ++p) {
      const std::vector<Choice>& choices = treatment.parts[p].choices;
      if (choices.size() < 2) continue;
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < choices.size(); ++i) {
        below += choices[i].weight;
        shares += fmt::format("{} {}\n", section_name(treatment, t, p, i), below);
      }
      weights += fmt::format("{} {}\n", part_name(treatment, t, p), below);
    }
  }
  if (!all.empty()) files[std::string(parts_map)] = parts;
  if (most_choices(c) < 2) return;
  files[std::string(weights_map)] = weights;
  files[std::string(shares_map)] = shares;
}

std::string certificate_lines(const Configuration& c) {
  // The first line is the default certificate; a name that no line has gets it.
  std::string out = fmt::format("{} !*\n", certificate_file(c.certificates.empty() ? "" : c.certificates[0]));
  for (const TlsLine& line : c.tls) {
    const bool wild = line.name.kind == HostPattern::Kind::one_label;
    out +=
        fmt::format("{} {}{}\n", certificate_file(c.certificates[line.certificate]), wild ? "*." : "", line.name.text);
  }
  return out;
}

}  // namespace

std::string regex_map(std::uint32_t entry) {
  return fmt::format("maps/regex-{}.map", entry);
}

std::string ranges_list(std::size_t number) {
  return fmt::format("ranges/r{}.lst", number);
}

std::string certificate_file(std::string_view secret) {
  if (secret.empty()) return "default.pem";
  std::string out(secret);
  std::ranges::replace(out, '/', '_');
  return out + ".pem";
}

std::vector<std::size_t> label_counts(const Configuration& configuration) {
  std::set<std::size_t, std::greater<>> counts;
  for (const HostLine& line : configuration.many_labels) {
    counts.insert(static_cast<std::size_t>(std::ranges::count(line.text, '.')) + 1);
  }
  return {counts.begin(), counts.end()};
}

Selector selector_of(const Treatment& treatment) {
  Selector out;
  for (std::size_t p = 0; p + 1 < treatment.parts.size(); ++p) out.push_back(treatment.parts[p].when);
  return out;
}

std::vector<Selector> selectors(const Configuration& configuration) {
  std::vector<Selector> out;
  for (const Treatment& treatment : configuration.treatments) {
    if (treatment.parts.size() < 2) continue;
    Selector one = selector_of(treatment);
    if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
  }
  return out;
}

std::size_t most_choices(const Configuration& configuration) {
  std::size_t most = 1;
  for (const Treatment& treatment : configuration.treatments)
    for (const Part& part : treatment.parts) most = std::max(most, part.choices.size());
  return most;
}

void print_maps(const Configuration& c, Files& files) {
  const auto add = [&files](std::string_view name, std::string text) { files[std::string(name)] = std::move(text); };
  add(hosts_map, host_lines(c.hosts));
  if (!c.many_labels.empty()) add(many_labels_map, host_lines(c.many_labels));
  if (!c.one_label.empty()) add(one_label_map, host_lines(c.one_label));
  if (!c.host_regexes.empty()) add(host_regex_map, host_regex_lines(c));
  add(exact_map, path_lines(c.exact, c.ranked, false));
  add(prefix_map, path_lines(c.prefix, c.ranked, false));
  if (c.ranked) {
    add(fold_exact_map, path_lines(c.fold_exact, true, true));
    add(fold_prefix_map, path_lines(c.fold_prefix, true, true));
    add(slots_map, numbered(c.slots));
    for (const RegexList& list : c.regexes) {
      std::string& text = files[regex_map(list.entry)];
      for (const RegexLine& line : list.lines)
        text += fmt::format("{} {}\n", regex_key(line.text, line.fold, true), line.slot);
    }
  }
  add(otherwise_map, numbered(c.otherwise));
  print_parts(c, files);
  for (std::size_t i = 0; i < c.ranges.size(); ++i) {
    std::string& text = files[ranges_list(i)];
    text = fmt::format("# {}\n", c.ranges[i].name);
    for (const net::Prefix& prefix : c.ranges[i].sources.prefixes()) text += prefix.text() + "\n";
  }
  if (!c.tls_names.empty()) {
    std::string& text = files[std::string(tls_names_map)];
    for (const std::string& name : c.tls_names) text += name + " tls\n";
  }
  if (c.https != 0) add(crt_list, certificate_lines(c));
}

}  // namespace portcullis::haproxy

#include "backends/haproxy/lower_hosts.hpp"

#include <algorithm>
#include <set>

namespace portcullis::haproxy {

namespace {

using ir::l7::HostPattern;

void sort(std::vector<HostLine>& lines) {
  std::ranges::sort(lines, {}, &HostLine::text);
}

}  // namespace

std::vector<std::uint32_t> lower_hosts(const ir::l7::Router& router, Configuration& out) {
  std::vector<std::uint32_t> entries;
  std::set<HostPattern> known;  // the first of equal names counts
  for (std::uint32_t entry = 0; entry < router.hosts.size(); ++entry) {
    bool named = false;
    for (const HostPattern& pattern : router.hosts[entry].names) {
      if (!known.insert(pattern).second) continue;
      if (pattern.kind == HostPattern::Kind::any && out.any) continue;
      const auto number = static_cast<std::uint32_t>(entries.size());
      named = true;
      switch (pattern.kind) {
        case HostPattern::Kind::exact:
          out.hosts.push_back({pattern.text, number});
          break;
        case HostPattern::Kind::many_labels:
          out.many_labels.push_back({pattern.text, number});
          break;
        case HostPattern::Kind::one_label:
          if (out.host_regexes.empty()) {
            out.one_label.push_back({pattern.text, number});
            break;
          }
          [[fallthrough]];
        case HostPattern::Kind::regex:
          out.host_regexes.push_back({pattern, number});
          break;
        case HostPattern::Kind::any:
          out.any = number;
          break;
      }
    }
    if (named) entries.push_back(entry);
  }
  sort(out.hosts);
  sort(out.many_labels);
  sort(out.one_label);
  return entries;
}

}  // namespace portcullis::haproxy

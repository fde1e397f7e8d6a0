#include "backends/ebpf/companion.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace portcullis::ebpf {

namespace {

bool guards(const Tables& tables, Guard::Kind kind, net::Family family) {
  return std::ranges::find(tables.guards, Guard{kind, family}) != tables.guards.end();
}

std::string invalid_rules(const Tables& tables) {
  std::string out;
  for (const net::Family family : net::all_families) {
    if (guards(tables, Guard::Kind::invalid, family))
      out += fmt::format("    meta nfproto {} ct state invalid drop\n", family == net::Family::ipv4 ? "ipv4" : "ipv6");
  }
  return out;
}

std::string martian_rules(const Tables& tables) {
  std::string out;
  for (const net::Family family : net::all_families) {
    if (!guards(tables, Guard::Kind::martian, family)) continue;
    const bool v4 = family == net::Family::ipv4;
    const std::string_view ip = v4 ? "ip" : "ip6", loopback = v4 ? "127.0.0.0/8" : "::1";
    out += fmt::format("    {0} daddr {1} {0} saddr != {1} ct state invalid drop\n", ip, loopback);
    out += fmt::format("    {0} daddr {1} {0} saddr != {1} ct state new ct status ! dnat drop\n", ip, loopback);
  }
  return out;
}

std::string chain(std::string_view name, std::string_view hook, std::string_view rules) {
  return fmt::format("  chain {} {{\n    {}; policy accept;\n{}  }}\n", name, hook, rules);
}

}  // namespace

std::string companion(const Tables& tables) {
  std::string out = fmt::format(
      "# What netfilter does beside the program: it translates as conntrack's entries say. The chains of type nat "
      "have\n"
      "# no rule, but their hooks are there; the rule on conntrack's state switches tracking on.\n"
      "table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n  comment \"portcullis ebpf 1\"\n",
      companion_table);
  out += chain("prerouting", "type nat hook prerouting priority dstnat", "");
  out += chain("postrouting", "type nat hook postrouting priority srcnat", "");
  out += chain("tracked", "type filter hook prerouting priority mangle", "    ct state established accept\n");
  if (const std::string rules = invalid_rules(tables); !rules.empty())
    out += chain("forward", "type filter hook forward priority filter", rules);
  if (const std::string rules = martian_rules(tables); !rules.empty()) {
    out += chain("input", "type filter hook input priority filter", rules);
    out += chain("output", "type filter hook output priority filter", rules);
  }
  out += "}\n";
  return out;
}

}  // namespace portcullis::ebpf

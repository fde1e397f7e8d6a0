#include "backends/iptables/limits.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::iptables {

namespace {

// Sources that a list keeps unless the module is told otherwise (xt_recent.c: ip_list_tot).
constexpr int recent_default = 100;

bool has_affinity(const ir::Program& program) {
  return std::ranges::any_of(program.routes, [](const ir::Route& r) {
    return std::ranges::any_of(r.outcomes, [](const ir::GuardedOutcome& g) {
      const auto* b = std::get_if<ir::Balance>(&g.outcome);
      return b != nullptr && b->affinity_seconds.has_value();
    });
  });
}

bool has_sctp(const ir::Program& program) {
  return std::ranges::any_of(program.routes, [](const ir::Route& r) { return r.key.protocol == net::Protocol::sctp; });
}

bool has_chance(const ir::Program& program) {
  return std::ranges::any_of(program.pools, [](const ir::Pool& p) { return p.entries.size() > 1; });
}

}  // namespace

void report_limits(const ir::Program& program, base::Diagnostics& diagnostics) {
  if (has_affinity(program)) {
    auto& d = diagnostics.add(
        "PC5003",
        fmt::format(
            "iptables ({}) remembers {} clients of each endpoint with session affinity; beyond it the oldest are "
            "forgotten",
            to_string(program.family), recent_default),
        {});
    d.severity = base::Severity::info;  // the bound, not an excess
    d.hint = "load the module with a larger list, for example `options xt_recent ip_list_tot=10000` in modprobe.d";
  }
  if (has_sctp(program)) {
    diagnostics
        .add("PC5001",
             fmt::format("an {} Service port uses SCTP: the node's kernel must have xt_sctp and conntrack for it",
                         to_string(program.family)),
             {})
        .severity = base::Severity::warning;
  }
  const auto* interface = std::get_if<ir::InterfaceDetector>(&program.detector);
  if (interface != nullptr && !interface->is_prefix && interface->name.ends_with('+')) {
    auto& d = diagnostics.add("PC5002",
                              fmt::format("iptables reads the interface name `{}` as a prefix", interface->name), {});
    d.field = "spec.detectLocal.interface";
  }
}

std::vector<std::string> header(const ir::Program& program) {
  const bool v4 = program.family == net::Family::ipv4;
  std::vector<std::string> lines{fmt::format("portcullis: node {}, {}, dialect {}", base::printable(program.node),
                                             to_string(program.family), cluster::to_string(program.dialect))};
  const auto require = [&](std::string what) { lines.push_back("requires " + std::move(what)); };
  require("iptables 1.6.2");  // MASQUERADE --random-fully
  require(v4 ? "sysctl net.ipv4.ip_forward=1" : "sysctl net.ipv6.conf.all.forwarding=1");
  if (program.route_localnet) require("sysctl net.ipv4.conf.all.route_localnet=1");
  if (program.tcp_be_liberal) require("sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1");
  for (const char* module : {"xt_addrtype", "xt_comment", "xt_conntrack", "xt_mark"}) {
    require(fmt::format("module {}", module));
  }
  require("module xt_MASQUERADE");
  require("module xt_nat");
  require(v4 ? "module ipt_REJECT" : "module ip6t_REJECT");
  if (has_chance(program)) require("module xt_statistic");
  if (has_sctp(program)) require("module xt_sctp");
  if (has_affinity(program)) {
    require("module xt_recent");
    lines.push_back(
        fmt::format("affinity remembers ip_list_tot={} sources an endpoint (parameter of xt_recent)", recent_default));
  }
  return lines;
}

}  // namespace portcullis::iptables

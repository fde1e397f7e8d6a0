#include "backends/nftables/limits.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace portcullis::nftables {

namespace {

constexpr std::array rows{
    Limit{
        "dialect iptables: accept past a foreign DROP", Support::noted, "PC5002",
        "an accept in one table does not undo a drop in another; with a foreign FORWARD policy of DROP it is refused"},
    Limit{"session affinity", Support::bounded, "PC5003", "1,048,576 pairs of source and endpoint a node and family"},
    Limit{"SCTP", Support::noted, "PC5001", "the node's kernel may come without it"},
    Limit{"weights, pools, labels, shapes of routes", Support::bounded, "PC5003",
          "65,536 slots a pool; 524,288 pools; 8,388,607 endpoints with affinity; 256 shapes"},
    Limit{"routes over two pools, or one pool with two affinity time-outs", Support::refused, "PC5002",
          "the scratch value holds one group"},
    Limit{"an endpoint that is local for one Service port only", Support::refused, "PC5002",
          "hairpins are known by the endpoint in postrouting"},
    Limit{"dialect iptables: an endpoint that is a frontend itself, for some senders only", Support::refused, "PC5002",
          "such a hairpin is known by its addresses in postrouting, where the sender's interface is not"},
    Limit{"interface names with quotes, blanks or wildcards", Support::refused, "PC5002",
          "nft's text has no escape for them"},
};

bool balances_with_affinity(const ir::Program& program) {
  return std::ranges::any_of(program.routes, [](const ir::Route& r) {
    return std::ranges::any_of(r.outcomes, [](const ir::GuardedOutcome& g) {
      const auto* balance = std::get_if<ir::Balance>(&g.outcome);
      return balance != nullptr && balance->affinity_seconds;
    });
  });
}

}  // namespace

std::span<const Limit> limits() {
  return rows;
}

void check_limits(const ir::Program& program, base::Diagnostics& diagnostics) {
  const auto accepts = [](const ir::Check& c) {
    return c.verdict == ir::Verdict::accept && c.hooks.forward && !c.foreign;
  };
  if (std::ranges::any_of(program.checks, accepts)) {
    const bool dropped = std::ranges::any_of(program.checks, &ir::Check::foreign);
    base::Diagnostic& d =
        diagnostics.add("PC5002",
                        fmt::format("{}: dialect iptables accepts forwarded packets of Services, which nftables cannot "
                                    "do past a foreign chain{}",
                                    net::to_string(program.family), dropped ? " with the policy DROP" : ""),
                        {});
    d.field = "spec.forwardPolicy";
    d.hint =
        "let the foreign chain accept packets with the masquerade mark and of known flows, or use the iptables backend";
    if (!dropped) d.severity = base::Severity::info;
  }
  if (balances_with_affinity(program)) {
    diagnostics
        .add("PC5003",
             fmt::format("{}: session affinity remembers up to {} pairs of source and endpoint on a node",
                         net::to_string(program.family), memory_capacity),
             {})
        .severity = base::Severity::info;  // the bound, not an excess
  }
  const auto sctp =
      std::ranges::find(program.routes, net::Protocol::sctp, [](const ir::Route& r) { return r.key.protocol; });
  if (sctp != program.routes.end()) {
    diagnostics
        .add("PC5001", fmt::format("`{}` needs SCTP in the node's kernel (nf_conntrack, nft_nat)", sctp->owner),
             sctp->origin.span)
        .severity = base::Severity::warning;
  }
}

}  // namespace portcullis::nftables

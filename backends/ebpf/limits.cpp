#include "backends/ebpf/limits.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <fmt/format.h>

namespace portcullis::ebpf {

namespace {

constexpr std::array rows{
    Limit{
        "D1", "processes of the node", Support::differs, "PC5002",
        "their sockets are translated, not their packets: the kernel picks the source after translation, a refusal is "
        "an error of connect or sendmsg, raw sockets and other network namespaces see no Service"},
    Limit{"D2", "interfaces", Support::differs, "PC5002", "only those with the program; `portcullis attach` adds one"},
    Limit{"D3", "masquerading", Support::differs, "PC5002",
          "keeps the source port where it is free, the netfilter backends take a random one"},
    Limit{"D4", "session affinity", Support::differs, "PC5002",
          "one memory a source and Service port; where sources are served from all endpoints and from this node's in "
          "turn, the netfilter backends have one an endpoint"},
    Limit{"", "session affinity", Support::bounded, "PC5003",
          "65,536 sources a node; the one least recently seen goes"},
    Limit{"D5", "SCTP", Support::refused, "PC5001", "the kernel's helpers make conntrack entries of TCP and UDP only"},
    Limit{
        "D6", "refusals", Support::differs, "PC5002",
        "come before every netfilter rule; packets with IPv4 options or IPv6 extension headers are dropped instead of "
        "rejected"},
    Limit{"D7", "foreign rules", Support::differs, "PC5002",
          "those that change addresses in raw or mangle come too late; drops on a frontend's address still work"},
    Limit{"", "dialect iptables: accept past a foreign DROP", Support::differs, "PC5002",
          "nothing of ours undoes a drop of somebody else; with a foreign FORWARD policy of DROP it is refused"},
    Limit{"", "weights", Support::bounded, "PC5003", "4,096 slots a pool"},
    Limit{"", "three sets of endpoints or two sets of sources for one destination", Support::refused, "PC5002",
          "a frontend has three pools and one set"},
    Limit{"", "prefixes that hold the IPv4-mapped addresses of IPv6", Support::refused, "PC5002",
          "the tables hold IPv4 addresses in that form"},
};

class Check {
 public:
  Check(const ir::Program& program, base::Diagnostics& diagnostics) : program_(program), diagnostics_(diagnostics) {}

  void run() {
    refuse_sctp();
    foreign_drop();
    if (program_.routes.empty() && program_.checks.empty()) return;
    differs("D1", {});
    differs("D2", {});
    if (masquerades()) differs("D3", {});
    affinity();
    if (refuses()) differs("D6", {});
    differs("D7", {});
  }

 private:
  void differs(std::string_view name, const ir::Origin* origin, const std::string& whose = {}) {
    const auto row = std::ranges::find(rows, name, &Limit::name);
    base::Diagnostic& d = diagnostics_.add(
        row->code,
        fmt::format("eBPF {}: {}{}: {}", name, row->feature, whose.empty() ? "" : " of `" + whose + "`", row->why),
        origin != nullptr ? origin->span : base::SourceSpan{});
    d.severity = base::Severity::info;
    if (origin != nullptr) d.field = origin->field;
  }

  void refuse_sctp() {
    const auto refuse = [&](const ir::RouteKey& key, const std::string& owner, const ir::Origin& origin) {
      if (key.protocol != net::Protocol::sctp || !told_.insert(owner).second) return;
      base::Diagnostic& d = diagnostics_.add(
          "PC5001",
          fmt::format("eBPF D5: `{}` is SCTP: the kernel's helpers make conntrack entries of TCP and UDP only", owner),
          origin.span);
      d.field = origin.field;
      d.hint = "use the nftables or the iptables backend";
    };
    for (const ir::Route& r : program_.routes) refuse(r.key, r.owner, r.origin);
  }

  void foreign_drop() {
    const auto accepts = [](const ir::Check& c) {
      return c.verdict == ir::Verdict::accept && c.hooks.forward && !c.foreign;
    };
    if (std::ranges::none_of(program_.checks, accepts)) return;
    const bool dropped = std::ranges::any_of(program_.checks, &ir::Check::foreign);
    base::Diagnostic& d = diagnostics_.add(
        "PC5002",
        fmt::format("{}: dialect iptables accepts forwarded packets of Services, which eBPF cannot do past a foreign "
                    "chain{}",
                    net::to_string(program_.family), dropped ? " with the policy DROP" : ""),
        {});
    d.field = "spec.forwardPolicy";
    d.hint =
        "let the foreign chain accept packets of known flows and with conntrack status DNAT, or use the iptables "
        "backend";
    if (!dropped) d.severity = base::Severity::info;
  }

  [[nodiscard]] bool masquerades() const {
    return std::ranges::any_of(program_.routes, [](const ir::Route& r) {
      return std::ranges::any_of(r.outcomes, [](const ir::GuardedOutcome& g) {
        const auto* balance = std::get_if<ir::Balance>(&g.outcome);
        return balance != nullptr && balance->masquerade != ir::Masquerade::never;
      });
    });
  }

  [[nodiscard]] bool refuses() const {
    return !program_.pre.empty() || std::ranges::any_of(program_.checks, [](const ir::Check& c) {
      return c.verdict != ir::Verdict::accept && !c.foreign;
    });
  }

  void affinity() {
    bool any = false;
    for (const ir::Route& r : program_.routes) {
      bool all = false, local = false;
      for (const ir::GuardedOutcome& g : r.outcomes) {
        const auto* balance = std::get_if<ir::Balance>(&g.outcome);
        if (balance == nullptr || !balance->affinity_seconds) continue;
        (balance->local_set ? local : all) = true;
      }
      any = any || all || local;
      if (local && told_.insert(r.owner).second) differs("D4", &r.origin, r.owner);
    }
    if (!any) return;
    diagnostics_
        .add("PC5003", fmt::format("eBPF: session affinity remembers up to {} sources on a node", memory_capacity), {})
        .severity = base::Severity::info;  // the bound, not an excess
  }

  const ir::Program& program_;
  base::Diagnostics& diagnostics_;
  std::set<std::string> told_;
};

}  // namespace

std::span<const Limit> limits() {
  return rows;
}

void check_limits(const ir::Program& program, base::Diagnostics& diagnostics) {
  Check(program, diagnostics).run();
}

}  // namespace portcullis::ebpf

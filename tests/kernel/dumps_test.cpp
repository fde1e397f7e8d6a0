// The rulesets of a real kube-proxy do what the reference says kube-proxy does: this holds the harness and the expected
// fates against each other, without anything of ours in between.
#include "tests/kernel/dumps.hpp"

#include <algorithm>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/cases/cases.hpp"
#include "tests/kernel/judge.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/tally.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;

// kube-proxy lets 127.0.0.1 out of the node in mode iptables only.
kernel::NodeSetup setup(const cases::Environment& environment, Dialect dialect) {
  return {.addresses = environment.addresses,
          .pod_interface = environment.pod_interface,
          .route_localnet = dialect == Dialect::iptables && environment.localhost_node_ports,
          .tcp_be_liberal = environment.conntrack_tcp_be_liberal};
}

// The disagreements, one line each.
std::vector<std::string> run_case(const kernel::DumpBackend& backend, const kernel::Rulesets& rules,
                                  const cases::Case& item, kernel::Tally& tally) {
  kernel::Namespace node(setup(item.environment, backend.dialect));
  node.load(rules);
  std::vector<std::string> lines;
  for (const auto& row : item.rows) {
    const auto& expected = row.expect(backend.dialect);
    if (!expected) {
      tally.skipped(backend.name, "no expectation for this dialect");
      continue;
    }
    const auto disagreement = kernel::check(node, row.packet, *expected, row.sticky);
    tally.ran(backend.name, backend.dialect, row.packet.family(), !disagreement);
    if (disagreement) lines.push_back(fmt::format("case {}, line {}: {}", item.id, row.line, *disagreement));
  }
  return lines;
}

}  // namespace

TEST_CASE("kube-proxy's own rulesets give packets the expected fates") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const auto file = cases::read((kernel::reference() / "service-cases.yaml").string());
  kernel::Tally tally;
  for (const auto& backend : kernel::dump_backends()) {
    if (const auto why = backend.why_not(); !why.empty()) {
      tally.skipped(backend.name, why);
      continue;
    }
    for (const auto& dump : kernel::dumps()) {
      if (dump.case_id.empty()) continue;
      const auto* item = file.find(dump.case_id);
      INFO("dump " << dump.name << " names case " << dump.case_id);
      REQUIRE(item != nullptr);
      for (const auto& line : run_case(backend, backend.rules(dump), *item, tally))
        FAIL_CHECK(backend.name << " of dump " << dump.name << ", " << line);
    }
  }
  tally.print("kube-proxy's rulesets, by backend:");
}

TEST_CASE("every dump of kube-proxy loads") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  for (const auto& backend : kernel::dump_backends()) {
    if (const auto why = backend.why_not(); !why.empty()) {
      fmt::print("{} is left out: {}\n", backend.name, why);
      continue;
    }
    for (const auto& dump : kernel::dumps()) {
      INFO(backend.name << " of dump " << dump.name);
      kernel::Namespace node(kernel::NodeSetup{});
      CHECK_NOTHROW(node.load(backend.rules(dump)));
    }
  }
}

// A harness that sees no difference would agree with everything.
TEST_CASE("a broken rule of kube-proxy's is noticed") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  struct Break {
    const char *dump, *backend, *pattern, *instead;
  };
  const Break breaks[] = {
      {"udp-and-tcp-port", "nftables", R"(10\.40\.1\.53 \. 5353)", "10.40.1.53 . 5354"},
      {"udp-and-tcp-port", "nftables", R"(ip daddr @cluster-ips reject)", "ip daddr @cluster-ips drop"},
      {"udp-and-tcp-port", "iptables-nft", R"(DNAT --to-destination 10\.40\.1\.53:5353)", "RETURN"},
      {"etp-local-short-circuit", "nftables", R"(fib saddr type local meta mark set)",
       "fib saddr type unicast meta mark set"},
      {"etp-local-no-local-endpoint", "nftables", ": drop", ": goto reject-chain"},
      {"etp-local-no-local-endpoint", "iptables-legacy", "-j DROP\n", "-j REJECT\n"},
      {"no-local-detector", "iptables-nft", R"(--probability \S+)", "--probability 0"},
      {"source-ranges-node-ip", "nftables", R"(192\.168\.50\.0/24)", "192.168.0.0/16"},
      {"dual-stack-nodeport", "nftables", R"(meta mark set meta mark \| 0x00004000 comment "masquerade")", "counter"},
      {"affinity-etp-local", "nftables", R"(ip saddr @affinity-\S+ goto)", "ip saddr 192.0.2.99 goto"},
      {"affinity-etp-local", "iptables-legacy", R"(--rcheck)", "! --rcheck"},
  };
  const auto file = cases::read((kernel::reference() / "service-cases.yaml").string());
  const auto all = kernel::dumps();
  const auto& backends = kernel::dump_backends();
  for (const auto& broken : breaks) {
    const auto dump =
        std::find_if(all.begin(), all.end(), [&](const kernel::Dump& item) { return item.name == broken.dump; });
    const auto backend = std::find_if(backends.begin(), backends.end(),
                                      [&](const kernel::DumpBackend& item) { return item.name == broken.backend; });
    INFO(broken.backend << " of dump " << broken.dump << " with " << broken.instead << " for " << broken.pattern);
    REQUIRE(dump != all.end());
    REQUIRE(backend != backends.end());
    if (!backend->why_not().empty()) continue;
    auto rules = backend->rules(*dump);
    bool found = false;
    for (auto* texts : {&rules.nft, &rules.iptables, &rules.ip6tables}) {
      for (auto& text : *texts) {
        const auto changed = std::regex_replace(text, std::regex(broken.pattern), broken.instead);
        found |= changed != text;
        text = changed;
      }
    }
    CHECK(found);
    kernel::Tally unused;
    CHECK_FALSE(run_case(*backend, rules, *file.find(dump->case_id), unused).empty());
  }
}

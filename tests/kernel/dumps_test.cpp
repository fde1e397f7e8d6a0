// The rulesets of a real kube-proxy do what the reference says kube-proxy does: this holds the harness and the expected
// fates against each other, without anything of ours in between.
#include <algorithm>
#include <filesystem>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "tests/cases/cases.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/judge.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/tally.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;
using kernel::IptablesVariant;

const std::filesystem::path reference = std::filesystem::path(PORTCULLIS_SHARED) / "reference";

std::string text_of(const std::filesystem::path& path) {
  std::string text;
  const auto error = base::read_file(path.string(), text);
  if (error) throw kernel::Failure(path.string() + ": " + *error);
  return text;
}

struct Dump {
  std::string name;
  std::string case_id;  // empty: generated, no case of its own
  std::filesystem::path folder;
};

// The README of a dump names its case: `| case | case P3 of service-cases.yaml …`.
std::vector<Dump> dumps() {
  std::vector<Dump> result;
  for (const auto& entry : std::filesystem::directory_iterator(reference / "kube-proxy-dumps")) {
    if (!entry.is_directory()) continue;
    Dump dump{.name = entry.path().filename().string(), .case_id = {}, .folder = entry.path()};
    std::smatch match;
    const auto readme = text_of(entry.path() / "README.md");
    if (std::regex_search(readme, match, std::regex(R"(\| case \| case (\w+) of )"))) dump.case_id = match[1];
    result.push_back(dump);
  }
  std::sort(result.begin(), result.end(), [](const Dump& a, const Dump& b) { return a.name < b.name; });
  return result;
}

// Accounting objects exist only where kube-proxy made them; the match has no effect on a verdict.
std::string without_accounting(const std::string& text) {
  return std::regex_replace(text, std::regex(R"( -m nfacct --nfacct-name +\S+)"), "");
}

struct Backend {
  std::string name;
  Dialect dialect;
  kernel::Rulesets (*rules)(const Dump&);
};

kernel::Rulesets nftables_rules(const Dump& dump) {
  return {.nft = {text_of(dump.folder / "nftables.nft")}, .iptables = {}, .ip6tables = {}};
}

kernel::Rulesets iptables_rules(const Dump& dump, IptablesVariant variant) {
  return {.nft = {},
          .iptables = {without_accounting(text_of(dump.folder / "iptables.save"))},
          .ip6tables = {without_accounting(text_of(dump.folder / "ip6tables.save"))},
          .variant = variant};
}

const Backend backends[] = {
    {"nftables", Dialect::nftables, nftables_rules},
    {"iptables-nft", Dialect::iptables, [](const Dump& dump) { return iptables_rules(dump, IptablesVariant::nft); }},
    {"iptables-legacy", Dialect::iptables,
     [](const Dump& dump) { return iptables_rules(dump, IptablesVariant::legacy); }},
};

// kube-proxy lets 127.0.0.1 out of the node in mode iptables only.
kernel::NodeSetup setup(const cases::Environment& environment, Dialect dialect) {
  return {.addresses = environment.addresses,
          .pod_interface = environment.pod_interface,
          .route_localnet = dialect == Dialect::iptables && environment.localhost_node_ports,
          .tcp_be_liberal = environment.conntrack_tcp_be_liberal};
}

// The disagreements, one line each.
std::vector<std::string> run_case(const Backend& backend, const kernel::Rulesets& rules, const cases::Case& item,
                                  kernel::Tally& tally) {
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

std::string why_not(const Backend& backend) {
  if (backend.name == "iptables-nft") return kernel::why_not(IptablesVariant::nft);
  if (backend.name == "iptables-legacy") return kernel::why_not(IptablesVariant::legacy);
  return {};
}

}  // namespace

TEST_CASE("kube-proxy's own rulesets give packets the expected fates") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const auto file = cases::read((reference / "service-cases.yaml").string());
  kernel::Tally tally;
  for (const auto& backend : backends) {
    if (const auto why = why_not(backend); !why.empty()) {
      tally.skipped(backend.name, why);
      continue;
    }
    for (const auto& dump : dumps()) {
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
  for (const auto& backend : backends) {
    if (const auto why = why_not(backend); !why.empty()) {
      fmt::print("{} is left out: {}\n", backend.name, why);
      continue;
    }
    for (const auto& dump : dumps()) {
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
  const auto file = cases::read((reference / "service-cases.yaml").string());
  const auto all = dumps();
  for (const auto& broken : breaks) {
    const auto dump = std::find_if(all.begin(), all.end(), [&](const Dump& item) { return item.name == broken.dump; });
    const auto* backend = std::find_if(std::begin(backends), std::end(backends),
                                       [&](const Backend& item) { return item.name == broken.backend; });
    INFO(broken.backend << " of dump " << broken.dump << " with " << broken.instead << " for " << broken.pattern);
    REQUIRE(dump != all.end());
    if (!why_not(*backend).empty()) continue;
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

// Random clusters as rulesets of ours with real packets, held against the interpreter. By default a few dozen clusters
// with fixed seeds; for a longer hunt:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=10000 ctest -R 'kernel: random'
//
// A disagreement prints seed, dialect, backend and packet; the same seed makes the same cluster again.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <regex>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/fates.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/tally.hpp"

namespace {

using namespace portcullis;
using agreement::Coverage;
using cases::Dialect;

constexpr std::size_t packets_of_a_cluster = 120;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Variants that boundary packets leave out: what conntrack calls invalid, and an outsider's packet through the
// interface that pods come through. No first packet is of a known flow, so those states are not sent.
std::vector<net::Packet> with_variants(const std::vector<net::Packet>& packets, const std::string& pod_interface) {
  std::vector<net::Packet> result;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    result.push_back(packets[i]);
    auto variant = packets[i];
    if (i % 11 == 0) {
      variant.ct_state = net::ConntrackState::invalid;
      result.push_back(variant);
    } else if (i % 7 == 0 && !pod_interface.empty() && variant.from == net::PacketFrom::external) {
      variant.iif = pod_interface;
      result.push_back(variant);
    }
  }
  return result;
}

struct Candidates {
  std::map<std::string, std::vector<kernel::Foretold>> of_cell;  // by Coverage::cell, the next one last
};

Candidates candidates(const kernel::NodePrograms& node, agreement::Random& random) {
  Candidates result;
  const auto pod_interface = node.setup().pod_interface;
  for (const auto family : net::all_families) {
    const auto& program = node.program(family);
    for (const auto& packet : with_variants(agreement::boundary_packets(node.cluster(), program), pod_interface)) {
      ir::Trail trail;
      const auto fate = node.fate(packet, {}, &trail);
      if (fate.kind == ir::Fate::Kind::conflict) continue;  // such a cluster is not compiled
      auto cell = Coverage::cell(agreement::row(program, packet, fate, trail), packet);
      if (packet.ct_state == net::ConntrackState::invalid) cell += " | invalid";
      if (std::ranges::any_of(fate.targets, [&](const auto& t) { return t.then != fate.targets.front().then; }))
        cell += " | mixed";
      result.of_cell[cell].push_back({packet, fate});
    }
  }
  for (auto& [cell, packets] : result.of_cell) std::ranges::shuffle(packets, random);
  return result;
}

// Whose cell has had the fewest packets so far, again and again.
std::vector<kernel::Foretold> choose(Candidates all, std::map<std::string, std::size_t>& covered) {
  std::vector<kernel::Foretold> result;
  while (result.size() < packets_of_a_cluster) {
    std::vector<kernel::Foretold>* next = nullptr;
    const std::string* of = nullptr;
    for (auto& [cell, packets] : all.of_cell) {
      if (packets.empty() || (of != nullptr && covered[*of] <= covered[cell])) continue;
      next = &packets;
      of = &cell;
    }
    if (next == nullptr) break;
    ++covered[*of];
    result.push_back(next->back());
    next->pop_back();
  }
  return result;
}

// Two Services that claim one address and port: nothing is emitted for that key, and the rest must be right all the
// same.
bool has_conflict(const kernel::NodePrograms& node) {
  return std::ranges::any_of(net::all_families, [&](net::Family family) {
    return std::ranges::any_of(node.program(family).routes, [](const ir::Route& r) { return !r.rivals.empty(); });
  });
}

// What programs for sockets and interfaces have to do with these packets.
std::vector<kernel::Foretold> for_programs(const std::vector<kernel::Foretold>& all, kernel::Tally& tally) {
  std::vector<kernel::Foretold> out;
  for (kernel::Foretold one : all) {
    if (const auto why = kernel::beyond_programs(one.packet); !why.empty()) {
      tally.skipped("ebpf", why);
      continue;
    }
    if (kernel::keeps_its_source(one.packet)) {
      for (ir::Target& target : one.fate.targets) target.masquerade = false;
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<kernel::Backend> all_backends() {
  std::vector<kernel::Backend> all = kernel::backends();
  all.push_back(kernel::backend("ebpf"));
  return all;
}

void run(Dialect dialect) {
  if (!kernel::permitted()) return;
  const auto seed = from_environment("PORTCULLIS_SEED", 1), clusters = from_environment("PORTCULLIS_CLUSTERS", 22);
  const auto begin = std::chrono::steady_clock::now();
  kernel::Tally tally;
  std::map<std::string, std::size_t> covered;
  std::size_t packets = 0, conflicts = 0, disagreements = 0;
  for (auto s = seed; s < seed + clusters && disagreements < 50; ++s) {
    agreement::Random random(s);
    auto cluster = agreement::random_cluster(random, dialect);
    const bool forward_drop = s % 5 == 0;
    if (forward_drop) cluster.profile.forward_policy = cluster::ForwardPolicy::drop;
    const kernel::NodePrograms programs(std::move(cluster), "n1");
    if (has_conflict(programs)) {
      ++conflicts;
      continue;
    }
    const auto chosen = choose(candidates(programs, random), covered);
    packets += chosen.size();
    for (const auto& backend : all_backends()) {
      const auto foretold = backend.programs ? for_programs(chosen, tally) : chosen;
      if (const auto why = backend.why_not(); !why.empty()) {
        tally.skipped(backend.name, why);
        continue;
      }
      if (forward_drop && dialect == Dialect::iptables && !backend.variant) {
        for (std::size_t i = 0; i < foretold.size(); ++i)
          tally.skipped(backend.name, "an accept of ours cannot undo the drop of a foreign table");
        continue;
      }
      const auto where = fmt::format("seed {}, dialect {}, {}", s, cases::name(dialect), backend.name);
      INFO(where);
      kernel::LoadedNode loaded(backend, programs, forward_drop);
      const auto lines = kernel::check(loaded.node(), foretold, 4);
      for (const auto& line : lines) FAIL_CHECK(where << ": " << line);
      disagreements += lines.size();
      for (std::size_t i = 0; i < foretold.size(); ++i)
        tally.ran(backend.name, dialect, foretold[i].packet.family(), i >= lines.size());
    }
  }
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  tally.print(
      fmt::format("random clusters, seeds {} to {} ({} left out: keys with two owners), {} packets, {} kinds of "
                  "packets, {:.1f} s:",
                  seed, seed + clusters - 1, conflicts, packets, covered.size(), seconds));
  if (clusters < 22) return;
  CHECK(packets >= 2500);  // so that each ruleset has 2,000, also where one is skipped
  CHECK(covered.size() >= 300);
}

}  // namespace

TEST_CASE("random clusters in dialect nftables") {
  run(Dialect::nftables);
}
TEST_CASE("random clusters in dialect iptables") {
  run(Dialect::iptables);
}

// A comparison that sees nothing would agree with these, too.
TEST_CASE("a broken rule of ours is noticed") {
  if (!kernel::permitted()) return;
  struct Break {
    const char *backend, *pattern, *instead;
  };
  const Break breaks[] = {
      {"nftables", R"(: (10\.40\.\d+)\.\d+ \. (\d+))", ": $1.99 . $2"},
      {"nftables", R"((tcp|udp) \. 30\d+ comment)", "$1 . 29999 comment"},
      {"nftables", R"(ip6? saddr != \S+ meta mark set)", "meta mark set"},
      {"nftables", R"(masquerade fully-random)", "accept"},
      {"nftables", R"(reject( with icmp[v6x]* [a-z-]+)?)", "drop"},
      {"nftables", R"((@memory[^\n]*)goto)", "$1accept #"},
      {"iptables-legacy", R"(--to-destination (10\.40\.\d+)\.\d+)", "--to-destination $1.99"},
      {"iptables-nft", R"(--probability \S+)", "--probability 0"},
      {"iptables-nft", R"(--set-xmark 0x4000/0x4000)", "--set-xmark 0x0/0x4000"},
      {"iptables-legacy", R"(-j REJECT --reject-with \S+)", "-j DROP"},
      {"iptables-legacy", R"(-m recent --set)", "-m recent --rcheck"},
      {"iptables-nft", R"(--ctstate NEW -j PCL-CHECK)", "--ctstate RELATED -j PCL-CHECK"},
  };
  for (const auto& broken : breaks) {
    const auto& backend = kernel::backend(broken.backend);
    if (!backend.why_not().empty()) continue;
    INFO(broken.backend << " with " << broken.instead << " for " << broken.pattern);
    bool found = false, noticed = false;
    for (std::uint64_t seed = 1; seed <= 8 && !noticed; ++seed) {
      agreement::Random random(seed);
      const kernel::NodePrograms programs(agreement::random_cluster(random, Dialect::nftables), "n1");
      auto rules = kernel::rulesets(backend, programs);
      bool changed = false;
      for (auto* texts : {&rules.nft, &rules.iptables, &rules.ip6tables}) {
        for (auto& text : *texts) {
          const auto other = std::regex_replace(text, std::regex(broken.pattern), broken.instead);
          changed |= other != text;
          text = other;
        }
      }
      if (!changed) continue;
      found = true;
      kernel::Namespace node(programs.setup());
      try {
        node.load(rules);
      } catch (const kernel::Failure&) {
        continue;  // no ruleset at all any more
      }
      std::map<std::string, std::size_t> covered;
      noticed = !kernel::check(node, choose(candidates(programs, random), covered), 2).empty();
    }
    CHECK(found);
    CHECK(noticed);
  }
}

TEST_CASE("a broken table of ours is noticed") {
  if (!kernel::permitted()) return;
  const std::pair<const char*, const char*> breaks[] = {
      {R"((10\.40\.\d+)\.\d+:(\d+))", "$1.99:$2"},
      {R"(scope (\d+):30)", "scope $1:29"},
      {R"(dnat masquerade)", "dnat"},
      {R"( reject)", " drop"},
      {R"( affinity \S+ memory \S+)", ""},
      {R"(\npods\S* [^\n]*)", ""},
      {R"(\nservices [^\n]*)", ""},
      {R"(\nlocal (\S+) scope \d+)", "\nlocal $1"},
  };
  for (const auto& [pattern, instead] : breaks) {
    INFO(instead << " for " << pattern);
    bool found = false, noticed = false;
    for (std::uint64_t seed = 1; seed <= 8 && !noticed; ++seed) {
      agreement::Random random(seed);
      const kernel::NodePrograms programs(agreement::random_cluster(random, Dialect::nftables), "n1");
      base::Diagnostics diagnostics;
      const std::string text = ebpf::print(ebpf::lower(programs.both(), ebpf::program_digest(), diagnostics));
      const std::string other = std::regex_replace(text, std::regex(pattern), instead);
      if (other == text) continue;
      base::SourceMap sources;
      const auto tables = ebpf::read(sources.add("node.pcl", other), sources, diagnostics);
      if (!tables) continue;  // two frontends for one destination
      found = true;
      kernel::NodeSetup setup = programs.setup();
      setup.by_sockets = true;
      kernel::Namespace node(setup);
      kernel::TablesOnNode loaded(node);
      (void)loaded.apply(*tables);
      std::map<std::string, std::size_t> covered;
      kernel::Tally unused;
      noticed = !kernel::check(node, for_programs(choose(candidates(programs, random), covered), unused), 2).empty();
    }
    CHECK(found);
    CHECK(noticed);
  }
}

namespace {

constexpr int endpoints = 7;

std::string web(Dialect dialect, bool sticky) {
  std::string manifests = fmt::format(R"(apiVersion: v1
kind: Service
metadata: {{name: web, namespace: default}}
spec: {{clusterIP: 10.96.0.20, sessionAffinity: {}, ports: [{{name: http, port: 80}}]}}
---
apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {{name: p}}
spec:
  dialect: {}
  nodes: [{{name: n1, addresses: [192.168.50.10], primary: [192.168.50.10]}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, namespace: default, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints:
)",
                                      sticky ? "ClientIP" : "None", cases::name(dialect));
  for (int i = 1; i <= endpoints; ++i) manifests += fmt::format("- {{addresses: [10.244.{}.5]}}\n", i);
  return manifests;
}

// One flow each from as many sources.
std::vector<net::Packet> clients(unsigned count) {
  std::vector<net::Packet> packets;
  auto source = net::Address::parse("203.0.0.1");
  for (unsigned i = 0; i < count; ++i, source = source->next()) {
    net::Packet packet;
    packet.src = *source;
    packet.dst = *net::Address::parse("10.96.0.20");
    packet.dport = 80;
    packets.push_back(packet);
  }
  return packets;
}

}  // namespace

// Shares to within what 14,000 flows tell: a wrong denominator in one rule of a chain shows. Sources that no endpoint
// remembers are balanced like all others.
TEST_CASE("every endpoint gets its share of the clients") {
  constexpr unsigned flows = 14000;
  const auto packets = clients(flows);
  for (const bool sticky : {false, true}) {
    INFO((sticky ? "with" : "without") << " affinity");
    const auto shares = [&](const kernel::Backend& backend, Dialect dialect) {
      const auto programs = kernel::compile("shares", web(dialect, sticky), "n1");
      kernel::LoadedNode loaded(backend, *programs);
      std::map<net::Address, unsigned> reached;
      for (const auto& observed : loaded.node().observe(packets)) {
        REQUIRE(observed.arrived.size() == 1);
        ++reached[observed.arrived.begin()->first.address];
      }
      // χ² of 6 degrees of freedom is above 70 once in 10^12 runs.
      double chi_squared = 0;
      for (const auto& [address, n] : reached) {
        INFO(address.text() << ": " << n);
        const double mean = double{flows} / endpoints;
        chi_squared += (n - mean) * (n - mean) / mean;
      }
      CHECK(reached.size() == endpoints);
      CHECK(chi_squared < 70);
    };
    kernel::for_each_ruleset(shares);
    if (kernel::permitted()) shares(kernel::backend("ebpf"), Dialect::nftables);
  }
}

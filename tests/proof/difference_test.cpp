// What `diff` lists is what changes: every boundary packet whose fate differs between two programs is in a group of
// that kind, and where nothing is listed no packet differs.
#include "verifier/obligations/difference.hpp"

#include <cstdlib>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "tests/agreement/generator.hpp"

namespace {

using namespace portcullis;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

bool conflicts(const ir::Program& program) {
  return std::ranges::any_of(program.routes, [](const ir::Route& r) { return !r.rivals.empty(); });
}

obligations::Programs programs(const cluster::Cluster& cluster, net::Family family) {
  obligations::Programs out;
  ir::Program program = ir::build(cluster, cluster.nodes.front(), family);
  const std::pair key(program.node, family);
  out.emplace(key, std::move(program));
  return out;
}

ir::Fate without_masquerade(ir::Fate fate) {
  fate.masquerade = false;
  for (ir::Target& t : fate.targets) t.masquerade = false;
  return fate;
}

bool by_interface(const ir::Program& program) {
  return std::holds_alternative<ir::InterfaceDetector>(program.detector);
}

struct Tally {
  std::size_t pairs = 0, groups = 0, packets = 0, different = 0;
};

void hold(const cluster::Cluster& before, const cluster::Cluster& after, net::Family family, const std::string& where,
          Tally& tally) {
  const obligations::Programs old_programs = programs(before, family), new_programs = programs(after, family);
  const ir::Program &old_program = old_programs.begin()->second, &new_program = new_programs.begin()->second;
  if (conflicts(old_program) || conflicts(new_program)) return;
  INFO(where);
  smt::Session session;
  const obligations::Differences found = obligations::differences(old_programs, new_programs, session);
  CHECK(found.unknown.empty());
  std::set<std::pair<std::string, std::string>> listed;
  for (const obligations::Group& g : found.groups)
    listed.emplace(ir::text(without_masquerade(g.before)), ir::text(without_masquerade(g.after)));
  const ir::Interpreter was(old_program), is(new_program);
  ++tally.pairs;
  tally.groups += found.groups.size();
  std::vector<net::Packet> packets = agreement::boundary_packets(before, old_program);
  for (net::Packet& p : agreement::boundary_packets(after, new_program)) packets.push_back(std::move(p));
  for (const net::Packet& packet : packets) {
    // `from a pod` without an interface is what either detector wants it to be: no one packet.
    const bool unnamed = packet.iif.empty() && packet.from != net::PacketFrom::node;
    if (unnamed && old_program.detector != new_program.detector &&
        (by_interface(old_program) || by_interface(new_program)))
      continue;
    ++tally.packets;
    const ir::Fate a = was.fate(packet), b = is.fate(packet);
    if (ir::equal(a, b, packet)) continue;
    ++tally.different;
    INFO(packet.text() << ": " << ir::text(a) << " against " << ir::text(b));
    CHECK(listed.contains({ir::text(without_masquerade(a)), ir::text(without_masquerade(b))}));
  }
  for (const obligations::Group& g : found.groups) {
    // With an empty memory, unless it is about what is remembered.
    const bool sticky = g.before.affinity_seconds || g.after.affinity_seconds;
    if (!sticky) CHECK_FALSE(ir::equal(was.fate(g.witness), is.fate(g.witness), g.witness));
  }
}

}  // namespace

TEST_CASE("what diff lists is what changes") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1),
                      clusters = from_environment("PORTCULLIS_CLUSTERS", 18);
  Tally tally;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    agreement::Random random(s), again(s), other(s + 1);
    const cluster::Cluster one = agreement::random_cluster(random, cluster::Dialect::nftables),
                           same = agreement::random_cluster(again, cluster::Dialect::nftables),
                           next = agreement::random_cluster(other, cluster::Dialect::nftables);
    cluster::Cluster iptables = one;
    iptables.profile.dialect = cluster::Dialect::iptables;
    for (const net::Family family : net::all_families) {
      const std::string where = fmt::format("seed {}, {}", s, net::to_string(family));
      const std::size_t groups = tally.groups;
      hold(one, same, family, where + ", itself", tally);
      CHECK(tally.groups == groups);
      hold(one, iptables, family, where + ", the other dialect", tally);
      hold(one, next, family, where + ", another cluster", tally);
    }
  }
  fmt::print("{} pairs, {} groups, {} packets of which {} differ\n", tally.pairs, tally.groups, tally.packets,
             tally.different);
  CHECK(tally.different > 1000);
}

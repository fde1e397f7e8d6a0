// What is told of two frontends by their routes alone, against the judgement of their whole diagrams.
#include "verifier/obligations/same_route.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "compiler/policy/destinations.hpp"
#include "tests/agreement/generator.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/obligations/reach_fates.hpp"

namespace {

using namespace portcullis;
using specialise::Key;

// Of every route, at an address that it is for; and the ports beside it.
std::vector<Key> keys_of(const ir::Program& program) {
  std::vector<Key> keys;
  for (const ir::Route& route : program.routes) {
    std::vector<net::Address> addresses = program.local_addresses;
    if (route.key.address) addresses = {*route.key.address};
    for (const net::Address& a : addresses) {
      keys.push_back({a, route.key.protocol, route.key.port});
      keys.push_back({a, route.key.protocol, static_cast<std::uint16_t>(route.key.port + 1)});
    }
  }
  return keys;
}

struct Tally {
  std::size_t same = 0, not_said = 0;
};

void compare(const ir::Program& program, const std::string& where, Tally& tally) {
  smt::Session session;
  specialise::Arena arena;
  specialise::ProgramSide side(arena, program);
  const obligations::SameRoute same_route(program, side);
  encode::Judge all(session, arena, program.family, program.local_addresses);
  encode::Judge but_masquerade(session, arena, program.family, program.local_addresses,
                               encode::Agreement::but_masquerade);
  const std::vector<Key> keys = keys_of(program);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j) {
      for (const bool with_source : {false, true}) {
        if (!same_route.holds(keys[i], keys[j], with_source)) {
          ++tally.not_said;
          continue;
        }
        ++tally.same;
        for (const bool from_node : {false, true}) {
          const specialise::Path path{from_node, net::ConntrackState::fresh};
          const specialise::NodeId a = side.residual(keys[i], path), b = side.residual(keys[j], path);
          const encode::Judgement judged = (with_source ? all : but_masquerade).judge(a, b, keys[i], path);
          if (judged.kind != encode::Judgement::Kind::equal)
            FAIL_CHECK(fmt::format("{}: {} and {}{}", where, net::endpoint_text(keys[i].destination, keys[i].port),
                                   net::endpoint_text(keys[j].destination, keys[j].port),
                                   with_source ? ", with the source" : ""));
        }
      }
    }
  }
}

// A port that is alike on all nodes: what one node says of it, against the judgement of every node's diagrams.
void compare_everywhere(const cluster::Cluster& cluster, const std::string& where, Tally& tally) {
  smt::Session session;
  obligations::Network network(cluster);
  obligations::Targets targets(network);
  obligations::Fates fates(network, targets, session);
  for (const cluster::Service& service : cluster.services) {
    if (!service.programmed()) continue;
    for (const cluster::ServicePort& port : service.ports) {
      const std::vector<policy::Frontend> frontends = policy::frontends_of(service, port);
      for (std::size_t i = 1; i < frontends.size(); ++i) {
        if (!fates.same_everywhere(frontends.front(), frontends[i])) {
          ++tally.not_said;
          continue;
        }
        ++tally.same;
        verdict::Proof proof;  // that wants to be told about the source: then nothing is told by routes alone
        fates.same({{frontends.front()}, {frontends[i]}, false}, proof);
        INFO(where << ": " << service.id() << ", frontend " << i << ": " << proof.reason);
        CHECK(proof.standing == verdict::Standing::proved);
      }
    }
  }
}

}  // namespace

TEST_CASE("what one node says of a port that is alike on all nodes holds on all") {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      agreement::Random random(seed);
      compare_everywhere(agreement::random_cluster(random, dialect), fmt::format("seed {}", seed), tally);
    }
  }
  fmt::print("{} pairs with the same route on all nodes, {} where nothing is said\n", tally.same, tally.not_said);
  CHECK(tally.same > 100);
  CHECK(tally.not_said > 100);
}

TEST_CASE("frontends that translate by the same rule have the same diagrams") {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      agreement::Random random(seed);
      const cluster::Cluster cluster = agreement::random_cluster(random, dialect);
      for (const net::Family family : net::all_families) {
        compare(ir::build(cluster, cluster.nodes.front(), family),
                fmt::format("seed {}, dialect {}, {}", seed,
                            dialect == cluster::Dialect::nftables ? "nftables" : "iptables", net::to_string(family)),
                tally);
      }
    }
  }
  fmt::print("{} pairs with the same route, {} where nothing is said\n", tally.same, tally.not_said);
  CHECK(tally.same > 1000);
  CHECK(tally.not_said > tally.same);
}

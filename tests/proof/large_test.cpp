// Sizes that no random cluster has.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/engines/engines.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;

// One Service that remembers its clients, with so many endpoints on other nodes.
ir::Program sticky(std::uint32_t endpoints) {
  ir::Program program;
  program.node = "n1";
  program.family = net::Family::ipv4;
  program.local_addresses = {*net::Address::parse("192.168.0.11")};
  ir::Pool pool;
  pool.name = "default/big:http";
  for (std::uint32_t i = 1; i <= endpoints; ++i) pool.entries.push_back({net::Address::v4(0x0AF40000 + i), 8080});
  std::ranges::sort(pool.entries, {}, [](const ir::PoolEntry& e) { return e.text(); });
  program.pools.push_back(std::move(pool));
  ir::Route route;
  route.table = ir::Table::service;
  route.kind = ir::FrontendKind::cluster_ip;
  route.key = {net::Address::v4(0x0A600009), net::Protocol::tcp, 80};
  route.owner = "default/big:http";
  ir::Balance balance;
  balance.affinity_seconds = 10800;
  route.outcomes.push_back({ir::SourceIs::any, 0, balance});
  program.routes.push_back(std::move(route));
  return program;
}

}  // namespace

TEST_CASE("a Service that remembers its clients among twelve thousand endpoints is proved") {
  const ir::Program program = sticky(12'000);
  const netfilter::NodeFacts node = netfilter::facts(program);
  const auto prove = [&](const netfilter::Model& model) {
    smt::Session session;
    const verdict::Proof proof = obligations::prove_translation("large", program, model, node, session);
    CHECK(proof.reason.empty());
    CHECK(proof.standing == verdict::Standing::proved);
  };
  prove(engines::nftables_model(engines::nftables_text(program), program));
  prove(engines::iptables_model(engines::iptables_text(program), program));
}

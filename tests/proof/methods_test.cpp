// What works without being asked, by lemmas and packets that are tried, and by the solver alone.
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/agreement/generator.hpp"
#include "verifier/obligations/reach.hpp"

namespace {

using namespace portcullis;
using obligations::Method;

// How many proofs of each name ended how.
using Standings = std::map<std::pair<std::string, verdict::Standing>, std::size_t>;

Standings standings(const cluster::Cluster& cluster, Method method) {
  smt::Session session;
  Standings out;
  for (const verdict::Proof& proof : obligations::prove_liveness(cluster, session, method))
    ++out[{proof.name, proof.standing}];
  return out;
}

}  // namespace

TEST_CASE("liveness is the same by every method") {
  std::map<verdict::Standing, std::size_t> seen;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
      agreement::Random random(seed);
      const cluster::Cluster cluster = agreement::random_cluster(random, dialect);
      const Standings shapes = standings(cluster, Method::shapes);
      INFO("seed " << seed << ", dialect " << (dialect == cluster::Dialect::nftables ? "nftables" : "iptables"));
      CHECK(shapes == standings(cluster, Method::each));
      CHECK(shapes == standings(cluster, Method::plain));
      for (const auto& [proof, count] : shapes) seen[proof.second] += count;
    }
  }
  fmt::print("{} proved, {} refuted\n", seen[verdict::Standing::proved], seen[verdict::Standing::refuted]);
  CHECK(seen[verdict::Standing::proved] > 10);
  CHECK(seen[verdict::Standing::refuted] > 10);
}

// Time of twenty policies about every Service, by cluster size: bound beforehand, proved from nothing.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/policy/parse.hpp"
#include "tests/bench/cluster_text.hpp"
#include "verifier/obligations/reach.hpp"

namespace {

using namespace portcullis;

// Half from outside, half from pods; zones that meet source ranges, hold them, or lie beside them.
constexpr const char* policies = R"(
zone office  = 203.0.113.0/24
zone branch  = 203.0.113.64/26, 198.51.100.0/25
zone partner = 198.51.100.0/24 except 198.51.100.7
unreachable from office to services
unreachable from branch to services
unreachable from partner to services
unreachable from 8.8.8.0/24 to services
unreachable from office except 203.0.113.9 to services
unreachable from 192.0.2.128/25 to services
unreachable from office to any node port
unreachable from partner to any node port
reachable from office to services
reachable from branch to services
reachable from partner to services
reachable from 8.8.8.0/24 to services
reachable from 203.0.113.0/25 to services
reachable from node node-1 to services
reachable from node node-2 to services
reachable from office to services surviving any 1 node
preserves source from office to services
preserves source from branch to services
preserves source from node node-3 to services
preserves source from 9.9.9.0/24 to services
)";

// Every third Service has an external address, every fifth a balancer's, and every other one of those source ranges.
struct World {
  explicit World(std::size_t services) {
    const manifest::Input input =
        manifest::read_text("bench", bench::json_text({services, 10, 10}), true, {}, sources, diagnostics);
    cluster = cluster::resolve(input, {}, diagnostics).cluster;
    std::uint32_t external = 0xC6120000, balancer = 0xC6130000;  // 198.18.0.0/15
    for (std::size_t i = 0; i < cluster.services.size(); ++i) {
      cluster::Service& service = cluster.services[i];
      if (i % 3 == 0) service.external_ips.push_back({net::Address::v4(++external), false, {}});
      if (i % 5 == 0) service.load_balancer_ips.push_back({net::Address::v4(++balancer), true, false, {}});
      if (i % 10 != 0) continue;
      service.has_source_ranges = true;
      const std::uint32_t low = 0xCB007100 + static_cast<std::uint32_t>(i / 10 % 4) * 64;
      service.source_ranges.push_back({net::Prefix(net::Address::v4(low), 26), {}});
    }
    trees.push_back(policy::parse(sources.add("bench.policy", policies), sources, diagnostics));
    bound = policy::bind(trees, input, cluster, sources, std::chrono::year_month_day{std::chrono::year{2026} / 1 / 1},
                         diagnostics);
    if (diagnostics.has_errors()) throw base::InternalError("the benchmark's input has errors");
  }
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  cluster::Cluster cluster;
  std::vector<policy::SyntaxTree> trees;
  policy::Bound bound;
};

void prove_policies(benchmark::State& state) {
  const World world(static_cast<std::size_t>(state.range(0)));
  smt::Session session;
  std::size_t proved = 0;
  for (auto _ : state) {
    proved = 0;
    for (const verdict::Proof& proof : obligations::prove(world.bound, world.cluster, session))
      proved += proof.standing == verdict::Standing::proved ? 1 : 0;
  }
  state.counters["obligations"] = static_cast<double>(world.bound.obligations.size());
  state.counters["proved"] = static_cast<double>(proved);
  state.counters["queries"] =
      benchmark::Counter(static_cast<double>(session.queries()), benchmark::Counter::kAvgIterations);
  state.SetComplexityN(state.range(0));
}

void prove_liveness(benchmark::State& state) {
  const World world(static_cast<std::size_t>(state.range(0)));
  smt::Session session;
  for (auto _ : state) benchmark::DoNotOptimize(obligations::prove_liveness(world.cluster, session));
  state.counters["queries"] =
      benchmark::Counter(static_cast<double>(session.queries()), benchmark::Counter::kAvgIterations);
  state.SetComplexityN(state.range(0));
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
}

BENCHMARK(prove_policies)->Apply(sizes);
BENCHMARK(prove_liveness)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();

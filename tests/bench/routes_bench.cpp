// Time of what is asked of routers, by the number of routes: five rules a host, so 2,000 hosts have 10,000 of them.
#include <map>
#include <stdexcept>
#include <utility>

#include <benchmark/benchmark.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/bench/ingress_text.hpp"
#include "verifier/obligations/routes/audit.hpp"
#include "verifier/obligations/routes/equal.hpp"
#include "verifier/obligations/routes/possible.hpp"

namespace {

using namespace portcullis;

constexpr std::size_t routes_a_host = 5;

struct World {
  explicit World(std::size_t hosts) {
    base::Diagnostics diagnostics;
    input = manifest::read_text("bench", bench::ingress_text(hosts, routes_a_host), true, {}, sources, diagnostics);
    cluster = cluster::resolve(input, {}, diagnostics).cluster;
    routers = ir::l7::build_routers(cluster, diagnostics);
    if (diagnostics.has_errors() || routers.size() != 1)
      throw std::runtime_error("the benchmark's input is not what it should be");
  }
  [[nodiscard]] const ir::l7::Router& router() const { return routers.front(); }
  [[nodiscard]] std::size_t routes() const {
    std::size_t count = 0;
    for (const ir::l7::HostEntry& entry : router().hosts) count += entry.routes.size();
    return count;
  }

  base::SourceMap sources;
  manifest::Input input;
  cluster::Cluster cluster;
  std::vector<ir::l7::Router> routers;
};

const World& world(benchmark::State& state) {
  static std::map<std::size_t, World> all;
  const auto hosts = static_cast<std::size_t>(state.range(0));
  const World& found = all.try_emplace(hosts, hosts).first->second;
  state.counters["routes"] = static_cast<double>(found.routes());
  state.SetComplexityN(state.range(0));
  return found;
}

void build(benchmark::State& state) {
  const World& one = world(state);
  for (auto _ : state) {
    base::Diagnostics diagnostics;
    benchmark::DoNotOptimize(ir::l7::build_routers(one.cluster, diagnostics));
  }
}

void lint_rules(benchmark::State& state) {
  const World& one = world(state);
  std::size_t findings = 0;
  for (auto _ : state) {
    base::Diagnostics diagnostics;
    lint::lint(one.input, one.cluster, one.routers, {}, diagnostics);
    findings = diagnostics.all().size();
  }
  state.counters["findings"] = static_cast<double>(findings);
}

void obligations_of_one(benchmark::State& state) {
  const World& one = world(state);
  std::size_t findings = 0, proved = 0;
  for (auto _ : state) {
    smt::Session session;
    const routes::Audit found = routes::audit(one.router(), session);
    findings = found.findings.size();
    proved = found.proofs.size();
  }
  state.counters["findings"] = static_cast<double>(findings);
  state.counters["proved"] = static_cast<double>(proved);
}

void compare(benchmark::State& state, const ir::l7::Router& before, const ir::l7::Router& after) {
  routes::Comparison found;
  routes::CompareOptions options;
  options.most = 1000;
  for (auto _ : state) {
    smt::Session session;
    found = routes::equal_routers(before, after, session, options);
  }
  state.counters["regions"] = static_cast<double>(found.regions);
  state.counters["queries"] = static_cast<double>(found.queries);
  state.counters["differences"] = static_cast<double>(found.differences.size());
}

void equal_to_itself(benchmark::State& state) {
  const World& one = world(state);
  const ir::l7::Router copy = one.router();
  compare(state, one.router(), copy);
}

// A range more, at every host that has any; ten hosts without their last route.
void changed(benchmark::State& state) {
  const World& one = world(state);
  ir::l7::Router other = one.router();
  for (ir::l7::Ranges& ranges : other.ranges) ranges.sources.add(*net::Prefix::parse("198.51.100.0/24"));
  for (std::size_t i = 0; i < 10 && i < other.hosts.size(); ++i)
    if (!other.hosts[i].routes.empty()) other.hosts[i].routes.pop_back();
  compare(state, one.router(), other);
}

void who_gets_what(benchmark::State& state) {
  const World& one = world(state);
  std::size_t decisions = 0;
  for (auto _ : state) {
    smt::Session session;
    decisions = routes::possible(one.router(), {"shop-1.example.com", "/team-2", {}, {}}, session).decisions.size();
  }
  state.counters["decisions"] = static_cast<double>(decisions);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(200)->Arg(2000)->Arg(10000)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
}

BENCHMARK(build)->Apply(sizes);
BENCHMARK(lint_rules)->Apply(sizes);
BENCHMARK(obligations_of_one)->Apply(sizes);
BENCHMARK(equal_to_itself)->Apply(sizes);
BENCHMARK(changed)->Apply(sizes);
BENCHMARK(who_gets_what)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();

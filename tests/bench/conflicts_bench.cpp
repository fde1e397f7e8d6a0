// Time of `no conflicts` by cluster size: comparing claims alone, and the whole proof with its questions to the solver.
#include <benchmark/benchmark.h>

#include "compiler/base/error.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/bench/cluster_text.hpp"
#include "verifier/obligations/conflicts.hpp"
#include "verifier/obligations/port_claims.hpp"

namespace {

using namespace portcullis;

constexpr std::size_t external_every = 5, shared_every = 330, host_ports = 30;

// Every fifth Service has an external address; some share theirs with the one before, and with its port. DaemonSets and
// Deployments take host ports on all nodes, none twice.
cluster::Cluster make_cluster(std::size_t services) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input =
      manifest::read_text("bench", bench::json_text({services, 2, 100}), true, {}, sources, diagnostics);
  cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  if (diagnostics.has_errors()) throw base::InternalError("the benchmark's input has errors");
  std::uint32_t next = 0xC6120000;  // 198.18.0.0/15
  for (std::size_t i = 0; i < cluster.services.size(); i += external_every) {
    const bool shared = i % shared_every == 0 && i != 0;
    cluster.services[i].external_ips.push_back({net::Address::v4(shared ? next : ++next), false, {}});
  }
  std::vector<std::uint32_t> everywhere;
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) everywhere.push_back(n);
  for (std::size_t i = 0; i < host_ports; ++i) {
    cluster::HostPortWorkload workload;
    workload.workload = {"DaemonSet", "bench", "daemon-" + std::to_string(i)};
    workload.daemon = i % 2 == 0;
    workload.pods = workload.daemon ? everywhere.size() : 40;
    workload.nodes = everywhere;
    cluster::NodePortWant want;
    want.host_port = static_cast<std::uint16_t>(workload.daemon ? 9000 + i : 8000 + i / 4);
    workload.ports.push_back(want);
    cluster.host_port_workloads.push_back(std::move(workload));
  }
  return cluster;
}

void compare_claims(benchmark::State& state) {
  const cluster::Cluster cluster = make_cluster(static_cast<std::size_t>(state.range(0)));
  std::size_t claims = 0, groups = 0;
  for (auto _ : state) {
    const obligations::PortClaims all = obligations::collect_port_claims(cluster);
    claims = all.claims.size();
    groups = all.groups.size();
  }
  state.counters["claims"] = static_cast<double>(claims);
  state.counters["groups"] = static_cast<double>(groups);
  state.SetComplexityN(state.range(0));
}

void prove(benchmark::State& state) {
  const cluster::Cluster cluster = make_cluster(static_cast<std::size_t>(state.range(0)));
  smt::Session session;
  std::size_t refuted = 0;
  for (auto _ : state) {
    base::Diagnostics diagnostics;
    const std::vector<verdict::Proof> proofs = obligations::prove_no_conflicts(cluster, session, diagnostics);
    refuted = 0;
    for (const verdict::Proof& proof : proofs) refuted += proof.standing == verdict::Standing::refuted ? 1 : 0;
  }
  state.counters["queries"] =
      benchmark::Counter(static_cast<double>(session.queries()), benchmark::Counter::kAvgIterations);
  state.counters["refuted"] = static_cast<double>(refuted);
  state.SetComplexityN(state.range(0));
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1000)->Arg(10000)->Arg(50000)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
}

BENCHMARK(compare_claims)->Apply(sizes);
BENCHMARK(prove)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();

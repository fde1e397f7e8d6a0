// Time of each phase from text to ruleset, by cluster size: read, resolve, build, lower, print.
#include <benchmark/benchmark.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/pipeline.hpp"

namespace {

using namespace portcullis;

bench::Size size_of(const benchmark::State& state) {
  return {static_cast<std::size_t>(state.range(0)), 10, 10};
}

void read(benchmark::State& state, bool json) {
  const std::string text = json ? bench::json_text(size_of(state)) : bench::yaml_text(size_of(state));
  for (auto _ : state) {
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    benchmark::DoNotOptimize(manifest::read_text("bench", text, json, {}, sources, diagnostics));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.SetComplexityN(state.range(0));
}
void read_yaml(benchmark::State& state) {
  read(state, false);
}
void read_json(benchmark::State& state) {
  read(state, true);
}

void resolve(benchmark::State& state) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input =
      manifest::read_text("bench", bench::json_text(size_of(state)), true, {}, sources, diagnostics);
  for (auto _ : state) {
    base::Diagnostics findings;
    benchmark::DoNotOptimize(cluster::resolve(input, {}, findings));
  }
  state.SetComplexityN(state.range(0));
}

void build(benchmark::State& state) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input =
      manifest::read_text("bench", bench::json_text(size_of(state)), true, {}, sources, diagnostics);
  const cluster::Resolved resolved = cluster::resolve(input, {}, diagnostics);
  for (auto _ : state)
    benchmark::DoNotOptimize(ir::build(resolved.cluster, resolved.cluster.nodes.front(), net::Family::ipv4));
  state.SetComplexityN(state.range(0));
}

void lower_nftables(benchmark::State& state) {
  const ir::Program program = bench::program_of(bench::json_text(size_of(state)), true);
  base::Diagnostics diagnostics;
  for (auto _ : state) benchmark::DoNotOptimize(nftables::lower(std::span(&program, 1), diagnostics));
  state.SetComplexityN(state.range(0));
}

void print_nftables(benchmark::State& state) {
  const ir::Program program = bench::program_of(bench::json_text(size_of(state)), true);
  base::Diagnostics diagnostics;
  const nftables::Ruleset ruleset = nftables::lower(std::span(&program, 1), diagnostics);
  for (auto _ : state) benchmark::DoNotOptimize(nftables::print(ruleset));
  state.SetComplexityN(state.range(0));
}

void lower_iptables(benchmark::State& state) {
  const ir::Program program = bench::program_of(bench::json_text(size_of(state)), true, ir::Dialect::iptables);
  base::Diagnostics diagnostics;
  for (auto _ : state) benchmark::DoNotOptimize(iptables::lower(program, diagnostics));
  state.SetComplexityN(state.range(0));
}

void print_iptables(benchmark::State& state) {
  const ir::Program program = bench::program_of(bench::json_text(size_of(state)), true, ir::Dialect::iptables);
  base::Diagnostics diagnostics;
  const iptables::Ruleset ruleset = iptables::lower(program, diagnostics);
  for (auto _ : state) benchmark::DoNotOptimize(iptables::print(ruleset));
  state.SetComplexityN(state.range(0));
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(100)->Arg(1000)->Arg(10000)->Arg(50000)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
}

BENCHMARK(read_yaml)->Apply(sizes);
BENCHMARK(read_json)->Apply(sizes);
BENCHMARK(resolve)->Apply(sizes);
BENCHMARK(build)->Apply(sizes);
BENCHMARK(lower_nftables)->Apply(sizes);
BENCHMARK(print_nftables)->Apply(sizes);
BENCHMARK(lower_iptables)->Apply(sizes);
BENCHMARK(print_iptables)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();

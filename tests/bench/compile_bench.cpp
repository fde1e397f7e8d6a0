// What each phase from text to ruleset costs, by cluster size: read, resolve, build, lower, print; time, peak memory,
// and how both grow. Takes Google Benchmark's options; closes with a Markdown table.
//
// Peak memory is the process's resident memory while the phase runs: the phase's input and output, not what earlier
// phases needed.
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/peak_memory.hpp"
#include "tests/bench/pipeline.hpp"

namespace {

using namespace portcullis;

constexpr const char* peak = "peak MB";

bench::Size size_of(const benchmark::State& state) {
  return {static_cast<std::size_t>(state.range(0)), 10, 10};
}

// Times `phase`; what it returns is kept until the clock has stopped.
template <class Phase>
void measure(benchmark::State& state, Phase phase) {
  bench::forget_peak_memory();
  for (auto _ : state) {
    auto result = phase();
    benchmark::DoNotOptimize(result);
    state.PauseTiming();
    {
      const auto gone = std::move(result);
    }
    state.ResumeTiming();
  }
  state.counters[peak] = bench::peak_megabytes();
}

struct Read {
  base::SourceMap sources;
  manifest::Input input;
};

Read read_text(const std::string& text, bool json) {
  Read out;
  base::Diagnostics diagnostics;
  out.input = manifest::read_text("bench", text, json, {}, out.sources, diagnostics);
  return out;
}

void read_yaml(benchmark::State& state) {
  const std::string text = bench::yaml_text(size_of(state));
  measure(state, [&] { return read_text(text, false); });
}
void read_json(benchmark::State& state) {
  const std::string text = bench::json_text(size_of(state));
  measure(state, [&] { return read_text(text, true); });
}

void resolve(benchmark::State& state) {
  const Read read = read_text(bench::json_text(size_of(state)), true);
  measure(state, [&] {
    base::Diagnostics diagnostics;
    return cluster::resolve(read.input, {}, diagnostics);
  });
}

void build(benchmark::State& state) {
  const Read read = read_text(bench::json_text(size_of(state)), true);
  base::Diagnostics diagnostics;
  const cluster::Resolved resolved = cluster::resolve(read.input, {}, diagnostics);
  measure(state, [&] { return ir::build(resolved.cluster, resolved.cluster.nodes.front(), net::Family::ipv4); });
}

ir::Program program_of(const benchmark::State& state, ir::Dialect dialect) {
  return bench::program_of(bench::json_text(size_of(state)), true, dialect);
}

void lower_nftables(benchmark::State& state) {
  const ir::Program program = program_of(state, ir::Dialect::nftables);
  base::Diagnostics diagnostics;
  measure(state, [&] { return nftables::lower(std::span(&program, 1), diagnostics); });
}
void print_nftables(benchmark::State& state) {
  base::Diagnostics diagnostics;
  const ir::Program program = program_of(state, ir::Dialect::nftables);
  const nftables::Ruleset ruleset = nftables::lower(std::span(&program, 1), diagnostics);
  measure(state, [&] { return nftables::print(ruleset); });
}

void lower_iptables(benchmark::State& state) {
  const ir::Program program = program_of(state, ir::Dialect::iptables);
  base::Diagnostics diagnostics;
  measure(state, [&] { return iptables::lower(program, diagnostics); });
}
void print_iptables(benchmark::State& state) {
  base::Diagnostics diagnostics;
  const iptables::Ruleset ruleset = iptables::lower(program_of(state, ir::Dialect::iptables), diagnostics);
  measure(state, [&] { return iptables::print(ruleset); });
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(100)->Arg(1000)->Arg(10000)->Arg(50000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
}

BENCHMARK(read_yaml)->Apply(sizes);
BENCHMARK(read_json)->Apply(sizes);
BENCHMARK(resolve)->Apply(sizes);
BENCHMARK(build)->Apply(sizes);
BENCHMARK(lower_nftables)->Apply(sizes);
BENCHMARK(print_nftables)->Apply(sizes);
BENCHMARK(lower_iptables)->Apply(sizes);
BENCHMARK(print_iptables)->Apply(sizes);

// The usual output, and what it says once more as a table: a row a phase.
class Table : public benchmark::ConsoleReporter {
 public:
  Table() : ConsoleReporter(OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string& phase = run.run_name.function_name;
      if (cells_.find(phase) == cells_.end()) phases_.push_back(phase);
      cells_[phase][std::stoul(run.run_name.args)] = {run.GetAdjustedRealTime(), run.GetAdjustedCPUTime(),
                                                      run.counters.at(peak).value};
    }
  }

  void Finalize() override {
    fmt::print("\n| phase | Services × 10 | ms | CPU ms | peak MB | growth since the row above: CPU | memory |\n");
    fmt::print("|---|---|---|---|---|---|---|\n");
    for (const std::string& phase : phases_) {
      const auto& row = cells_.at(phase);
      for (auto cell = row.begin(); cell != row.end(); ++cell) {
        fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.0f} |", phase, cell->first, cell->second.milliseconds,
                   cell->second.cpu_milliseconds, cell->second.megabytes);
        if (cell == row.begin()) {
          fmt::print(" | |\n");
          continue;
        }
        const auto before = std::prev(cell);
        const auto factor = static_cast<double>(cell->first) / static_cast<double>(before->first);
        fmt::print(" n^{:.2f} | n^{:.2f} |\n",
                   exponent(before->second.cpu_milliseconds, cell->second.cpu_milliseconds, factor),
                   exponent(before->second.megabytes, cell->second.megabytes, factor));
      }
    }
  }

 private:
  struct Cell {
    double milliseconds = 0, cpu_milliseconds = 0, megabytes = 0;
  };
  // Of n, if n growing `factor` times takes `before` to `after`.
  static double exponent(double before, double after, double factor) {
    return std::log(after / before) / std::log(factor);
  }

  std::vector<std::string> phases_;
  std::map<std::string, std::map<std::size_t, Cell>> cells_;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  benchmark::Shutdown();
  return 0;
}

// What it costs to prove that a ruleset means what its program means, by cluster size: reading the text back, and the
// proof. Time, peak memory, and how many regions, shapes and questions to the solver there were.
#include <string>

#include <benchmark/benchmark.h>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/peak_memory.hpp"
#include "tests/bench/pipeline.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;

ir::Program program_of(const benchmark::State& state, ir::Dialect dialect) {
  return bench::program_of(bench::json_text({static_cast<std::size_t>(state.range(0)), 10, 10}), true, dialect);
}

netfilter::Model nftables_model(const std::string& text, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("nftables.nft", text), sources, diagnostics);
  if (!ruleset) throw base::InternalError("nftables.nft cannot be read back");
  return nftables::model(*ruleset, std::span(&program, 1));
}

netfilter::Model iptables_model(const std::string& text, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = iptables::read(sources.add("iptables.rules", text), sources, diagnostics);
  if (!ruleset) throw base::InternalError("iptables.rules cannot be read back");
  return iptables::model(*ruleset, &program);
}

std::string nftables_text(const ir::Program& program) {
  base::Diagnostics diagnostics;
  return nftables::print(nftables::lower(std::span(&program, 1), diagnostics));
}

std::string iptables_text(const ir::Program& program) {
  base::Diagnostics diagnostics;
  const iptables::Ruleset ruleset = iptables::lower(program, diagnostics);
  return iptables::print(ruleset) + iptables::print_jumps(ruleset);
}

template <class Text, class Read>
void read_back(benchmark::State& state, ir::Dialect dialect, Text text_of, Read read) {
  const ir::Program program = program_of(state, dialect);
  const std::string text = text_of(program);
  bench::forget_peak_memory();
  for (auto _ : state) benchmark::DoNotOptimize(read(text, program));
  state.counters["peak MB"] = bench::peak_megabytes();
}

template <class Text, class Read>
void prove(benchmark::State& state, ir::Dialect dialect, obligations::Method method, Text text_of, Read read) {
  const ir::Program program = program_of(state, dialect);
  const netfilter::Model model = read(text_of(program), program);
  const netfilter::NodeFacts facts = netfilter::facts(program);
  obligations::TranslationCounts counts;
  std::size_t queries = 0;
  bench::forget_peak_memory();
  for (auto _ : state) {
    counts = {};
    smt::Session session;
    const verdict::Proof proof =
        obligations::prove_translation("bench", program, model, facts, session, method, &counts);
    if (proof.standing != verdict::Standing::proved) throw base::InternalError("not proved: " + proof.reason);
    queries = session.queries();
  }
  state.counters["peak MB"] = bench::peak_megabytes();
  state.counters["regions"] = static_cast<double>(counts.regions);
  state.counters["shapes"] = static_cast<double>(counts.shapes);
  state.counters["anchors"] = static_cast<double>(counts.anchors);
  state.counters["queries"] = static_cast<double>(queries);
}

// Nothing proved: one packet to each frontend, on both ways that it can come, through the interpreter and the
// evaluator. What a proof of every packet has to go through at least.
template <class Text, class Read>
void walk(benchmark::State& state, ir::Dialect dialect, Text text_of, Read read) {
  const ir::Program program = program_of(state, dialect);
  const netfilter::Model model = read(text_of(program), program);
  const netfilter::NodeFacts facts = netfilter::facts(program);
  const ir::Interpreter interpreter(program);
  const netfilter::Evaluator evaluator(model);
  net::Packet packet;
  packet.src = net::Address::v4(0xCB007107);  // 203.0.113.7
  std::size_t packets = 0;
  for (auto _ : state) {
    packets = 0;
    for (const ir::Route& route : program.routes) {
      packet.dst = route.key.address.value_or(program.local_addresses.front());
      packet.protocol = route.key.protocol;
      packet.dport = route.key.port;
      for (const net::PacketFrom from : {net::PacketFrom::external, net::PacketFrom::node}) {
        packet.from = from;
        if (!ir::equal(interpreter.fate(packet), evaluator.fate(facts, packet), packet))
          throw base::InternalError("not the same: " + packet.text());
        ++packets;
      }
    }
  }
  state.counters["packets"] = static_cast<double>(packets);
}

void read_nftables(benchmark::State& state) {
  read_back(state, ir::Dialect::nftables, nftables_text, nftables_model);
}
void read_iptables(benchmark::State& state) {
  read_back(state, ir::Dialect::iptables, iptables_text, iptables_model);
}
void prove_nftables(benchmark::State& state) {
  prove(state, ir::Dialect::nftables, obligations::Method::shapes, nftables_text, nftables_model);
}
void prove_iptables(benchmark::State& state) {
  prove(state, ir::Dialect::iptables, obligations::Method::shapes, iptables_text, iptables_model);
}
void walk_nftables(benchmark::State& state) {
  walk(state, ir::Dialect::nftables, nftables_text, nftables_model);
}
void walk_iptables(benchmark::State& state) {
  walk(state, ir::Dialect::iptables, iptables_text, iptables_model);
}
// Without shared theorems.
void prove_nftables_each(benchmark::State& state) {
  prove(state, ir::Dialect::nftables, obligations::Method::each, nftables_text, nftables_model);
}
void prove_iptables_each(benchmark::State& state) {
  prove(state, ir::Dialect::iptables, obligations::Method::each, iptables_text, iptables_model);
}
// Rule by rule, as formulas.
void prove_nftables_plain(benchmark::State& state) {
  prove(state, ir::Dialect::nftables, obligations::Method::plain, nftables_text, nftables_model);
}
void prove_iptables_plain(benchmark::State& state) {
  prove(state, ir::Dialect::iptables, obligations::Method::plain, iptables_text, iptables_model);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1000)->Arg(10000)->Arg(50000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
}

BENCHMARK(read_nftables)->Apply(sizes);
BENCHMARK(prove_nftables)->Apply(sizes);
BENCHMARK(read_iptables)->Apply(sizes);
BENCHMARK(prove_iptables)->Apply(sizes);
BENCHMARK(walk_nftables)->Apply(sizes);
BENCHMARK(walk_iptables)->Apply(sizes);
BENCHMARK(prove_nftables_each)->Arg(1000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(prove_iptables_each)->Arg(1000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(prove_nftables_plain)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(prove_iptables_plain)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();

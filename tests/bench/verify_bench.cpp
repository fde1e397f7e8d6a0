// What it costs to prove that a ruleset of somebody else does what the manifests say: iptables rules in kube-proxy's
// shape, read and proved, by cluster size. Prints a Markdown table; `bench_verify 100 1000` takes other sizes.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "compiler/base/error.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/bench/peak_memory.hpp"
#include "tests/bench/pipeline.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

netfilter::Model read(const std::string& text, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = iptables::read(sources.add("iptables.save", text), sources, diagnostics);
  if (!ruleset) throw base::InternalError("a dump cannot be read: " + diagnostics.all().front().message);
  return iptables::model(*ruleset, &program);
}

void row(std::size_t services) {
  const ir::Program program = bench::program_of(bench::json_text({services, 10, 10}), true, ir::Dialect::iptables);
  const std::string text = bench::kube_proxy_iptables(program);
  bench::forget_peak_memory();
  const double begin = cpu_seconds();
  const netfilter::Model model = read(text, program);
  const double was_read = cpu_seconds();
  smt::Session session;
  obligations::TranslationCounts counts;
  const verdict::Proof proof = obligations::prove_translation("dump", program, model, netfilter::facts(program),
                                                              session, obligations::Method::shapes, &counts);
  fmt::print("| {} | {} | {} | {:.2f} | {:.2f} | {} | {} | {:.0f} | {} |\n", services, std::ranges::count(text, '\n'),
             model.rules(), was_read - begin, cpu_seconds() - was_read, counts.regions, counts.shapes,
             bench::peak_megabytes(), verdict::to_string(proof.standing));
  if (!proof.reason.empty()) fmt::print(stderr, "{}\n", proof.reason);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {100, 1000, 10000};
  fmt::print(
      "| Services × 10 | lines | rules | read, CPU s | prove, CPU s | regions | theorems | peak MB | verdict |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  std::ranges::for_each(sizes, row);
  return 0;
}

// How long the kernel takes to load our rulesets and those in kube-proxy's shapes of the same cluster. Rounds are
// interleaved; medians and their ratio are printed as a Markdown table. Usage: bench_load [--rounds N] [--services N]…
// [--slow]
// --slow also loads what takes minutes: kube-proxy's shape in the nf_tables variant of iptables.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/file.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/bench/pipeline.hpp"

namespace {

using namespace portcullis;

struct Subject {
  std::string name;
  std::vector<std::string> command;
  std::string file;
  std::string compared_with;  // the name of the subject that it is held against; empty: none
  std::size_t most_services = 1'000'000;
};

struct Options {
  std::size_t rounds = 3;
  std::vector<std::size_t> services;
  bool slow = false;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--slow") o.slow = true;
    if (word == "--rounds" && i + 1 < argc) o.rounds = std::stoul(argv[++i]);
    if (word == "--services" && i + 1 < argc) o.services.push_back(std::stoul(argv[++i]));
  }
  if (o.services.empty()) o.services = {1000, 10000};
  return o;
}

void write(const std::string& path, const std::string& text) {
  if (const auto error = base::write_file(path, text)) {
    fmt::print(stderr, "{}: {}\n", path, *error);
    std::exit(1);
  }
}

std::vector<Subject> prepare(const std::string& folder, std::size_t services, bool slow) {
  const std::string text = bench::json_text({services, 10, 10});
  base::Diagnostics diagnostics;
  const ir::Program nft = bench::program_of(text, true, ir::Dialect::nftables);
  const ir::Program ipt = bench::program_of(text, true, ir::Dialect::iptables);
  write(folder + "/ours.nft", nftables::print(nftables::lower(std::span(&nft, 1), diagnostics)));
  write(folder + "/ours.rules", iptables::print(iptables::lower(ipt, diagnostics)));
  write(folder + "/shape.nft", bench::kube_proxy_nftables(nft));
  write(folder + "/shape.rules", bench::kube_proxy_iptables(ipt));
  std::vector<Subject> subjects{
      {"nftables, portcullis", {"nft", "-f", folder + "/ours.nft"}, {}, "nftables, kube-proxy's shape"},
      {"nftables, kube-proxy's shape", {"nft", "-f", folder + "/shape.nft"}, {}, {}, slow ? 1'000'000U : 10'000U},
      {"iptables legacy, portcullis",
       {"iptables-legacy-restore", "--noflush"},
       folder + "/ours.rules",
       "iptables legacy, kube-proxy's shape"},
      {"iptables legacy, kube-proxy's shape",
       {"iptables-legacy-restore", "--noflush"},
       folder + "/shape.rules",
       {},
       slow ? 1'000'000U : 10'000U},
      {"iptables nf_tables, portcullis",
       {"iptables-nft-restore", "--noflush"},
       folder + "/ours.rules",
       "iptables nf_tables, kube-proxy's shape"},
      {"iptables nf_tables, kube-proxy's shape",
       {"iptables-nft-restore", "--noflush"},
       folder + "/shape.rules",
       {},
       slow ? 10'000U : 1'000U},
  };
  return subjects;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  fmt::print("| Services × 10 | ruleset | load, median s | ratio | peak MB of the loader |\n|---|---|---|---|---|\n");
  for (const std::size_t services : options.services) {
    const auto subjects = prepare(folder, services, options.slow);
    std::vector<std::vector<double>> seconds(subjects.size()), megabytes(subjects.size());
    for (std::size_t round = 0; round < options.rounds; ++round) {
      for (std::size_t i = 0; i < subjects.size(); ++i) {
        if (services > subjects[i].most_services) continue;
        const bench::Cost cost = bench::run(subjects[i].command, subjects[i].file, true);
        if (cost.status != 0) {
          fmt::print(stderr, "{} at {} Services: exit {}\n", subjects[i].name, services, cost.status);
          continue;
        }
        seconds[i].push_back(cost.seconds);
        megabytes[i].push_back(cost.megabytes);
      }
    }
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (seconds[i].empty()) continue;
      std::string ratio;
      for (std::size_t j = 0; j < subjects.size(); ++j) {
        if (subjects[j].name == subjects[i].compared_with && !seconds[j].empty()) {
          ratio = fmt::format("{:.1f} times faster", bench::median(seconds[j]) / bench::median(seconds[i]));
        }
      }
      fmt::print("| {} | {} | {:.2f} | {} | {:.0f} |\n", services, subjects[i].name, bench::median(seconds[i]), ratio,
                 bench::median(megabytes[i]));
      std::fflush(stdout);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}

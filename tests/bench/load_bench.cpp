// How long the kernel takes to load our rulesets and those in kube-proxy's shapes of the same cluster: wall clock, and
// CPU time of the loader (user and kernel), which other work on the machine disturbs less. Rounds are interleaved;
// medians and their ratio are printed as a Markdown table. Usage: bench_load [--rounds N] [--services N]… [--slow]
//
// --slow also loads what takes minutes: kube-proxy's shapes past 10,000 Services, and in the nf_tables variant of
// iptables past 1,000.
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

struct Measured {
  std::vector<double> seconds, cpu_seconds, megabytes;
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
  if (o.services.empty()) o.services = {1000, 10000, 50000};
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
       "iptables nf_tables, kube-proxy's shape",
       slow ? 1'000'000U : 10'000U},
      {"iptables nf_tables, kube-proxy's shape",
       {"iptables-nft-restore", "--noflush"},
       folder + "/shape.rules",
       {},
       slow ? 10'000U : 1'000U},
  };
  return subjects;
}

// Times `subjects`, each in every round.
std::vector<Measured> measure(const std::vector<Subject>& subjects, std::size_t services, std::size_t rounds) {
  std::vector<Measured> out(subjects.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (services > subjects[i].most_services) continue;
      const bench::Cost cost = bench::run(subjects[i].command, subjects[i].file, true);
      if (cost.status != 0) {
        fmt::print(stderr, "{} at {} Services: exit {}\n", subjects[i].name, services, cost.status);
        continue;
      }
      out[i].seconds.push_back(cost.seconds);
      out[i].cpu_seconds.push_back(cost.cpu_seconds);
      out[i].megabytes.push_back(cost.megabytes);
    }
  }
  return out;
}

// `3.5 (4.0)`: how many times faster than what it is compared with, by the clock and by CPU time.
std::string ratio(const Subject& subject, const Measured& of, const std::vector<Subject>& subjects,
                  const std::vector<Measured>& measured) {
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (subjects[i].name != subject.compared_with || measured[i].seconds.empty()) continue;
    return fmt::format("{:.1f} ({:.1f})", bench::median(measured[i].seconds) / bench::median(of.seconds),
                       bench::median(measured[i].cpu_seconds) / bench::median(of.cpu_seconds));
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  fmt::print(
      "| Services × 10 | ruleset | load, median s | CPU, median s | times faster (by CPU) | peak MB of the loader |\n");
  fmt::print("|---|---|---|---|---|---|\n");
  for (const std::size_t services : options.services) {
    const auto subjects = prepare(folder, services, options.slow);
    const auto measured = measure(subjects, services, options.rounds);
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const Measured& m = measured[i];
      if (m.seconds.empty()) continue;
      fmt::print("| {} | {} | {:.2f} | {:.2f} | {} | {:.0f} |\n", services, subjects[i].name, bench::median(m.seconds),
                 bench::median(m.cpu_seconds), ratio(subjects[i], m, subjects, measured), bench::median(m.megabytes));
    }
    std::fflush(stdout);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

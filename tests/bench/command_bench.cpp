// The whole command, from file to one node's ruleset: wall clock and peak memory, as a Markdown table.
// Usage: bench_command PORTCULLIS [--rounds N] [--services N]…
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <stdlib.h>

#include "compiler/base/file.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/command.hpp"

int main(int argc, char** argv) {
  using namespace portcullis;
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_command PORTCULLIS [--rounds N] [--services N]…\n");
    return 64;
  }
  std::size_t rounds = 5;
  std::vector<std::size_t> services;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--rounds") rounds = std::stoul(argv[i + 1]);
    if (std::string(argv[i]) == "--services") services.push_back(std::stoul(argv[i + 1]));
  }
  if (services.empty()) services = {100, 1000, 10000, 50000};
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  fmt::print("| Services × 10 | input | to | median s | peak MB |\n|---|---|---|---|---|\n");
  for (const std::size_t n : services) {
    for (const bool json : {false, true}) {
      const std::string file = folder + (json ? "/in.json" : "/in.yaml");
      const std::string text = json ? bench::json_text({n, 10, 10}) : bench::yaml_text({n, 10, 10});
      if (const auto error = base::write_file(file, text)) return 1;
      for (const char* target : {"nftables", "iptables"}) {
        std::vector<double> seconds, megabytes;
        for (std::size_t i = 0; i < rounds; ++i) {
          std::vector<std::string> command{argv[1], "compile", file,     "--to",
                                           target,  "--node",  "node-0", "--no-validate"};
          if (std::string(target) == "iptables") command.insert(command.end(), {"-o", folder + "/out"});
          const bench::Cost cost = bench::run(command);
          if (cost.status != 0) {
            fmt::print(stderr, "exit {} at {} Services\n", cost.status, n);
            return 1;
          }
          seconds.push_back(cost.seconds);
          megabytes.push_back(cost.megabytes);
        }
        fmt::print("| {} | {} {:.1f} MB | {} | {:.2f} | {:.0f} |\n", n, json ? "JSON" : "YAML",
                   static_cast<double>(text.size()) / 1e6, target, bench::median(seconds), bench::median(megabytes));
        std::fflush(stdout);
      }
      std::filesystem::remove(file);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}

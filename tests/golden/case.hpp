// One case: its input run through the whole pipeline, as the command line does it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/program.hpp"
#include "tests/golden/packet_row.hpp"

namespace portcullis::golden {

struct Arguments {
  std::string node;  // empty: findings only
  std::optional<std::string> lock;
  bool check = false;                  // what `check` says is expected, too
  std::vector<std::string> rulesets;   // of the node: what `verify` says of them is expected, too
  bool plain = false;                  // proved by the plain encoding
  bool explain = false;                // of what `verify` says: with --explain
  std::optional<std::uint64_t> limit;  // of steps of the solver
  bool routers = false;                // the routers of its Ingresses are expected, too
  bool diff = false;                   // what `diff` says between `base` and `input` is expected, too
};

struct Case {
  std::filesystem::path directory;
  std::string name;  // `nat/cluster-ip`
  Arguments arguments;
  std::vector<PacketRow> packets;
};

// Every directory below `root` with an `input`, sorted.
[[nodiscard]] std::vector<Case> find_cases(const std::filesystem::path& root);

struct Outcome {
  std::map<std::string, std::string> files;  // by their name in `expected`
  cluster::Cluster cluster;
  std::vector<ir::Program> programs;  // empty: refused, or no node was named
};
// Runs in the case's directory, so that places read `input/web.yaml:3:5`.
[[nodiscard]] Outcome run(const Case& golden);

[[nodiscard]] std::string read_text(const std::filesystem::path& path);
// Makes `expected` what the outcome says.
void update(const Case& golden, const Outcome& outcome);

}  // namespace portcullis::golden

// Small programs with rulesets that mean them, to be proved and to be broken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::proof {

// A number that the environment may set.
[[nodiscard]] std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

struct Subject {
  std::string name;  // its seed among the rest
  cluster::Cluster cluster;
  ir::Program program;
  netfilter::Model model;
};

enum class Size : std::uint8_t {
  whole,
  small,  // 2–4 Services of at most 3 endpoints
};

// Of one random cluster: both dialects, both families, both backends; without programs that nobody may emit.
[[nodiscard]] std::vector<Subject> subjects(std::uint64_t seed, Size size);

}  // namespace portcullis::proof

// Faults in a ruleset, one at a random place: what a backend, an operator or a dump of another day could have wrong.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "backends/netfilter/model.hpp"

namespace portcullis::proof {

using Random = std::mt19937_64;

struct Fault {
  std::string kind;
  // False: the model has no place for it.
  std::function<bool(netfilter::Model&, Random&)> inject;
};
[[nodiscard]] const std::vector<Fault>& faults();

}  // namespace portcullis::proof

// Faults in the tables of the eBPF backend.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backends/ebpf/tables.hpp"
#include "tests/proof/mutate.hpp"

namespace portcullis::proof {

struct TablesFault {
  std::string kind;
  // False where the tables have nothing of the kind.
  std::function<bool(ebpf::Tables&, Random&)> inject;
};
[[nodiscard]] const std::vector<TablesFault>& tables_faults();

}  // namespace portcullis::proof

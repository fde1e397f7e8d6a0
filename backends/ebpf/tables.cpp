#include "backends/ebpf/tables.hpp"

#include <algorithm>

namespace portcullis::ebpf {

std::uint64_t Pool::slots() const {
  std::uint64_t sum = 0;
  for (const Endpoint& e : endpoints) sum += e.weight;
  return sum;
}

bool Tables::has(net::Family family) const {
  return std::ranges::any_of(locals, [family](const Local& l) { return l.address.family() == family; });
}

}  // namespace portcullis::ebpf

#include "backends/ebpf/memory.hpp"

#include <map>
#include <set>
#include <string>

#include "compiler/base/text.hpp"

namespace portcullis::ebpf {

void name_memories(std::vector<Pool>& pools) {
  std::map<std::string, std::uint32_t> numbers;
  for (const Pool& pool : pools) {
    if (pool.sticky) numbers.emplace(pool.name, 0);
  }
  std::set<std::uint32_t> taken{0};  // pools that are not sticky
  for (auto& [name, number] : numbers) {
    number = static_cast<std::uint32_t>(base::stable_hash(name));
    while (!taken.insert(number).second) ++number;
  }
  for (Pool& pool : pools) {
    if (pool.sticky) pool.memory = numbers.at(pool.name);
  }
}

}  // namespace portcullis::ebpf

// The tables of a node: read or refused, and what is read prints and reads back the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/ebpf/ebpf.hpp"
#include "tests/fuzz/reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace portcullis;
  const auto tables = fuzz::read(&ebpf::read, "fuzz.pcl", {reinterpret_cast<const char*>(data), size});
  if (!tables) return 0;
  const std::string text = ebpf::print(*tables);
  const auto again = fuzz::read(&ebpf::read, "again.pcl", text);
  fuzz::hold(again.has_value(), "what was printed cannot be read");
  fuzz::hold(*again == *tables, "what was printed is read as something else");
  return 0;
}

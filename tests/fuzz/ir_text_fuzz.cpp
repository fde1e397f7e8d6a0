// The text form of the IR: read or refused, and what is read prints and reads back the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/ir/l4/text.hpp"
#include "tests/fuzz/reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace portcullis;
  const auto program = fuzz::read(&ir::read, "fuzz.ir", {reinterpret_cast<const char*>(data), size});
  if (!program) return 0;
  const std::string text = print(*program);
  const auto again = fuzz::read(&ir::read, "again.ir", text);
  fuzz::hold(again.has_value(), "what was printed cannot be read");
  fuzz::hold(print(*again) == text, "what was printed is printed otherwise when read back");
  return 0;
}

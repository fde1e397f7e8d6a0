// The text form of the IR: read or refused, and what is read is a fixed point of print and read.

#include <cstdint>
#include <string>

#include "compiler/base/error.hpp"
#include "compiler/ir/l4/text.hpp"

namespace {

std::optional<portcullis::ir::Program> read(const std::string& text) {
  portcullis::base::SourceMap sources;
  portcullis::base::Diagnostics diagnostics;
  const auto file = sources.add("fuzz.ir", text);
  auto program = portcullis::ir::read(file, sources, diagnostics);
  if (program.has_value() == diagnostics.has_errors()) {
    throw portcullis::base::InternalError("a finding for every refusal and for nothing else");
  }
  for (const auto& d : diagnostics.all()) (void)sources.begin(d.span);
  return program;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto program = read({reinterpret_cast<const char*>(data), size});
  if (!program) return 0;
  const std::string text = print(*program);
  const auto again = read(text);
  if (!again || print(*again) != text) throw portcullis::base::InternalError("print after read is no fixed point");
  return 0;
}

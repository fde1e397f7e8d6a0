// Short ways to read text in tests.
#pragma once

#include <string>

#include "backends/nftables/nftables.hpp"
#include "compiler/ir/l4/text.hpp"

namespace portcullis::nftables::test {

struct Result {
  std::optional<Ruleset> ruleset;
  std::string error;  // `line:column message` of the first finding
};

inline Result read_text(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  Result out;
  const base::FileId file = sources.add("test.nft", text);
  out.ruleset = read(file, sources, diagnostics);
  if (!diagnostics.all().empty()) {
    const base::Diagnostic& d = diagnostics.all().front();
    const base::Position p = sources.begin(d.span);
    out.error = std::to_string(p.line) + ":" + std::to_string(p.column) + " " + d.message;
  }
  return out;
}

inline ir::Program program(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto p = ir::read(sources.add("test.ir", text), sources, diagnostics);
  if (!p) throw std::runtime_error(diagnostics.all().front().message + " in\n" + text);
  return std::move(*p);
}

inline std::string lowered(const ir::Program& p) {
  base::Diagnostics diagnostics;
  return print(lower(std::span(&p, 1), diagnostics));
}

}  // namespace portcullis::nftables::test

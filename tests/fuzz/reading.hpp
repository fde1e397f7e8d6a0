// What every reader of ours owes for any bytes: a result or findings, never both and never neither, and places inside
// of the text.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/source.hpp"

namespace portcullis::fuzz {

// Stops the fuzzer: what was found is a mistake of ours.
inline void hold(bool condition, const char* what) {
  if (!condition) throw base::InternalError(what);
}

// `name` is the file's: some readers take the address family from it.
template <class Result>
std::optional<Result> read(std::optional<Result> (*reader)(base::FileId, const base::SourceMap&, base::Diagnostics&),
                           const std::string& name, const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto result = reader(sources.add(name, text), sources, diagnostics);
  hold(result.has_value() != diagnostics.has_errors(), "a finding for every refusal and for nothing else");
  for (const auto& d : diagnostics.all()) {
    hold(d.span.begin <= d.span.end && d.span.end <= text.size(), "a place outside of the text");
    (void)sources.begin(d.span);
  }
  return result;
}

}  // namespace portcullis::fuzz

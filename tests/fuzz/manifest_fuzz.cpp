// Manifests: whatever the bytes, they are read or refused, as YAML and as JSON; every place lies inside of the text;
// what is broken has been said; and the number of threads does not show.

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/error.hpp"
#include "compiler/manifest/read.hpp"

namespace {

using portcullis::base::InternalError;

// Everything that reading gave, as far as it can differ.
std::string read(const std::string& text, bool json, unsigned jobs) {
  namespace base = portcullis::base;
  namespace manifest = portcullis::manifest;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  manifest::ReadOptions options;
  options.jobs = jobs;
  options.limits.alias_nodes = 10000;
  const manifest::Input input = manifest::read_text("fuzz", text, json, options, sources, diagnostics);
  std::string out;
  for (const auto& d : diagnostics.all()) {
    if (d.span.begin > d.span.end || d.span.end > sources.text(d.span.file).size())
      throw InternalError("a place outside of the text");
    const base::Position at = sources.begin(d.span);
    out += d.code + ' ' + std::to_string(at.line) + ':' + std::to_string(at.column) + ' ' + d.message + ' ' + d.field +
           '\n';
  }
  for (const manifest::Object& object : input.objects) {
    if (object.broken && !diagnostics.has_errors()) throw InternalError("a broken object and no finding");
    if (object.place.end > sources.text(object.place.file).size()) throw InternalError("an object outside of the text");
    out += reference(object).text() + (object.broken ? " broken\n" : "\n");
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool json : {false, true}) {
    if (read(text, json, 1) != read(text, json, 2)) throw InternalError("two threads read something else than one");
  }
  return 0;
}

// Why a document cannot be read: what becomes one finding PC1001.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/manifest/place.hpp"

namespace portcullis::manifest {

struct Problem {
  base::SourceSpan span;
  std::string reason;  // completes `cannot read this as YAML: …`
  std::string hint;    // may be empty
  std::vector<base::Related> related;
};

// What libyaml says about a text that it refuses.
struct ParserReport {
  std::string_view problem;  // its English
  std::size_t at = 0;        // byte of the text where it stopped
  std::string_view context;  // what it was doing; may be empty
  std::size_t context_at = 0;
};
// The same in words for somebody who does not know the grammar of YAML, with the place that has to be changed.
[[nodiscard]] Problem explain_yaml(const ParserReport& report, const Source& source, const Places& places);

// Looks for what is wrong with a JSON text (RFC 8259), from its beginning on. Nothing if it is well-formed.
struct JsonProblem {
  std::size_t at = 0;  // byte of the text
  std::string reason, hint;
};
[[nodiscard]] std::optional<JsonProblem> find_json_problem(std::string_view text, std::size_t depth_limit);

}  // namespace portcullis::manifest

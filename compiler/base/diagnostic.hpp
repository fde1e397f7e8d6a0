// Findings: everything portcullis has to say about its input. Passes get a `Diagnostics&` and append; nothing is
// printed before the end.
//
// Message style: lower case, no final full stop, the user's own words in backticks, what was observed rather than what
// is permitted; advice goes into the hint.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.hpp"

namespace portcullis::base {

enum class Severity { info, warning, error };

// The API server's words for a refused field (apimachinery field.ErrorType). Set only on findings that restate the
// API's validation.
enum class Reason { none, required, invalid, duplicate, unsupported, forbidden, too_long, too_many, type_invalid };

[[nodiscard]] std::string_view to_string(Severity severity);
// `required`, …, `toolong`, `toomany`, `typeinvalid`; empty for none.
[[nodiscard]] std::string_view to_string(Reason reason);

// Which Kubernetes object a finding is about. Empty kind: none (a file, the profile, the command line).
struct ObjectRef {
  std::string kind;
  std::string ns;
  std::string name;
  // `Service shop/web`, `Node n1`.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const ObjectRef&) const = default;
};

struct Related {
  std::string message;
  SourceSpan span;
};

struct Diagnostic {
  std::string code;  // `PC2007`: a key of the catalogue
  Severity severity = Severity::error;
  std::string message;
  std::string hint;  // may be empty
  SourceSpan span;
  Reason reason = Reason::none;
  ObjectRef object;
  std::string field;  // the API's field path: `spec.ports[0].name`; empty if the finding is about no field
  std::vector<Related> related;
};

class Diagnostics {
 public:
  // Adds a finding with the severity that the catalogue gives its code.
  Diagnostic& add(std::string_view code, std::string message, SourceSpan span);
  Diagnostic& add(Diagnostic diagnostic);

  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  [[nodiscard]] bool has_errors() const;
  // Appends all of `other`.
  void merge(Diagnostics other);
  // Orders by file, place, code; stable.
  void sort();

 private:
  std::vector<Diagnostic> all_;
};

}  // namespace portcullis::base

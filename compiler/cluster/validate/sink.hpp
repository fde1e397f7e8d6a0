// Where the validation of one object puts its findings.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/validate/names.hpp"
#include "compiler/cluster/validate/path.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

// The user's words in backticks: printable, and cut where they would fill a screen.
[[nodiscard]] std::string in_quotes(std::string_view text);
// The first place that is known; a finding always points somewhere in its object.
[[nodiscard]] base::SourceSpan first_known(std::initializer_list<base::SourceSpan> places);
// `a, b or c`
[[nodiscard]] std::string or_list(std::span<const std::string_view> words);
// As manifest::reference: the namespace is `default` for a namespaced object that names none.
[[nodiscard]] base::ObjectRef object_ref(std::string_view kind, const manifest::Metadata& metadata,
                                         bool namespaced = true);

class Sink {
 public:
  Sink(base::ObjectRef object, base::Diagnostics& diagnostics)
      : object_(std::move(object)), diagnostics_(diagnostics) {}

  // A fault that makes the API server refuse the object. The reference holds until the next finding.
  base::Diagnostic& refuse(std::string_view code, base::Reason reason, const Path& field, base::SourceSpan span,
                           std::string message, std::string hint = {});
  // One `invalid` a fault: `{subject()} {fault}`. The subject is a function because nearly every value is good and
  // needs no words.
  template <class Subject>
  void refuse_each(std::string_view code, const Path& field, base::SourceSpan span, const Subject& subject,
                   const Faults& faults, std::string_view hint = {}) {
    if (!faults.empty()) refuse_all(code, field, span, subject(), faults, hint);
  }
  // `{what} {value} is unknown`, with the word that was probably meant.
  void refuse_unknown(std::string_view code, const Path& field, base::SourceSpan span, std::string_view what,
                      std::string_view value, std::span<const std::string_view> known);
  // `duplicate`, with the first use beside it.
  void refuse_duplicate(std::string_view code, const Path& field, base::SourceSpan span, std::string message,
                        base::SourceSpan first, std::string hint = {});
  // A finding that does not restate the server's refusal of this request: it has no reason.
  base::Diagnostic& note(std::string_view code, const Path& field, base::SourceSpan span, std::string message,
                         std::string hint = {});

  [[nodiscard]] const base::ObjectRef& object() const { return object_; }
  [[nodiscard]] bool accepted() const { return accepted_; }
  void refused() { accepted_ = false; }

 private:
  void refuse_all(std::string_view code, const Path& field, base::SourceSpan span, const std::string& subject,
                  const Faults& faults, std::string_view hint);

  base::ObjectRef object_;
  base::Diagnostics& diagnostics_;
  bool accepted_ = true;
};

}  // namespace portcullis::cluster

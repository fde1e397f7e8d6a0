#include "compiler/base/diagnostic.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "compiler/base/catalogue.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::base {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return {};
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none:
      return {};
    case Reason::required:
      return "required";
    case Reason::invalid:
      return "invalid";
    case Reason::duplicate:
      return "duplicate";
    case Reason::unsupported:
      return "unsupported";
    case Reason::forbidden:
      return "forbidden";
    case Reason::too_long:
      return "toolong";
    case Reason::too_many:
      return "toomany";
    case Reason::type_invalid:
      return "typeinvalid";
  }
  return {};
}

std::string ObjectRef::text() const {
  std::string out = kind;
  out += ' ';
  if (!ns.empty()) {
    out += ns;
    out += '/';
  }
  out += name;
  return out;
}

Diagnostic& Diagnostics::add(std::string_view code, std::string message, SourceSpan span) {
  const Rule* rule = find_rule(code);
  if (rule == nullptr) throw InternalError("finding with a code outside the catalogue: " + std::string(code));
  Diagnostic d;
  d.code = code;
  d.severity = rule->severity;
  d.message = std::move(message);
  d.span = span;
  return all_.emplace_back(std::move(d));
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  return all_.emplace_back(std::move(diagnostic));
}

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(all_, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void Diagnostics::merge(Diagnostics other) {
  all_.insert(all_.end(), std::make_move_iterator(other.all_.begin()), std::make_move_iterator(other.all_.end()));
}

void Diagnostics::sort() {
  std::ranges::stable_sort(all_, [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.file, a.span.begin, a.code, a.field) < std::tie(b.span.file, b.span.begin, b.code, b.field);
  });
}

}  // namespace portcullis::base

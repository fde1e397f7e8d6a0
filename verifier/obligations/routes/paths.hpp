// Paths that matchers treat alike: an exact partition of all paths that a request can have.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/l7/router.hpp"
#include "verifier/languages/nfa.hpp"

namespace portcullis::routes {

using ir::l7::PathForm;
using ir::l7::PathMatch;

// All paths that requests have under a form. Under several forms: those that the target itself is, under each.
class PathSpace {
 public:
  explicit PathSpace(std::set<PathForm> forms) : forms_(std::move(forms)) {}
  // A target with this path; nothing: no request has it.
  [[nodiscard]] std::optional<std::string> target(std::string_view path) const;
  [[nodiscard]] languages::Nfa language() const;

 private:
  std::set<PathForm> forms_;
};

struct PathClass {
  std::string shown;  // `/cart`, `/cart/…`, `any other path`
  std::string path;   // one of them
};

struct PathClasses {
  std::vector<PathClass> classes;
  std::string open;  // why it is not complete; empty: it is
};

// Paths that none of the matchers and none of the texts tells apart are in one class.
[[nodiscard]] PathClasses path_classes(std::span<const PathMatch* const> matches, const std::set<std::string>& texts,
                                       const PathSpace& space);

}  // namespace portcullis::routes

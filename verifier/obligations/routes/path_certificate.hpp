// Why the classes of paths are all there are: a table that is checked line by line, made without what the partition is
// made with.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "verifier/languages/certificate.hpp"
#include "verifier/obligations/routes/paths.hpp"

namespace portcullis::routes {

struct PathCertificate {
  std::vector<languages::Nfa> languages;   // paths that requests have; then one for each matcher and text
  std::vector<std::vector<bool>> classes;  // memberships of the representatives, by language
  languages::Certificate table;
};

// Nothing: the product is too large, or a pattern is not followed.
[[nodiscard]] std::optional<PathCertificate> path_certificate(std::span<const PathMatch* const> matches,
                                                              const std::set<std::string>& texts,
                                                              const PathSpace& space, const PathClasses& classes);
// Every path has the memberships of one of the representatives.
[[nodiscard]] bool holds(const PathCertificate& certificate);

}  // namespace portcullis::routes

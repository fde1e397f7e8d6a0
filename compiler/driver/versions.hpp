// What `diff` compares: files as they are, or as they were in a revision of the git repository around them.
//
//   diff BASE HEAD                   two paths
//   diff REVISION [-- PATH…]         the revision and the working tree
//   diff A B, A..B [-- PATH…]        two revisions; an end of `..` that is left out is HEAD
//   diff A...B [-- PATH…]            B and where it left A
//
// Without `--` a word that is a path on disk is a path; others are revisions, and stand in front of paths. Without a
// path, everything below the working directory is read.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/driver/command_line.hpp"
#include "compiler/driver/session.hpp"

namespace portcullis::driver {

struct Version {
  std::string name;                     // in the report
  std::optional<std::string> revision;  // nothing: the files as they are
  std::vector<std::string> paths;
};
struct Versions {
  Version before, after;
  bool from_fork = false;  // `A...B`: before is where `after` left it
};
// Nothing if the words make no sense, which has been said.
[[nodiscard]] std::optional<Versions> versions_of(const DiffCommand& command);

struct BothLoaded {
  Loaded before, after;
};
// Reads and resolves both. What cannot be read has been said, and session.unreadable is set.
[[nodiscard]] BothLoaded load(Session& session, Versions& versions);

}  // namespace portcullis::driver

// The files of one revision.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"

struct git_repository;
struct git_tree;

namespace portcullis::revision {

struct File {
  std::string path;  // from the root of the repository
  std::string text;
  bool named = false;  // by the user, not found in a directory
};

// The repository that it is of must outlive it.
class Tree {
 public:
  struct Free {
    void operator()(git_tree* tree) const;
  };
  Tree(git_repository* repository, std::unique_ptr<git_tree, Free> root, std::string name);

  // As the user calls it: `main`.
  [[nodiscard]] const std::string& name() const { return name_; }
  // The files at `paths` (from the root, `` is the root), directories recursively and sorted as far as `wanted` takes
  // the name of a file there; each file once. Nothing, with findings (PC1001), if a path is not in the revision or
  // something cannot be read.
  [[nodiscard]] std::optional<std::vector<File>> files(const std::vector<std::string>& paths,
                                                       const std::function<bool(std::string_view)>& wanted,
                                                       base::Diagnostics& diagnostics) const;
  // The text of one file; nothing if there is none, or if it cannot be read.
  [[nodiscard]] std::optional<std::string> text(const std::string& path) const;

 private:
  git_repository* repository_;
  std::unique_ptr<git_tree, Free> root_;
  std::string name_;
};

}  // namespace portcullis::revision

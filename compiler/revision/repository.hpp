// The git repository around the working directory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "compiler/base/diagnostic.hpp"
#include "compiler/revision/tree.hpp"

namespace portcullis::revision {

class Repository {
 public:
  // Looked for in the working directory and those above it. Nothing, with a finding (PC1001), if there is none, or if
  // it cannot be opened.
  [[nodiscard]] static std::optional<Repository> here(base::Diagnostics& diagnostics);

  // What git takes for a commit: a branch, a tag, `HEAD~2`, an id or its beginning. Nothing, with a finding (PC1001)
  // that names the nearest branch or tag, if there is none.
  [[nodiscard]] std::optional<Tree> tree(const std::string& name, base::Diagnostics& diagnostics) const;
  // The id, shortened, of the last commit that both have: where `second` left `first`. Nothing, with a finding, if one
  // of them is no revision or they have none in common.
  [[nodiscard]] std::optional<std::string> merge_base(const std::string& first, const std::string& second,
                                                      base::Diagnostics& diagnostics) const;
  // A path of the user's, from the root. Nothing, with a finding, if it lies elsewhere.
  [[nodiscard]] std::optional<std::string> below_root(const std::string& path, base::Diagnostics& diagnostics) const;
  // The same; what lies elsewhere is nothing to speak of.
  [[nodiscard]] std::optional<std::string> below_root(const std::string& path) const;

 private:
  struct Free {
    void operator()(git_repository* repository) const;
  };
  explicit Repository(git_repository* repository) : repository_(repository) {}

  std::unique_ptr<git_repository, Free> repository_;
};

}  // namespace portcullis::revision

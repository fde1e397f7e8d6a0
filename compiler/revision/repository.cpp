#include "compiler/revision/repository.hpp"

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <git2.h>

#include "compiler/base/text.hpp"

namespace portcullis::revision {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t short_id = 10;  // characters

// For as long as the program runs.
struct Library {
  Library() { git_libgit2_init(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { git_libgit2_shutdown(); }
};

struct FreeObject {
  void operator()(git_object* object) const { git_object_free(object); }
};
using Object = std::unique_ptr<git_object, FreeObject>;

std::string last_error() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "no reason given" : error->message;
}

base::Diagnostic& complain(base::Diagnostics& diagnostics, const std::string& what, const std::string& why) {
  return diagnostics.add("PC1001", fmt::format("cannot read {}: {}", base::printable(what), base::printable(why)), {});
}

// Names of branches and tags, without what they are.
std::vector<std::string> reference_names(git_repository* repository) {
  std::vector<std::string> out;
  git_reference_iterator* raw = nullptr;
  if (git_reference_iterator_new(&raw, repository) != 0) return out;
  git_reference* reference = nullptr;
  while (git_reference_next(&reference, raw) == 0) {
    out.emplace_back(git_reference_shorthand(reference));
    git_reference_free(reference);
  }
  git_reference_iterator_free(raw);
  return out;
}

// A tag is peeled to what it is of.
Object find(git_repository* repository, const std::string& name, git_object_t type) {
  git_object* found = nullptr;
  if (git_revparse_single(&found, repository, name.c_str()) != 0) return nullptr;
  const Object holder(found);
  git_object* peeled = nullptr;
  return Object(git_object_peel(&peeled, holder.get(), type) == 0 ? peeled : nullptr);
}

void complain_of_revision(git_repository* repository, const std::string& name, base::Diagnostics& diagnostics) {
  base::Diagnostic& d =
      diagnostics.add("PC1001", fmt::format("no revision `{}` in the repository", base::printable(name)), {});
  const std::vector<std::string> known = reference_names(repository);
  const std::vector<std::string_view> names(known.begin(), known.end());
  if (const std::string_view near = base::nearest(name, names); !near.empty()) {
    d.hint = fmt::format("did you mean `{}`?", base::printable(near));
  } else if (git_repository_is_shallow(repository) == 1) {
    d.hint = "this clone is shallow: `git fetch --unshallow` brings the rest of the history";
  }
}

}  // namespace

void Repository::Free::operator()(git_repository* repository) const {
  git_repository_free(repository);
}

std::optional<Repository> Repository::here(base::Diagnostics& diagnostics) {
  static const Library library;
  git_repository* found = nullptr;
  const int error = git_repository_open_ext(&found, ".", 0, nullptr);
  if (error == 0) return Repository(found);
  if (error == GIT_ENOTFOUND) {
    diagnostics.add("PC1001", "neither the working directory nor one above it is a git repository", {}).hint =
        "a revision is one of the repository that the working directory lies in";
    return {};
  }
  base::Diagnostic& d = complain(diagnostics, "the git repository", last_error());
  if (error == GIT_EOWNER) d.hint = "`git config --global --add safe.directory DIRECTORY` if you trust its owner";
  return {};
}

std::optional<Tree> Repository::tree(const std::string& name, base::Diagnostics& diagnostics) const {
  Object commit = find(repository_.get(), name, GIT_OBJECT_COMMIT);
  if (commit == nullptr) {
    complain_of_revision(repository_.get(), name, diagnostics);
    return {};
  }
  git_object* tree = nullptr;
  if (git_object_peel(&tree, commit.get(), GIT_OBJECT_TREE) != 0) {
    complain(diagnostics, "the revision `" + name + "`", last_error());
    return {};
  }
  git_tree* root = nullptr;
  const Object holder(tree);
  if (git_tree_lookup(&root, repository_.get(), git_object_id(tree)) != 0) {
    complain(diagnostics, "the revision `" + name + "`", last_error());
    return {};
  }
  return Tree(repository_.get(), std::unique_ptr<git_tree, Tree::Free>(root), name);
}

std::optional<std::string> Repository::merge_base(const std::string& first, const std::string& second,
                                                  base::Diagnostics& diagnostics) const {
  const Object a = find(repository_.get(), first, GIT_OBJECT_COMMIT);
  const Object b = find(repository_.get(), second, GIT_OBJECT_COMMIT);
  if (a == nullptr) complain_of_revision(repository_.get(), first, diagnostics);
  if (b == nullptr) complain_of_revision(repository_.get(), second, diagnostics);
  if (a == nullptr || b == nullptr) return {};
  git_oid id{};
  if (git_merge_base(&id, repository_.get(), git_object_id(a.get()), git_object_id(b.get())) != 0) {
    diagnostics.add(
        "PC1001",
        fmt::format("`{}` and `{}` have no commit in common", base::printable(first), base::printable(second)), {});
    return {};
  }
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  git_oid_tostr(text.data(), text.size(), &id);
  return std::string(text.data(), short_id);
}

std::optional<std::string> Repository::below_root(const std::string& path) const {
  const char* root = git_repository_workdir(repository_.get());
  if (root == nullptr) return fs::path(path).lexically_normal().generic_string();  // a bare one has no other paths
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (error) return {};
  if (!whole.has_filename()) whole = whole.parent_path();  // `a/` is `a`
  // What the last part is, the revision says; on the way to it, the disk does.
  const fs::path parent = fs::weakly_canonical(whole.parent_path(), error);
  if (!error) whole = parent / whole.filename();
  fs::path base = fs::weakly_canonical(root, error);
  if (error) base = root;
  const std::string below = whole.lexically_relative(base).generic_string();
  if (below.empty() || below == ".." || below.starts_with("../")) return {};
  return below == "." ? "" : below;
}

std::optional<std::string> Repository::below_root(const std::string& path, base::Diagnostics& diagnostics) const {
  std::optional<std::string> below = below_root(path);
  if (!below) complain(diagnostics, "`" + path + "` of a revision", "it is not in the git repository");
  return below;
}

}  // namespace portcullis::revision

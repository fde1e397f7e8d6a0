#include "compiler/revision/tree.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <git2.h>

#include "compiler/base/text.hpp"

namespace portcullis::revision {

namespace {

constexpr int most_links = 40;  // as of the kernel, one after the other
constexpr std::size_t most_bytes = std::size_t{1} << 30;

using TreePointer = std::unique_ptr<git_tree, Tree::Free>;
struct FreeBlob {
  void operator()(git_blob* blob) const { git_blob_free(blob); }
};
using BlobPointer = std::unique_ptr<git_blob, FreeBlob>;

// What a path leads to.
struct Found {
  enum class Kind { file, directory, nothing };
  Kind kind = Kind::nothing;
  std::string path;  // from the root, no links in it
  git_oid id{};
  std::string why;   // of nothing
  std::string near;  // of nothing: a name that was perhaps meant
};

std::string join(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, "/"));
}

std::string below(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

class Reader {
 public:
  Reader(git_repository* repository, git_tree* root) : repository_(repository), root_(root) {}

  // Follows links; `path` may hold `.` and `..`.
  [[nodiscard]] Found find(std::string_view path) const {
    std::deque<std::string> ahead;
    push_front(ahead, path);
    std::vector<std::string> at;
    int links = 0;
    while (!ahead.empty()) {
      const std::string part = std::move(ahead.front());
      ahead.pop_front();
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        if (at.empty()) return nothing("it leads out of the repository");
        at.pop_back();
        continue;
      }
      const TreePointer tree = directory(at);
      const git_tree_entry* entry = tree == nullptr ? nullptr : git_tree_entry_byname(tree.get(), part.c_str());
      if (entry == nullptr) return missing(tree.get(), at, part);
      switch (git_tree_entry_filemode(entry)) {
        case GIT_FILEMODE_TREE:
          at.push_back(part);
          break;
        case GIT_FILEMODE_COMMIT:
          return nothing("it is a submodule, whose files are in another repository");
        case GIT_FILEMODE_LINK: {
          const auto target = text(*git_tree_entry_id(entry));
          if (!target) return nothing("its link cannot be read");
          if (target->starts_with('/')) return nothing("its link leads out of the repository");
          if (++links > most_links) return nothing("too many links");
          push_front(ahead, *target);
          break;
        }
        default:
          if (!ahead.empty()) return nothing(fmt::format("`{}` is no directory", below(join(at), part)));
          at.push_back(part);
          return {Found::Kind::file, join(at), *git_tree_entry_id(entry), {}, {}};
      }
    }
    const TreePointer tree = directory(at);
    if (tree == nullptr) return nothing("its directory cannot be read");
    return {Found::Kind::directory, join(at), *git_tree_id(tree.get()), {}, {}};
  }

  [[nodiscard]] std::optional<std::string> text(const git_oid& id) const {
    git_blob* raw = nullptr;
    if (git_blob_lookup(&raw, repository_, &id) != 0) return {};
    const BlobPointer blob(raw);
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob.get()));
    if (size > most_bytes) return {};
    return std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size);
  }

  [[nodiscard]] TreePointer directory(const git_oid& id) const {
    git_tree* tree = nullptr;
    return TreePointer(git_tree_lookup(&tree, repository_, &id) == 0 ? tree : nullptr);
  }

 private:
  // Parts of a path that holds no links.
  [[nodiscard]] TreePointer directory(const std::vector<std::string>& parts) const {
    git_tree* copy = nullptr;
    if (parts.empty()) return TreePointer(git_tree_dup(&copy, root_) == 0 ? copy : nullptr);
    git_tree_entry* entry = nullptr;
    if (git_tree_entry_bypath(&entry, root_, join(parts).c_str()) != 0) return nullptr;
    const git_oid id = *git_tree_entry_id(entry);
    git_tree_entry_free(entry);
    return directory(id);
  }

  static void push_front(std::deque<std::string>& ahead, std::string_view path) {
    const std::vector<std::string_view> parts = base::split(path, '/');
    ahead.insert(ahead.begin(), parts.begin(), parts.end());
  }
  static Found nothing(std::string why) { return {Found::Kind::nothing, {}, {}, std::move(why), {}}; }
  static Found missing(const git_tree* tree, const std::vector<std::string>& at, const std::string& part) {
    Found out = nothing("the revision has no such path");
    std::vector<std::string_view> names;
    const std::size_t count = tree == nullptr ? 0 : git_tree_entrycount(tree);
    for (std::size_t i = 0; i < count; ++i) names.emplace_back(git_tree_entry_name(git_tree_entry_byindex(tree, i)));
    if (const std::string_view near = base::nearest(part, names); !near.empty()) out.near = below(join(at), near);
    return out;
  }

  git_repository* repository_;
  git_tree* root_;
};

class Walk {
 public:
  Walk(const Reader& reader, const std::string& revision, const std::function<bool(std::string_view)>& wanted,
       base::Diagnostics& diagnostics)
      : reader_(reader), revision_(revision), wanted_(wanted), diagnostics_(diagnostics) {}

  void add(const std::string& path) {
    const Found found = reader_.find(path);
    switch (found.kind) {
      case Found::Kind::nothing:
        return fail(path, found);
      case Found::Kind::file:
        return add_file(path, found, true);
      case Found::Kind::directory:
        break;
    }
    std::vector<std::pair<std::string, Found>> files;
    walk(path, found, files);
    std::ranges::sort(files, {}, [](const auto& file) -> const std::string& { return file.first; });
    for (const auto& [shown, file] : files) add_file(shown, file, false);
  }

  [[nodiscard]] std::optional<std::vector<File>> take() {
    if (failed_) return {};
    return std::move(files_);
  }

 private:
  // By an explicit stack: directories can lie deeper than ours. A loop of links ends where it would begin again.
  void walk(const std::string& path, const Found& root, std::vector<std::pair<std::string, Found>>& files) {
    std::set<std::string> seen;
    std::vector<std::pair<std::string, Found>> open{{path, root}};
    while (!open.empty()) {
      const auto [shown, directory] = std::move(open.back());
      open.pop_back();
      if (!seen.insert(directory.path).second) continue;
      const TreePointer tree = reader_.directory(directory.id);
      if (tree == nullptr) {
        fail(shown, {Found::Kind::nothing, {}, {}, "its directory cannot be read", {}});
        continue;
      }
      // Back to front: of two ways to one directory the first is kept.
      for (std::size_t i = git_tree_entrycount(tree.get()); i-- > 0;)
        entry(shown, directory, git_tree_entry_byindex(tree.get(), i), open, files);
    }
  }

  void entry(const std::string& shown, const Found& directory, const git_tree_entry* entry,
             std::vector<std::pair<std::string, Found>>& open, std::vector<std::pair<std::string, Found>>& files) {
    const std::string name = git_tree_entry_name(entry);
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    const bool wanted = wanted_(name);
    if (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE) {
      if (wanted)
        files.push_back(
            {below(shown, name), {Found::Kind::file, below(directory.path, name), *git_tree_entry_id(entry), {}, {}}});
      return;
    }
    if (mode == GIT_FILEMODE_TREE) {
      open.push_back({below(shown, name),
                      {Found::Kind::directory, below(directory.path, name), *git_tree_entry_id(entry), {}, {}}});
      return;
    }
    Found found = reader_.find(below(directory.path, name));
    switch (found.kind) {
      case Found::Kind::directory:
        open.push_back({below(shown, name), std::move(found)});
        return;
      case Found::Kind::file:
        if (wanted) files.push_back({below(shown, name), std::move(found)});
        return;
      case Found::Kind::nothing:
        // On disk such a link would be followed, such a submodule read: what is there is not known.
        if (wanted || mode == GIT_FILEMODE_COMMIT) fail(below(shown, name), found);
        return;
    }
  }

  void add_file(const std::string& shown, const Found& found, bool named) {
    if (!seen_.insert(found.path).second) return;
    std::optional<std::string> text = reader_.text(found.id);
    if (!text) return fail(shown, {Found::Kind::nothing, {}, {}, "its object cannot be read", {}});
    files_.push_back({shown, std::move(*text), named});
  }

  void fail(const std::string& path, const Found& found) {
    failed_ = true;
    base::Diagnostic& d = diagnostics_.add(
        "PC1001", fmt::format("cannot read `{}`: {}", base::printable(revision_ + ":" + path), found.why), {});
    if (!found.near.empty()) d.hint = fmt::format("did you mean `{}`?", base::printable(found.near));
  }

  const Reader& reader_;
  const std::string& revision_;
  const std::function<bool(std::string_view)>& wanted_;
  base::Diagnostics& diagnostics_;
  std::set<std::string> seen_;
  std::vector<File> files_;
  bool failed_ = false;
};

}  // namespace

void Tree::Free::operator()(git_tree* tree) const {
  git_tree_free(tree);
}

Tree::Tree(git_repository* repository, std::unique_ptr<git_tree, Free> root, std::string name)
    : repository_(repository), root_(std::move(root)), name_(std::move(name)) {}

std::optional<std::vector<File>> Tree::files(const std::vector<std::string>& paths,
                                             const std::function<bool(std::string_view)>& wanted,
                                             base::Diagnostics& diagnostics) const {
  const Reader reader(repository_, root_.get());
  Walk walk(reader, name_, wanted, diagnostics);
  for (const std::string& path : paths) walk.add(path);
  return walk.take();
}

std::optional<std::string> Tree::text(const std::string& path) const {
  const Reader reader(repository_, root_.get());
  const Found found = reader.find(path);
  if (found.kind != Found::Kind::file) return {};
  return reader.text(found.id);
}

}  // namespace portcullis::revision

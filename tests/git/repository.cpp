#include "tests/git/repository.hpp"

#include <array>
#include <memory>
#include <stdexcept>

#include <git2.h>

namespace portcullis::tests {

namespace {

void must(int error) {
  if (error >= 0) return;
  const git_error* last = git_error_last();
  throw std::runtime_error(std::string("libgit2: ") + (last == nullptr ? "?" : last->message));
}

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* value) const { release(value); }
};
using Index = std::unique_ptr<git_index, Release<git_index, git_index_free>>;
using Tree = std::unique_ptr<git_tree, Release<git_tree, git_tree_free>>;
using Commit = std::unique_ptr<git_commit, Release<git_commit, git_commit_free>>;
using Object = std::unique_ptr<git_object, Release<git_object, git_object_free>>;
using Signature = std::unique_ptr<git_signature, Release<git_signature, git_signature_free>>;

std::string text(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ + 1> out{};
  return git_oid_tostr(out.data(), out.size(), &id);
}

git_oid id_of(const std::string& hex) {
  git_oid id{};
  must(git_oid_fromstr(&id, hex.c_str()));
  return id;
}

unsigned mode(Blob::Kind kind) {
  switch (kind) {
    case Blob::Kind::file:
      return GIT_FILEMODE_BLOB;
    case Blob::Kind::link:
      return GIT_FILEMODE_LINK;
    case Blob::Kind::submodule:
      return GIT_FILEMODE_COMMIT;
  }
  return 0;
}

git_oid write_tree(git_repository* repository, const std::map<std::string, Blob>& files) {
  git_index* raw = nullptr;
  must(git_index_new(&raw));
  const Index index(raw);
  for (const auto& [path, blob] : files) {
    git_index_entry entry{};
    entry.path = path.c_str();
    entry.mode = mode(blob.kind);
    if (blob.kind == Blob::Kind::submodule) {
      entry.id = id_of(std::string(GIT_OID_HEXSZ, '1'));
    } else {
      must(git_blob_create_from_buffer(&entry.id, repository, blob.text.data(), blob.text.size()));
    }
    must(git_index_add(index.get(), &entry));
  }
  git_oid tree{};
  must(git_index_write_tree_to(&tree, index.get(), repository));
  return tree;
}

}  // namespace

GitRepository::GitRepository(const std::string& directory) {
  git_libgit2_init();
  must(git_repository_init(&repository_, directory.c_str(), 0));
}

GitRepository::~GitRepository() {
  git_repository_free(repository_);
  git_libgit2_shutdown();
}

std::string GitRepository::commit(const std::string& branch, const std::map<std::string, Blob>& files,
                                  const std::string& from) {
  const std::string reference = "refs/heads/" + branch;
  const git_oid tree_id = write_tree(repository_, files);
  git_tree* tree_raw = nullptr;
  must(git_tree_lookup(&tree_raw, repository_, &tree_id));
  const Tree tree(tree_raw);
  git_oid parent_id{};
  bool has_parent = git_reference_name_to_id(&parent_id, repository_, reference.c_str()) == 0;
  if (!has_parent && !from.empty()) {
    parent_id = id_of(from);
    has_parent = true;
  }
  Commit parent;
  if (has_parent) {
    git_commit* raw = nullptr;
    must(git_commit_lookup(&raw, repository_, &parent_id));
    parent.reset(raw);
  }
  git_signature* signature_raw = nullptr;
  must(git_signature_new(&signature_raw, "A test", "test@example.com", 1'700'000'000, 0));
  const Signature signature(signature_raw);
  std::array<const git_commit*, 1> parents{parent.get()};
  git_oid id{};
  must(git_commit_create(&id, repository_, nullptr, signature.get(), signature.get(), nullptr, "a change", tree.get(),
                         has_parent ? 1 : 0, parents.data()));
  git_reference* moved = nullptr;
  must(git_reference_create(&moved, repository_, reference.c_str(), &id, 1, nullptr));
  git_reference_free(moved);
  return text(id);
}

void GitRepository::tag(const std::string& name, const std::string& id) {
  const git_oid target = id_of(id);
  git_object* raw = nullptr;
  must(git_object_lookup(&raw, repository_, &target, GIT_OBJECT_COMMIT));
  const Object object(raw);
  git_oid made{};
  must(git_tag_create_lightweight(&made, repository_, name.c_str(), object.get(), 0));
}

void GitRepository::head(const std::string& branch) {
  must(git_repository_set_head(repository_, ("refs/heads/" + branch).c_str()));
}

}  // namespace portcullis::tests

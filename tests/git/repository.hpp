// A git repository made for one test.
#pragma once

#include <map>
#include <memory>
#include <string>

struct git_repository;

namespace portcullis::tests {

// What a path of a commit is.
struct Blob {
  enum class Kind { file, link, submodule };
  std::string text;  // of a link: where it leads
  Kind kind = Kind::file;
};

class GitRepository {
 public:
  // In `directory`, which exists.
  explicit GitRepository(const std::string& directory);
  ~GitRepository();
  GitRepository(const GitRepository&) = delete;
  GitRepository& operator=(const GitRepository&) = delete;

  // The next commit of `branch` holds these files and nothing else. Its first parent is the branch's last commit; of a
  // new branch, `from` (an id), or none. Neither the index nor the work tree is touched. Returns the id.
  std::string commit(const std::string& branch, const std::map<std::string, Blob>& files, const std::string& from = {});
  void tag(const std::string& name, const std::string& id);
  // HEAD becomes this branch.
  void head(const std::string& branch);

 private:
  git_repository* repository_ = nullptr;
};

}  // namespace portcullis::tests

// What a revision holds at a path, and what is said where it holds nothing.
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/manifest/read.hpp"
#include "compiler/revision/repository.hpp"
#include "tests/git/repository.hpp"

namespace portcullis::tests {

namespace {

namespace fs = std::filesystem;

// A directory for one test, entered and removed again.
class Folder {
 public:
  Folder() : before_(fs::current_path()) {
    std::string name = (fs::temp_directory_path() / "portcullis-revision-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory");
    path_ = fs::canonical(name);
    fs::create_directories(path_ / "work" / "shop");
    fs::current_path(path_ / "work");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string work() const { return (path_ / "work").string(); }

 private:
  fs::path path_, before_;
};

constexpr auto link = Blob::Kind::link;
constexpr auto submodule = Blob::Kind::submodule;

// `path=text` of each file, those that were named with a `!`; or the findings.
std::string found(const revision::Repository& repository, const std::string& revision,
                  const std::vector<std::string>& paths) {
  base::Diagnostics diagnostics;
  std::string out;
  if (const auto tree = repository.tree(revision, diagnostics)) {
    std::vector<std::string> below;
    for (const std::string& path : paths) {
      if (const auto inside = repository.below_root(path, diagnostics)) below.push_back(*inside);
    }
    if (below.size() == paths.size()) {
      if (const auto files = tree->files(below, manifest::is_manifest_name, diagnostics)) {
        for (const revision::File& f : *files)
          out += fmt::format("{}{}{}={}", out.empty() ? "" : " ", f.named ? "!" : "", f.path, f.text);
      }
    }
  }
  for (const base::Diagnostic& d : diagnostics.all())
    out += fmt::format("{}: {}{}", d.code, d.message, d.hint.empty() ? "" : " (" + d.hint + ")");
  return out;
}

}  // namespace

TEST_CASE("revision: the files of a path, as on disk") {
  const Folder folder;
  GitRepository made(folder.work());
  const std::string first = made.commit("main", {{"web.yaml", {"1"}},
                                                 {"read.me", {"2"}},
                                                 {"shop/b.yml", {"3"}},
                                                 {"shop/a.json", {"4"}},
                                                 {"shop/deep/c.yaml", {"5"}},
                                                 {"shop-x.yaml", {"6"}}});
  made.commit("main", {{"web.yaml", {"7"}}});
  made.commit("links", {{"shop/a.yaml", {"1"}},
                        {"shop/again.yaml", {"a.yaml", link}},
                        {"shop/up", {"..", link}},
                        {"shop/gone.txt", {"nowhere", link}},
                        {"other/c.yaml", {"2"}},
                        {"env/prod", {"../other", link}},
                        {"env/one.yaml", {"prod/c.yaml", link}},
                        {"round", {"round", link}}});
  made.head("main");
  made.tag("v1", first);
  base::Diagnostics diagnostics;
  const auto repository = revision::Repository::here(diagnostics);
  REQUIRE(repository);
  struct Row {
    std::string revision;
    std::vector<std::string> paths;
    std::string files;
  };
  const std::vector<Row> rows{
      {"main", {"."}, "web.yaml=7"},
      {"HEAD", {"web.yaml"}, "!web.yaml=7"},
      {"v1", {"web.yaml", "./web.yaml"}, "!web.yaml=1"},
      {"HEAD~1", {"shop"}, "shop/a.json=4 shop/b.yml=3 shop/deep/c.yaml=5"},
      {"v1", {"shop/", "shop/deep/../b.yml"}, "shop/a.json=4 shop/b.yml=3 shop/deep/c.yaml=5"},
      {"v1", {"read.me"}, "!read.me=2"},
      {first.substr(0, 8), {"shop-x.yaml"}, "!shop-x.yaml=6"},
      // Links: each file once, by its first name; loops end.
      {"links", {"shop"}, "shop/a.yaml=1 shop/up/env/one.yaml=2"},
      {"links", {"env/prod"}, "env/prod/c.yaml=2"},
      {"links", {"env"}, "env/one.yaml=2"},
      {"links", {"env/one.yaml", "other"}, "!env/one.yaml=2"},
  };
  for (const Row& row : rows) {
    INFO(row.revision << " " << row.paths.front());
    CHECK(found(*repository, row.revision, row.paths) == row.files);
  }
  // From a directory below.
  fs::current_path(folder.work() + "/shop");
  const auto below = revision::Repository::here(diagnostics);
  REQUIRE(below);
  CHECK(found(*below, "v1", {"deep"}) == "shop/deep/c.yaml=5");
  CHECK(found(*below, "v1", {"../web.yaml"}) == "!web.yaml=1");
}

TEST_CASE("revision: what is not there is said, with the nearest name") {
  const Folder folder;
  GitRepository made(folder.work());
  const std::string first = made.commit("main", {{"shop/web.yaml", {"1"}}});
  made.commit("release", {{"shop/web.yaml", {"1"}}}, first);
  made.commit("alone", {{"shop/web.yaml", {"1"}},
                        {"lib", {"", submodule}},
                        {"out.yaml", {"/etc/x.yaml", link}},
                        {"up.yaml", {"../x.yaml", link}},
                        {"round.yaml", {"round.yaml", link}}});
  made.head("main");
  base::Diagnostics diagnostics;
  const auto repository = revision::Repository::here(diagnostics);
  REQUIRE(repository);
  struct Row {
    std::string revision, path, finding;
  };
  const std::vector<Row> rows{
      {"relaese", ".", "PC1001: no revision `relaese` in the repository (did you mean `release`?)"},
      {"v7", ".", "PC1001: no revision `v7` in the repository"},
      {"main", "shop/web.yml",
       "PC1001: cannot read `main:shop/web.yml`: the revision has no such path (did you mean `shop/web.yaml`?)"},
      {"main", "sop/web.yaml",
       "PC1001: cannot read `main:sop/web.yaml`: the revision has no such path (did you mean `shop`?)"},
      {"main", "shop/web.yaml/x", "PC1001: cannot read `main:shop/web.yaml/x`: `shop/web.yaml` is no directory"},
      {"main", "../x.yaml", "PC1001: cannot read `../x.yaml` of a revision: it is not in the git repository"},
      {"alone", "lib", "PC1001: cannot read `alone:lib`: it is a submodule, whose files are in another repository"},
      {"alone", "out.yaml", "PC1001: cannot read `alone:out.yaml`: its link leads out of the repository"},
      {"alone", "up.yaml", "PC1001: cannot read `alone:up.yaml`: it leads out of the repository"},
      {"alone", "round.yaml", "PC1001: cannot read `alone:round.yaml`: too many links"},
  };
  for (const Row& row : rows) {
    INFO(row.revision << " " << row.path);
    CHECK(found(*repository, row.revision, {row.path}) == row.finding);
  }
}

TEST_CASE("revision: where a branch left another") {
  const Folder folder;
  GitRepository made(folder.work());
  const std::string first = made.commit("main", {{"web.yaml", {"1"}}});
  made.commit("topic", {{"web.yaml", {"2"}}}, first);
  made.commit("main", {{"web.yaml", {"3"}}});
  made.commit("alone", {{"web.yaml", {"4"}}});
  base::Diagnostics diagnostics;
  const auto repository = revision::Repository::here(diagnostics);
  REQUIRE(repository);
  CHECK(repository->merge_base("main", "topic", diagnostics) == first.substr(0, 10));
  CHECK(diagnostics.all().empty());
  CHECK_FALSE(repository->merge_base("main", "alone", diagnostics));
  CHECK_FALSE(repository->merge_base("mian", "topic", diagnostics));
  REQUIRE(diagnostics.all().size() == 2);
  CHECK(diagnostics.all()[0].message == "`main` and `alone` have no commit in common");
  CHECK(diagnostics.all()[1].hint == "did you mean `main`?");
}

TEST_CASE("revision: no repository is said") {
  const Folder folder;
  base::Diagnostics diagnostics;
  CHECK_FALSE(revision::Repository::here(diagnostics));
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].message == "neither the working directory nor one above it is a git repository");
}

}  // namespace portcullis::tests

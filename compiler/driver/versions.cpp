#include "compiler/driver/versions.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/revision/repository.hpp"

namespace portcullis::driver {

namespace {

constexpr const char* forms =
    "diff takes two paths, or a revision: portcullis diff BASE HEAD, portcullis diff REVISION -- PATH";
constexpr const char* working_tree = "the working tree";

bool is_path(const std::string& word) {
  std::error_code ignored;
  return word == "-" || std::filesystem::exists(word, ignored);
}

Versions of_revisions(const std::vector<std::string>& revisions, const std::vector<std::string>& paths) {
  const auto of = [&](const std::string& name) {
    const std::string revision = name.empty() ? "HEAD" : name;
    return Version{revision, revision, paths};
  };
  if (revisions.size() == 2) return {of(revisions[0]), of(revisions[1]), false};
  const std::string& word = revisions.front();
  const std::size_t dots = word.find("..");
  if (dots == std::string::npos) return {of(word), {working_tree, {}, paths}, false};
  const bool from_fork = word.compare(dots, 3, "...") == 0;
  return {of(word.substr(0, dots)), of(word.substr(dots + (from_fork ? 3 : 2))), from_fork};
}

class Loader {
 public:
  Loader(Session& session, const revision::Repository& repository) : session_(session), repository_(repository) {}

  Loaded load(const Version& version) {
    if (!version.revision) return driver::load(session_, Unit{"", version.paths}, false);
    std::optional<Past> past = read(version);
    if (past) return driver::load(session_, std::move(*past));
    session_.unreadable = true;
    return {};
  }

 private:
  [[nodiscard]] std::optional<Past> read(const Version& version) const {
    const auto tree = repository_.tree(*version.revision, session_.diagnostics);
    if (!tree) return {};
    std::vector<std::string> paths;
    for (const std::string& path : version.paths) {
      const auto below = repository_.below_root(path, session_.diagnostics);
      if (!below) return {};
      paths.push_back(*below);
    }
    auto files = tree->files(paths, manifest::is_manifest_name, session_.diagnostics);
    if (!files) return {};
    Past past;
    past.name = tree->name();
    const auto name = [&](const std::string& path) { return tree->name() + ":" + path; };
    for (revision::File& file : *files) past.files.push_back({name(file.path), std::move(file.text), file.named});
    if (const auto lock = repository_.below_root(session_.settings.lock_path)) {
      past.has_lock = true;
      if (auto text = tree->text(*lock)) past.lock = {name(*lock), std::move(*text), true};
    }
    return past;
  }

  Session& session_;
  const revision::Repository& repository_;
};

}  // namespace

std::optional<Versions> versions_of(const DiffCommand& command) {
  const std::vector<std::string>& words = command.common.paths;
  const auto refuse = [](std::string_view why) -> std::optional<Versions> {
    complain(why);
    return {};
  };
  std::vector<std::string> revisions, paths;
  if (command.below) {
    revisions = words;
    paths = *command.below;
  } else {
    const auto first_path = std::ranges::find_if(words, is_path);
    revisions.assign(words.begin(), first_path);
    paths.assign(first_path, words.end());
  }
  if (revisions.empty()) {
    if (command.below || paths.size() != 2) return refuse(forms);
    return Versions{{paths[0], {}, {paths[0]}}, {paths[1], {}, {paths[1]}}, false};
  }
  const bool range =
      std::ranges::any_of(revisions, [](const std::string& r) { return r.find("..") != std::string::npos; });
  if (revisions.size() > 2 || (range && revisions.size() > 1)) return refuse(forms);
  if (paths.empty()) paths.emplace_back(".");
  if (std::ranges::find(paths, "-") != paths.end()) return refuse("a revision has no standard input: name its paths");
  return of_revisions(revisions, paths);
}

BothLoaded load(Session& session, Versions& versions) {
  if (!versions.before.revision) {
    Loaded before = load(session, Unit{"", versions.before.paths}, false);
    return {std::move(before), load(session, Unit{"", versions.after.paths}, false)};
  }
  const auto repository = revision::Repository::here(session.diagnostics);
  if (repository && versions.from_fork) {
    const auto fork = repository->merge_base(*versions.before.revision, *versions.after.revision, session.diagnostics);
    session.unreadable |= !fork;
    if (fork) versions.before.name = *(versions.before.revision = fork);
  }
  if (!repository || session.unreadable) {
    session.unreadable = true;
    return {};
  }
  Loader loader(session, *repository);
  Loaded before = loader.load(versions.before);
  return {std::move(before), loader.load(versions.after)};
}

}  // namespace portcullis::driver

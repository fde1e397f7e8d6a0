#include "compiler/manifest/walk.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::manifest {

namespace {

namespace fs = std::filesystem;

std::string identity_of(const fs::path& path) {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  return error ? path.lexically_normal().string() : resolved.string();
}

class Walk {
 public:
  Walk(base::Diagnostics& diagnostics, bool& unreadable) : diagnostics_(diagnostics), unreadable_(unreadable) {}

  void add(const std::string& path) {
    if (path == "-") return add_file(path, "-", true);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return fail(path, error ? error.message() : "No such file or directory");
    if (fs::is_directory(status)) {
      std::vector<std::string> found;
      walk(path, found);
      std::ranges::sort(found);
      for (const std::string& file : found) add_file(file, identity_of(file), false);
    } else {
      add_file(path, identity_of(path), true);
    }
  }
  std::vector<FoundFile> take() { return std::move(files_); }

 private:
  void add_file(const std::string& path, const std::string& identity, bool named) {
    if (seen_files_.insert(identity).second) files_.push_back({path, named});
  }

  // By an explicit stack: directories can lie deeper than ours.
  void walk(const std::string& root, std::vector<std::string>& found) {
    std::set<std::string> seen;  // canonical directories: a loop of links ends here
    std::vector<fs::path> open{root};
    while (!open.empty()) {
      const fs::path directory = std::move(open.back());
      open.pop_back();
      if (!seen.insert(identity_of(directory)).second) continue;
      std::vector<fs::path> below;
      std::error_code error;
      for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
        std::error_code unused;
        if (at->is_directory(unused)) {
          below.push_back(at->path());
        } else if (is_manifest_name(at->path().filename().string()) && at->is_regular_file(unused)) {
          found.push_back(at->path().string());
        }
      }
      if (error) fail(directory.string(), error.message());
      // In a fixed order: of two ways to one directory the first is kept.
      std::ranges::sort(below, std::ranges::greater{});
      std::ranges::move(below, std::back_inserter(open));
    }
  }

  void fail(const std::string& path, const std::string& reason) {
    diagnostics_.add("PC1001", fmt::format("cannot read `{}`: {}", base::printable(path), reason), {});
    unreadable_ = true;
  }

  base::Diagnostics& diagnostics_;
  bool& unreadable_;
  std::vector<FoundFile> files_;
  std::set<std::string> seen_files_;
};

}  // namespace

bool is_manifest_name(std::string_view name) {
  const std::string extension = fs::path(name).extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

std::vector<FoundFile> find_files(const std::vector<std::string>& paths, base::Diagnostics& diagnostics,
                                  bool& unreadable) {
  Walk walk(diagnostics, unreadable);
  for (const std::string& path : paths) walk.add(path);
  return walk.take();
}

}  // namespace portcullis::manifest

#include "compiler/driver/policy_files.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/policy/parse.hpp"
#include "compiler/policy/values.hpp"

namespace portcullis::driver {

namespace {

namespace fs = std::filesystem;

void cannot_read(const std::string& path, const std::string& why, Session& session) {
  session.unreadable = true;
  session.diagnostics.add("PC1001", fmt::format("cannot read the policy {}: {}", path, why), {});
}

// A file is itself, whatever its name.
std::vector<std::string> files_of(const std::string& path, Session& session) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".policy" && at->is_regular_file()) files.push_back(at->path().generic_string());
  }
  if (error) cannot_read(path, error.message(), session);
  if (!error && files.empty()) cannot_read(path, "no *.policy in this directory", session);
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<policy::SyntaxTree> read_policies(const std::vector<std::string>& paths, Session& session) {
  std::vector<policy::SyntaxTree> trees;
  for (const std::string& path : paths) {
    for (const std::string& file : files_of(path, session)) {
      std::string text;
      if (const base::FileError error = base::read_file(file, text)) {
        cannot_read(file, *error, session);
        continue;
      }
      base::Diagnostics own;
      trees.push_back(policy::parse(session.sources.add(file, std::move(text)), session.sources, own));
      session.unreadable |= own.has_errors();
      session.diagnostics.merge(std::move(own));
    }
  }
  return trees;
}

std::optional<std::chrono::year_month_day> day(const std::optional<std::string>& text) {
  if (!text) return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const auto date = policy::parse_date(*text);
  if (!date) complain(fmt::format("--now takes a day that exists, such as 2027-03-01; this is `{}`", *text));
  return date;
}

}  // namespace portcullis::driver

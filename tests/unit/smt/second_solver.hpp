// cvc5 as a judge of dumped queries. Where it is not installed, a test says so and does without.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace portcullis::tests {

// An empty folder for dumps, removed at the end.
class DumpFolder {
 public:
  explicit DumpFolder(const std::string& name) : path_(std::filesystem::temp_directory_path() / name) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directory(path_);
  }
  ~DumpFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  DumpFolder(const DumpFolder&) = delete;
  DumpFolder& operator=(const DumpFolder&) = delete;
  DumpFolder(DumpFolder&&) = delete;
  DumpFolder& operator=(DumpFolder&&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// First line of what a command says.
inline std::string first_line(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string line;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF && c != '\n';) line.push_back(static_cast<char>(c));
  return line;
}

inline bool has_second_solver() {
  const bool has = !first_line("command -v cvc5").empty();
  if (!has) WARN("SKIPPED: cvc5 is not installed, no second solver judged the queries");
  return has;
}

// The answer that stands in a dumped query.
inline std::string status_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  const std::string key = "(set-info :status ";
  while (std::getline(in, line)) {
    if (line.starts_with(key)) return line.substr(key.size(), line.size() - key.size() - 1);
  }
  return "no status";
}

struct Judgement {
  std::size_t satisfiable = 0, unsatisfiable = 0;
  std::vector<std::string> disagreements;  // `conflict-TCP-80.smt2: sat, cvc5 says unsat`
};

// Every query in the folder and below.
inline Judgement judge_again(const std::filesystem::path& folder) {
  Judgement judgement;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    const std::string ours = status_of(file.path());
    const std::string theirs = first_line(fmt::format("cvc5 -q '{}' 2>&1", file.path().string()));
    judgement.satisfiable += theirs == "sat" ? 1 : 0;
    judgement.unsatisfiable += theirs == "unsat" ? 1 : 0;
    if (ours != theirs)
      judgement.disagreements.push_back(
          fmt::format("{}: {}, cvc5 says {}", file.path().filename().string(), ours, theirs));
  }
  return judgement;
}

inline Judgement judge_again(const DumpFolder& folder) {
  return judge_again(std::filesystem::path(folder.path()));
}

}  // namespace portcullis::tests

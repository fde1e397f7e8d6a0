// The API server's answers as the test compares them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace portcullis::conformance {

using Errors = std::set<std::pair<std::string, std::string>>;  // field, reason

struct AnswerRow {
  std::string id;
  std::string object;  // JSON text
  bool accepted = false;
  Errors errors;
};
// One JSON object a line. Empty if there is no such file.
[[nodiscard]] std::vector<AnswerRow> read_answers(const std::string& path);

// What reading and validating say to an object. Empty: accepted.
struct Verdict {
  bool accepted = true;
  Errors errors;
  std::string words;  // the findings, for a failing test
};
[[nodiscard]] Verdict verdict(const std::string& object);

// The server stops after cluster IPs, families and node ports if one of them is wrong, and we do not: then more
// findings are right.
[[nodiscard]] bool of_allocation(const Errors& errors);
[[nodiscard]] bool agree(const AnswerRow& row, const Verdict& ours);

// id → reason.
[[nodiscard]] std::map<std::string, std::string> read_exceptions(const std::string& path);

}  // namespace portcullis::conformance

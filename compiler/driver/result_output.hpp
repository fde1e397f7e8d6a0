// `-o` of commands that print one result in a form of choice: `-o json`, `-o yaml=FILE`, besides `-o sarif=FILE` for
// the findings.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/driver/findings_output.hpp"

namespace portcullis::driver {

struct ResultOutput {
  std::string form;                 // one of the known ones
  std::optional<std::string> file;  // nothing: standard output
};
struct ResultOutputs {
  std::vector<ResultOutput> results;  // at least one; at most one of them to standard output
  std::vector<FindingsOutput> findings;
};
// The first of `forms` is the default. Nothing if an option makes no sense, which has been said.
[[nodiscard]] std::optional<ResultOutputs> parse_result_outputs(const std::vector<std::string>& outputs,
                                                                std::span<const std::string_view> forms);

// False, with a complaint, if it could not be written.
[[nodiscard]] bool write_result(const ResultOutput& output, std::string_view text);

}  // namespace portcullis::driver

// Where findings go: `-o FORMAT`, `-o FORMAT=FILE`, and standard error for commands whose result is something else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/driver/session.hpp"
#include "compiler/report/findings.hpp"

namespace portcullis::driver {

struct FindingsOutput {
  report::Format format{};
  std::optional<std::string> file;  // nothing: standard output
};
// `json`, `sarif=FILE`; nothing if the part before `=` is no format.
[[nodiscard]] std::optional<FindingsOutput> parse_findings_output(std::string_view text);

// What -o says, for commands whose result is their findings: text without one. Nothing if an option makes no sense,
// which has been said.
[[nodiscard]] std::optional<std::vector<FindingsOutput>> findings_outputs_of(const Common& common);

// Writes the findings and proofs to each output; false if one could not be written. `explain`: as text, every proof.
[[nodiscard]] bool write_findings(const Session& session, const std::vector<FindingsOutput>& outputs,
                                  bool explain = false);

// The same for commands whose result is their proofs: as text, these alone.
[[nodiscard]] bool write_verdicts(const Session& session, const std::vector<FindingsOutput>& outputs, bool explain);

// On standard error, for commands other than lint: errors, what the result lacks (limits of a backend, objects that are
// not read), and the rest with -v.
void print_findings_to_stderr(const Session& session);

}  // namespace portcullis::driver

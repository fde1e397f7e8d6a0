// The policies of the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/session.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::driver {

// Every file, and every *.policy of a directory and those below, sorted. What cannot be read, or has a sentence that
// cannot (PC4001), makes the session unreadable.
[[nodiscard]] std::vector<policy::SyntaxTree> read_policies(const std::vector<std::string>& paths, Session& session);

// `2027-03-01`; without a text today (UTC). Nothing, with a complaint, for what is no day.
[[nodiscard]] std::optional<std::chrono::year_month_day> day(const std::optional<std::string>& text);

}  // namespace portcullis::driver

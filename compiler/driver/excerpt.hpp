// A piece of a ruleset's text, in a report.
#pragma once

#include <string>
#include <string_view>

namespace portcullis::driver {

// A rule on one line, and no longer than a report can bear.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace portcullis::driver

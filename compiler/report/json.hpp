// JSON output: keys in the order in which they are written, UTF-8 in every case.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace portcullis::report {

using Json = nlohmann::ordered_json;

// Two blanks a level. Bytes that are no UTF-8 become U+FFFD: a manifest may hold anything, a JSON text may not.
[[nodiscard]] std::string dump(const Json& json, int indent = 2);

}  // namespace portcullis::report

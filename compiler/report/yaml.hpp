// JSON values as block YAML that every YAML parser reads back to the same values.
#pragma once

#include <string>

#include "compiler/report/json.hpp"

namespace portcullis::report {

// `- key: value`, the hyphen at `level` (two blanks each).
void append_yaml_element(std::string& out, const Json& element, std::size_t level);
[[nodiscard]] std::string yaml(const Json& value);

}  // namespace portcullis::report

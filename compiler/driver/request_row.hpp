// A request among the rows of a packets file: a row with a `url`.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "compiler/driver/request_asked.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::driver {

// Whether a row is a request.
[[nodiscard]] bool is_request_row(const manifest::Tree& tree, manifest::NodeId row);
// The request, or the first thing that is wrong with the row. `text`: of the file.
[[nodiscard]] std::variant<RequestAsked, std::string> read_request_row(const manifest::Tree& tree, manifest::NodeId row,
                                                                       std::string_view text);

}  // namespace portcullis::driver

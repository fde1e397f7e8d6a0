// The head of the configuration and its frontend. Both follow from the configuration; `print_selectors` has the only
// lines that hold something that is nowhere else.
#pragma once

#include <string>

#include "backends/haproxy/maps.hpp"

namespace portcullis::haproxy {

inline constexpr std::string_view name_line = "# router ";
inline constexpr std::string_view forms_line = "# names as ";

[[nodiscard]] std::string print_head(const Configuration& configuration);
[[nodiscard]] std::string print_frontend(const Configuration& configuration);

}  // namespace portcullis::haproxy

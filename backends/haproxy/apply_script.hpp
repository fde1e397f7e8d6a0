// What an operator runs on the node.
#pragma once

#include <string>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

[[nodiscard]] std::string apply_script(const Configuration& configuration);

}  // namespace portcullis::haproxy

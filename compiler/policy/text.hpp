// Obligations in words: for tests, for `-v`, for people who want to see what a sentence was taken for.
#pragma once

#include <string>

#include "compiler/policy/bound.hpp"

namespace portcullis::policy {

// `outside: 203.0.113.0/24; pods on n1: 10.244.1.0/24`.
[[nodiscard]] std::string text(const Sources& sources);
// `shop/web:http by cluster-ip 10.96.0.80:80, node-port 30080`.
[[nodiscard]] std::string text(const Destination& destination);
// One line an obligation's name, and indented lines of what is asked; ends with a newline.
[[nodiscard]] std::string text(const Obligation& obligation);

}  // namespace portcullis::policy

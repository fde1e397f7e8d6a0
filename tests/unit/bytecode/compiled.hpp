// The program with a changed decide.h, compiled as the build does it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace portcullis::tests {

[[nodiscard]] std::string decide_source();
[[nodiscard]] std::vector<std::byte> compiled(const std::string& changed_decide_source);

}  // namespace portcullis::tests

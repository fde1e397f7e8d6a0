// Routers for tests: from their text, and random ones.
#pragma once

#include <random>
#include <string>

#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7::test {

// The one router of the text; a text that cannot be read fails the test.
[[nodiscard]] Router router_of(const std::string& text);

// What the names, hosts, paths and patterns of random routers are taken from.
enum class Words {
  sensible,  // few, alike, so that requests meet them
  odd,       // blanks, quotes, control characters, words of the text form itself
};
// Keeps the invariants of router.hpp; otherwise as it comes.
[[nodiscard]] Router random_router(std::mt19937& random, Words words);
// A request that a router of sensible words may have something for.
[[nodiscard]] Request random_request(std::mt19937& random);

}  // namespace portcullis::ir::l7::test

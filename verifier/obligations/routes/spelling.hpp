// Targets that some applications read as a path, though they are spelled otherwise (reference 3.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portcullis::routes {

struct Spelling {
  std::string target;
  std::string how;     // `slashes that are merged`
  bool usual = false;  // most servers read it so; the others are read so by some
};
// Of a path that begins with a slash; the path itself is not among them.
[[nodiscard]] std::vector<Spelling> other_spellings(std::string_view path);

}  // namespace portcullis::routes

#include "verifier/obligations/routes/spelling.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/l7/letters.hpp"

namespace portcullis::routes {

namespace {

// The first letter, as `%61` is one; `%2561` read twice.
std::string encoded(std::string_view path, std::size_t at, std::string_view percent) {
  return fmt::format("{}{}{:02x}{}", path.substr(0, at), percent, static_cast<unsigned char>(path[at]),
                     path.substr(at + 1));
}

std::string in_other_case(std::string_view path, std::size_t at) {
  std::string out(path);
  out[at] = static_cast<char>(out[at] ^ 0x20);
  return out;
}

}  // namespace

std::vector<Spelling> other_spellings(std::string_view path) {
  std::vector<Spelling> out{
      {fmt::format("/{}", path), "slashes that are merged", true},
      {fmt::format("/x/..{}", path), "dots that are resolved", true},
      {fmt::format("/.{}", path), "dots that are resolved", true},
  };
  const auto* const letter = std::ranges::find_if(path, ir::l7::is_letter);
  if (letter != path.end()) {
    const auto at = static_cast<std::size_t>(letter - path.begin());
    out.push_back({encoded(path, at, "%"), "letters that are encoded", true});
    out.push_back({in_other_case(path, at), "letter case that is ignored", false});
    out.push_back({encoded(path, at, "%25"), "letters that are encoded twice", false});
  }
  out.push_back({fmt::format("/x/..;{}", path), "parameters of elements that are cut off", false});
  out.push_back({fmt::format("/x/..%2f{}", path.substr(1)), "slashes that are encoded", false});
  if (!path.ends_with('/'))
    out.push_back({fmt::format("{};x", path), "parameters of elements that are cut off", false});
  return out;
}

}  // namespace portcullis::routes

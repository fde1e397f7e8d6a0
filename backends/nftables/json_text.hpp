// `nft -j list ruleset` as the text that `nft list ruleset` prints, so that there is one reader and one meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::nftables {

// A stretch of the text, and the object of the JSON that it was written from; half-open, in bytes.
struct JsonPlace {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t json_begin = 0, json_end = 0;
};
struct JsonText {
  std::string text;
  std::vector<JsonPlace> places;  // in order; together they are all of the text
};

// What is wrong, and where.
struct JsonError {
  std::string message;
  std::uint32_t begin = 0, end = 0;
};

[[nodiscard]] bool is_json(std::string_view text);
// What it has no words for becomes a word that the reader does not know, never nothing.
[[nodiscard]] std::optional<JsonError> write_text(std::string_view json, JsonText& out);

}  // namespace portcullis::nftables

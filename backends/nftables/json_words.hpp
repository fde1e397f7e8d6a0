// One rule, expression or element of `nft -j` in nft's words.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

namespace portcullis::nftables {

using Json = simdjson::dom::element;

// Thrown at what has no words here.
struct Unspoken {};

// Each throws Unspoken.
[[nodiscard]] std::string_view json_string(const Json& json, std::string_view key);
// A name or value that is one word of the text.
[[nodiscard]] std::string json_word(std::string_view text);
[[nodiscard]] std::string json_expression(const Json& json);
// An element of a set, or a pair of a map.
[[nodiscard]] std::string json_element(const Json& json);
[[nodiscard]] std::string json_verdict(const Json& json);
// A statement of a rule. What has no words is `json "…"`, which the reader does not know.
[[nodiscard]] std::string json_statement(const Json& json);

}  // namespace portcullis::nftables

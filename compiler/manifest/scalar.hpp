// What a scalar means to the API server: its decoder turns YAML into JSON with the resolution rules of go-yaml v2
// (YAML 1.1 booleans, `0777` octal, `1_000`, timestamps stay strings), then decodes JSON into the field's Go type.
// `port: yes` is a boolean, `port: 0x50` is 80, `port: 80.0` is 80, `name: 1e3` is a number and so no string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

enum class Type : std::uint8_t {
  null,
  boolean,
  number,
  string,
  impossible,  // the decoder refuses the whole document: `.inf` (no JSON has it), `!!int abc`, bad base64 after
               // `!!binary`
};
// `null`, `boolean`, `number`, `string`, `value`.
[[nodiscard]] std::string_view to_string(Type type);

struct Scalar {
  Type type = Type::null;
  bool flag = false;   // of a boolean
  bool whole = false;  // a number that is an integer in JSON (`80`, `80.0`, `1e3`) and fits 64 bits: `integer` holds it
  std::int64_t integer = 0;
  double real = 0;        // of every number
  bool own = false;       // the string is `decoded` (`!!binary`), not the node's text
  std::string_view text;  // the node's text
  std::string decoded;
  // Of a string: its value.
  [[nodiscard]] std::string_view string() const { return own ? std::string_view(decoded) : text; }
};

// `node` must be a scalar.
[[nodiscard]] Scalar resolve(const TreeNode& node);

// Whether `node` is a string without a look at its content (quoted, or a plain scalar whose first byte no number or
// word has).
[[nodiscard]] bool surely_string(const TreeNode& node);

// A key as it stands in the JSON that the API server decodes: `yes` is `true`, `0x50` is `80`. Nothing if no JSON key
// can come of it (null, and numbers above 2^63).
struct KeyText {
  bool possible = true;
  std::string text;
};
[[nodiscard]] KeyText key_text(const TreeNode& node);

}  // namespace portcullis::manifest

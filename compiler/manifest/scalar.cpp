#include "compiler/manifest/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "compiler/manifest/base64.hpp"
#include "compiler/manifest/timestamp.hpp"
#include "compiler/manifest/utf8.hpp"

namespace portcullis::manifest {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// First bytes that a null, a boolean or a number can have; every other plain scalar is a string.
constexpr std::array<bool, 256> hints = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("+-.0123456789yYnNtTfFoO~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

std::optional<bool> boolean(std::string_view text) {
  if (one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})) return true;
  if (one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})) return false;
  return {};
}

bool is_null(std::string_view text) {
  return one_of(text, {"", "~", "null", "Null", "NULL"});
}

bool no_json_number(std::string_view text) {
  return one_of(text,
                {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"});
}

struct Number {
  bool whole = false;
  bool real_kind = false;  // a float to YAML, which `!!int` does not take
  std::int64_t integer = 0;
  double real = 0;
};

enum class Parsed { no, yes, out_of_range };

// Go's ParseInt/ParseUint with base 0, underscores already gone: sign, then 0x, 0o, 0b, a leading 0 for octal, or
// decimal.
Parsed parse_integer(std::string_view text, Number& out) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char second = static_cast<char>(text[1] | 0x20);
    base = second == 'x' ? 16 : second == 'b' ? 2 : 8;
    text.remove_prefix(second == 'x' || second == 'b' || second == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || end != text.data() + text.size()) return Parsed::no;
  if (error == std::errc::result_out_of_range) return Parsed::out_of_range;
  if (error != std::errc{}) return Parsed::no;
  constexpr std::uint64_t limit = std::uint64_t{1} << 63;
  out.real = negative ? -static_cast<double>(value) : static_cast<double>(value);
  if (negative) {
    if (value > limit) return Parsed::out_of_range;
    out.integer = value == limit ? INT64_MIN : -static_cast<std::int64_t>(value);
    out.whole = true;
  } else {
    out.whole = value < limit;
    out.integer = out.whole ? static_cast<std::int64_t>(value) : 0;
  }
  return Parsed::yes;
}

// [-+]? ( '.' digits | digits [ '.' digits* ] ) ( [eE] [-+]? digits )?
bool float_syntax(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  const std::size_t before = digits();
  std::size_t after = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    after = digits();
    if (before + after == 0) return false;
  } else if (before == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

bool parse_float(std::string_view text, Number& out) {
  if (!float_syntax(text)) return false;
  if (text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.real);
  if (error == std::errc::result_out_of_range) {
    // Too small is 0 to Go, too large an error; the exponent's sign tells which.
    const std::size_t e = text.find_first_of("eE");
    if (e == std::string_view::npos || text[e + 1] != '-') return false;
    out.real = 0;
  }
  out.real_kind = true;
  // Go prints floats below 1e21 without an exponent, so an integral one reads back as an integer.
  out.whole = std::nearbyint(out.real) == out.real && std::fabs(out.real) < 9.2e18;
  out.integer = out.whole ? static_cast<std::int64_t>(out.real) : 0;
  return true;
}

std::optional<Number> number(std::string_view text) {
  Number out;
  if (text.front() == '.') return parse_float(text, out) ? std::optional(out) : std::nullopt;
  if (!is_digit(text.front()) && text.front() != '+' && text.front() != '-') return {};
  std::string bare;
  if (text.find('_') != std::string_view::npos) {
    std::ranges::copy_if(text, std::back_inserter(bare), [](char c) { return c != '_'; });
    text = bare;
    if (text.empty()) return {};
  }
  const Parsed parsed = parse_integer(text, out);
  if (parsed == Parsed::yes) return out;
  if (parse_float(text, out)) return out;
  // Binary, octal and hexadecimal numbers beyond 64 bits are big integers: numbers, but none that a field can hold.
  if (parsed == Parsed::out_of_range) {
    out.real = text.front() == '-' ? -HUGE_VAL : HUGE_VAL;
    return out;
  }
  return {};
}

Scalar make_number(const Number& number, std::string_view text) {
  Scalar out;
  out.type = Type::number;
  out.whole = number.whole;
  out.integer = number.integer;
  out.real = number.real;
  out.text = text;
  return out;
}

struct Found {
  Scalar scalar;
  Tag tag = Tag::string;  // what resolution alone makes of it
};

// Resolution of a plain scalar that has no tag.
Found resolve_plain(std::string_view text, bool timestamps) {
  Scalar out;
  out.text = text;
  if (is_null(text)) return {std::move(out), Tag::null};
  out.type = Type::string;
  if (!hints[static_cast<unsigned char>(text.front())]) return {std::move(out), Tag::string};
  if (const auto flag = boolean(text)) {
    out.type = Type::boolean;
    out.flag = *flag;
    return {std::move(out), Tag::boolean};
  }
  if (no_json_number(text)) {
    out.type = Type::impossible;
    return {std::move(out), Tag::real};
  }
  if (timestamps && is_timestamp(text)) return {std::move(out), Tag::timestamp};
  if (const auto value = number(text)) return {make_number(*value, text), value->real_kind ? Tag::real : Tag::integer};
  return {std::move(out), Tag::string};
}

Scalar impossible(std::string_view text) {
  Scalar out;
  out.type = Type::impossible;
  out.text = text;
  return out;
}

// A tag is a promise: `!!int abc` fails the document. `!!float 80` is the one conversion.
Scalar resolve_tagged(Tag tag, std::string_view text) {
  Scalar out;
  out.type = Type::string;
  out.text = text;
  switch (tag) {
    case Tag::none:
    case Tag::string:
    case Tag::merge:
    case Tag::other:
      return out;
    case Tag::binary:
      if (!decode_base64(text, out.decoded)) return impossible(text);
      out.decoded = replace_invalid(out.decoded);
      out.own = true;
      return out;
    case Tag::boolean:
    case Tag::integer:
    case Tag::real:
    case Tag::null:
    case Tag::timestamp: {
      Found found = resolve_plain(text, tag == Tag::timestamp);
      const bool widened = tag == Tag::real && found.tag == Tag::integer && std::isfinite(found.scalar.real);
      return found.tag == tag || widened ? std::move(found.scalar) : impossible(text);
    }
  }
  return out;
}

// Go's shortest 'g' format of a float32, as keys are written.
std::string float_key(double value) {
  std::array<char, 64> buffer{};
  const auto narrow = static_cast<float>(value);
  if (std::isinf(narrow)) return narrow > 0 ? ".inf" : "-.inf";
  const auto science =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), narrow, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(science.ptr - buffer.data()));
  const std::string_view exponent = text.substr(text.find('e') + 1);
  int e = 0;
  std::from_chars(exponent.data() + (exponent.front() == '+' ? 1 : 0), exponent.data() + exponent.size(), e);
  if (e < -4 || e >= 6) return std::string(text);
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), narrow, std::chars_format::fixed);
  return {buffer.data(), fixed.ptr};
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "boolean";
    case Type::number:
      return "number";
    case Type::string:
      return "string";
    case Type::impossible:
      return "value";
  }
  return {};
}

bool surely_string(const TreeNode& node) {
  if (node.tag != Tag::none) return false;
  return node.style != Style::plain || (node.size > 0 && !hints[static_cast<unsigned char>(*node.text)]);
}

Scalar resolve(const TreeNode& node) {
  if (node.tag != Tag::none) return resolve_tagged(node.tag, node.value());
  if (node.style == Style::plain) return resolve_plain(node.value(), true).scalar;
  Scalar out;
  out.type = Type::string;
  out.text = node.value();
  return out;
}

KeyText key_text(const TreeNode& node) {
  if (surely_string(node)) return {true, std::string(node.value())};
  const Scalar scalar = resolve(node);
  switch (scalar.type) {
    case Type::string:
      return {true, std::string(scalar.string())};
    case Type::boolean:
      return {true, scalar.flag ? "true" : "false"};
    case Type::number: {
      const bool real = node.tag == Tag::real || resolve_plain(node.value(), true).tag == Tag::real;
      if (real) return {true, float_key(scalar.real)};
      return {scalar.whole, std::to_string(scalar.integer)};
    }
    case Type::null:
      return {false, {}};
    case Type::impossible:
      return {no_json_number(node.value()), std::string(node.value())};
  }
  return {false, {}};
}

}  // namespace portcullis::manifest

#include "tests/cases/json.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace portcullis::cases {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

bool is_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const auto digits = [&text] {
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
    const auto count = static_cast<std::size_t>(end - text.begin());
    const bool leading_zero = count > 1 && text.front() == '0';
    text.remove_prefix(count);
    return count != 0 && !leading_zero;
  };
  if (!digits()) return false;
  if (text.empty()) return true;
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  const bool plain = node.Tag() != "!";  // yaml-cpp's tag of a quoted scalar
  if (plain && (text == "true" || text == "false" || is_number(text))) return text;
  return in_quotes(text);
}

}  // namespace

std::string to_json(const YAML::Node& node) {
  std::string out;
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      return "null";
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence:
      for (const auto& item : node) out += (out.empty() ? "" : ", ") + to_json(item);
      return "[" + out + "]";
    case YAML::NodeType::Map:
      for (const auto& item : node)
        out += (out.empty() ? "" : ", ") + in_quotes(item.first.Scalar()) + ": " + to_json(item.second);
      return "{" + out + "}";
  }
  return out;
}

}  // namespace portcullis::cases

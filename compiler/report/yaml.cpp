#include "compiler/report/yaml.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace portcullis::report {

namespace {

// A plain scalar must be a string for every reader: it starts with a letter, has no character that YAML gives a
// meaning, and is no word that YAML 1.1 or 1.2 takes for a boolean, null or number (`yes`, `null`, `e3`).
bool is_plain(const std::string& text) {
  constexpr std::array<std::string_view, 10> words{"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan"};
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  const bool safe = std::ranges::all_of(
      text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/'; });
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return safe && std::ranges::find(words, lower) == words.end();
}

// A JSON string is a double-quoted YAML scalar.
std::string scalar(const Json& value) {
  if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value.get<std::string>();
  return dump(value, -1);
}

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

// Lists of scalars stay on one line.
bool is_flow(const Json& value) {
  return value.is_array() && std::ranges::none_of(value, [](const Json& e) { return e.is_structured(); });
}

std::string flow(const Json& list) {
  std::string out = "[";
  for (const Json& element : list) {
    if (out.size() > 1) out += ", ";
    out += scalar(element);
  }
  return out + "]";
}

void append_members(std::string& out, const Json& object, std::size_t level, bool first_is_placed);

void append_value(std::string& out, const Json& value, std::size_t level) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
  } else if (is_flow(value)) {
    out += " " + flow(value) + "\n";
  } else if (value.is_array()) {
    out += "\n";
    for (const Json& element : value) append_yaml_element(out, element, level);
  } else {
    out += "\n";
    append_members(out, value, level, false);
  }
}

void append_members(std::string& out, const Json& object, std::size_t level, bool first_is_placed) {
  for (const auto& [key, value] : object.items()) {
    if (!first_is_placed) out.append(2 * level, ' ');
    first_is_placed = false;
    out += scalar(Json(key)) + ":";
    append_value(out, value, level + 1);
  }
}

}  // namespace

void append_yaml_element(std::string& out, const Json& element, std::size_t level) {
  out.append(2 * level, ' ');
  out += "-";
  if (element.is_object() && !element.empty()) {
    out += " ";
    append_members(out, element, level + 1, true);
  } else {
    append_value(out, element, level + 1);
  }
}

std::string yaml(const Json& value) {
  std::string out;
  if (value.is_object() && !value.empty()) {
    append_members(out, value, 0, false);
  } else if (value.is_array() && !value.empty()) {
    for (const Json& element : value) append_yaml_element(out, element, 0);
  } else {
    out = scalar(value) + "\n";
  }
  return out;
}

}  // namespace portcullis::report

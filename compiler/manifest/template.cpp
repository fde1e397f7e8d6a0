#include "compiler/manifest/template.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "compiler/base/text.hpp"

namespace portcullis::manifest {

namespace {

constexpr std::array<std::string_view, 12> verbs{"include", "template", "range",  "if",  "with",  "end",
                                                 "else",    "toYaml",   "define", "tpl", "block", "/*"};
constexpr std::array<std::string_view, 5> objects{".Values", ".Release", ".Chart", ".Capabilities", ".Files"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool starts_with_verb(std::string_view text) {
  return std::ranges::any_of(verbs, [&](std::string_view verb) {
    return text.starts_with(verb) && (text.size() == verb.size() || !is_word(text[verb.size()]) || verb == "/*");
  });
}

// `inside` is what stands between the braces.
bool is_action(std::string_view inside) {
  if (inside.starts_with("- ") || inside.starts_with("-/*") || inside.ends_with(" -")) return true;
  const std::string_view body = base::trim(inside);
  return starts_with_verb(body) ||
         std::ranges::any_of(objects, [&](std::string_view o) { return body.find(o) != std::string_view::npos; });
}

// Bounds for texts that are made to be slow: braces by the million.
constexpr std::size_t longest_action = 4096, longest_line = 65536, most_candidates = 1000;

// The action that begins at `at`, where `{{` stands.
std::optional<TemplateAction> action_at(std::string_view text, std::size_t at) {
  text = text.substr(0, at + longest_action);
  const std::size_t end = text.find("}}", at + 2);
  if (end == std::string_view::npos || !is_action(text.substr(at + 2, end - at - 2))) return {};
  return TemplateAction{at, end + 2};
}

std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t found = text.substr(0, at).rfind('\n');
  return found == std::string_view::npos ? 0 : found + 1;
}

// What a line is in at a column, as far as the line alone tells.
bool in_quotes_or_comment(std::string_view line, std::size_t column) {
  if (column > longest_line) return true;
  char quote = '\0';
  for (std::size_t i = 0; i < column; ++i) {
    const char c = line[i];
    if (quote == '\0') {
      const bool opens = i == 0 || std::string_view(" \t[{,:(").find(line[i - 1]) != std::string_view::npos;
      if (opens && (c == '"' || c == '\'')) quote = c;
      if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return true;
    } else if (c == '\\' && quote == '"') {
      ++i;
    } else if (c == quote) {
      quote = '\0';
    }
  }
  return quote != '\0';
}

// `key: |`, `- >-`, `key: |2 # comment`
bool opens_block_scalar(std::string_view line) {
  if (const std::size_t comment = line.find(" #"); comment != std::string_view::npos) line = line.substr(0, comment);
  line = base::trim(line);
  while (!line.empty() && std::string_view("+-0123456789").find(line.back()) != std::string_view::npos)
    line.remove_suffix(1);
  if (line.empty() || (line.back() != '|' && line.back() != '>')) return false;
  line.remove_suffix(1);
  return line.empty() || line.back() == ' ' || line.back() == '\t';
}

}  // namespace

std::optional<TemplateAction> find_template(std::string_view text) {
  std::optional<std::size_t> block;  // indentation of the line that opened a block scalar
  std::size_t candidates = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const std::size_t indent = line.find_first_not_of(" \r");
    const bool blank = indent == std::string_view::npos;
    if (block && !blank && indent <= *block) block.reset();
    if (!block && !blank) {
      for (std::size_t at = line.find("{{"); at != std::string_view::npos; at = line.find("{{", at + 2)) {
        if (++candidates > most_candidates) return {};
        if (in_quotes_or_comment(line, at)) continue;
        if (const auto action = action_at(text, begin + at)) return action;
      }
      if (opens_block_scalar(line)) block = indent;
    }
    begin = end + 1;
  }
  return {};
}

std::optional<TemplateAction> find_template(const Tree& tree, std::string_view file_text, std::size_t begin,
                                            std::size_t end) {
  end = std::min(end, file_text.size());
  std::size_t masked_to = 0;  // everything before lies in a quoted or block scalar that was passed
  NodeId next = 1;
  std::size_t candidates = 0;
  for (std::size_t at = file_text.find("{{", begin); at != std::string_view::npos && at < end;
       at = file_text.find("{{", at + 2)) {
    // Scalars are in document order, so one pass over them serves all places.
    for (; next < tree.size() && tree[next].begin <= at; ++next) {
      const TreeNode& node = tree[next];
      if (node.shape == Shape::scalar && node.style != Style::plain)
        masked_to = std::max<std::size_t>(masked_to, node.end);
    }
    if (at < masked_to) continue;
    if (++candidates > most_candidates) return {};
    const std::size_t line = line_begin(file_text, at);
    if (in_quotes_or_comment(file_text.substr(line), at - line)) continue;
    if (const auto action = action_at(file_text, at)) return action;
  }
  return {};
}

std::string chart_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path directory = fs::path(path).parent_path();
  if (directory.empty()) directory = ".";
  for (int up = 0; up < 4; ++up) {
    if (fs::exists(directory / "Chart.yaml", error)) {
      std::string name = directory.lexically_normal().string();
      if (name.size() > 1 && name.ends_with('/')) name.pop_back();
      return name;
    }
    directory /= "..";
  }
  return {};
}

}  // namespace portcullis::manifest

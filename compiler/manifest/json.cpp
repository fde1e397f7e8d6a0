#include "compiler/manifest/json.hpp"

#include <cstring>

#include <fmt/format.h>
#include <simdjson.h>

#include "compiler/manifest/keys.hpp"

namespace portcullis::manifest {

namespace {

namespace ondemand = simdjson::ondemand;

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The grammar of RFC 8259 for a token that simdjson found to begin like a number.
bool is_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] | 0x20) == 'e') {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// One past the top-level value that begins at `at`. A value that never ends ends before the next line that begins with
// `{`.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && text[at] != '\n') ++at;
    return at;
  }
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"' || c == '\n') quoted = false;  // no JSON string holds a line break: the quote was left open
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  const std::size_t next = text.find("\n{", at + 1);
  return next == std::string_view::npos ? text.size() : next + 1;
}

}  // namespace

class JsonDocuments::Reader {
 public:
  Reader(const Source& source, const Limits& limits) : source_(source), limits_(limits), places_(source) {}

  Outcome next(Tree& tree, Problem& problem);

 private:
  Outcome read(std::size_t end, Tree& tree, Problem& problem);
  bool walk(ondemand::value value, Tree& tree, NodeId parent, NodeId& last, std::size_t depth);
  bool walk_object(ondemand::value value, Tree& tree, NodeId id, std::size_t depth);
  bool walk_array(ondemand::value value, Tree& tree, NodeId id, std::size_t depth);
  bool add_string(ondemand::raw_json_string raw, Tree& tree, NodeId parent, NodeId& last);
  bool add_plain(std::string_view token, Tree& tree, NodeId parent, NodeId& last);
  void close(Tree& tree, NodeId id, NodeId last);
  NodeId attach(Tree& tree, TreeNode node, std::size_t begin, std::size_t end, NodeId parent, NodeId& last);
  // Where a token begins.
  [[nodiscard]] std::size_t offset(std::string_view token) const { return offset(&token.front()); }
  [[nodiscard]] std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - json_.data()) + at_; }
  [[nodiscard]] bool ends_with_root(const Tree& tree) const;
  [[nodiscard]] Problem explain(std::string_view fallback) const;

  const Source& source_;
  Limits limits_;
  Places places_;
  ondemand::parser parser_;
  std::string padded_;     // a copy where the text has too little room behind it for simdjson
  std::string_view json_;  // the document being read
  std::size_t at_ = 0;     // where it begins in the text
  bool at_first_ = true;   // nothing has been read yet
  bool several_ = false;   // the text may hold more than one value
};

JsonDocuments::Outcome JsonDocuments::Reader::next(Tree& tree, Problem& problem) {
  const std::string_view text = source_.text;
  while (at_ < text.size() && is_blank(text[at_])) ++at_;
  tree.clear();
  tree.file = source_.file;
  if (at_ >= text.size()) return Outcome::end;
  // Mostly a file is one value: then nobody has to look for its end. A line that begins with `{` is a sign of several.
  if (at_first_) several_ = text.find("\n{", at_ + 1) != std::string_view::npos;
  at_first_ = false;
  if (!several_) {
    const Outcome outcome = read(text.size(), tree, problem);
    if (outcome == Outcome::document) {
      at_ = text.size();
      return outcome;
    }
    several_ = true;
    tree.clear();
    tree.file = source_.file;
  }
  const std::size_t end = end_of_value(text, at_);
  const Outcome outcome = read(end, tree, problem);
  at_ = end;
  if (outcome == Outcome::broken) {
    const std::size_t line = text.find("\n{", end == 0 ? 0 : end - 1);
    at_ = line == std::string_view::npos ? text.size() : line + 1;
  }
  return outcome;
}

JsonDocuments::Outcome JsonDocuments::Reader::read(std::size_t end, Tree& tree, Problem& problem) {
  json_ = source_.text.substr(at_, end - at_);
  if (end + simdjson::SIMDJSON_PADDING > source_.text.size()) {
    padded_.reserve(json_.size() + simdjson::SIMDJSON_PADDING);
    padded_.assign(json_);
    json_ = padded_;
  }
  ondemand::document document;
  const auto error =
      parser_.iterate(json_.data(), json_.size(), json_.size() + simdjson::SIMDJSON_PADDING).get(document);
  ondemand::value value;
  NodeId last = 0;
  bool good = error == simdjson::SUCCESS;
  // A scalar at the top is no object; On-Demand treats it apart, and nobody needs it.
  if (good && json_[0] != '{' && json_[0] != '[') {
    problem = explain("expected a map");
    return Outcome::broken;
  }
  good = good && document.get_value().get(value) == simdjson::SUCCESS && walk(value, tree, 0, last, 0) &&
         ends_with_root(tree);
  if (good) return Outcome::document;
  problem = explain(error == simdjson::SUCCESS ? "no JSON" : simdjson::error_message(error));
  return Outcome::broken;
}

bool JsonDocuments::Reader::ends_with_root(const Tree& tree) const {
  std::size_t at = tree[tree.root].end - source_.base - at_;
  while (at < json_.size() && is_blank(json_[at])) ++at;
  return at == json_.size();
}

Problem JsonDocuments::Reader::explain(std::string_view fallback) const {
  JsonProblem found{0, std::string(fallback), {}};
  if (auto precise = find_json_problem(json_, limits_.depth)) found = std::move(*precise);
  const std::size_t at = at_ + std::min(found.at, json_.size());
  return {places_.span(at, std::min(at + 1, source_.text.size())), std::move(found.reason), std::move(found.hint), {}};
}

NodeId JsonDocuments::Reader::attach(Tree& tree, TreeNode node, std::size_t begin, std::size_t end, NodeId parent,
                                     NodeId& last) {
  const base::SourceSpan span = places_.span(begin, end);
  node.begin = span.begin;
  node.end = span.end;
  const NodeId id = tree.add(node);
  if (parent == 0) {
    tree.root = id;
    return id;
  }
  if (last == 0) {
    tree[parent].child = id;
  } else {
    tree[last].next = id;
  }
  ++tree[parent].size;
  last = id;
  return id;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by limits_.depth
bool JsonDocuments::Reader::walk(ondemand::value value, Tree& tree, NodeId parent, NodeId& last, std::size_t depth) {
  const std::string_view token = value.raw_json_token();
  const char first = token.empty() ? '\0' : token.front();
  if (first == '"') {
    ondemand::raw_json_string raw;
    return value.get_raw_json_string().get(raw) == simdjson::SUCCESS && add_string(raw, tree, parent, last);
  }
  if (first != '{' && first != '[') {
    // The token must be consumed for On-Demand to go on; what it is, is decided here.
    if (!add_plain(token, tree, parent, last)) return false;
    return (first == 'n'                   ? value.is_null().error()
            : first == 't' || first == 'f' ? value.get_bool().error()
                                           : simdjson::SUCCESS) == simdjson::SUCCESS;
  }
  if (depth >= limits_.depth) return false;
  TreeNode node;
  node.shape = first == '{' ? Shape::mapping : Shape::sequence;
  const std::size_t begin = offset(token);
  const NodeId id = attach(tree, node, begin, begin + 1, parent, last);
  return first == '{' ? walk_object(value, tree, id, depth) : walk_array(value, tree, id, depth);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by limits_.depth
bool JsonDocuments::Reader::walk_object(ondemand::value value, Tree& tree, NodeId id, std::size_t depth) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  NodeId last = 0;
  for (auto found : object) {
    ondemand::field field;
    if (std::move(found).get(field) != simdjson::SUCCESS) return false;
    if (!add_string(field.key(), tree, id, last) || !walk(field.value(), tree, id, last, depth + 1)) return false;
  }
  close(tree, id, last);
  Problem unused;
  return check_keys(tree, id, unused);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by limits_.depth
bool JsonDocuments::Reader::walk_array(ondemand::value value, Tree& tree, NodeId id, std::size_t depth) {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  NodeId last = 0;
  for (auto found : array) {
    ondemand::value item;
    if (std::move(found).get(item) != simdjson::SUCCESS || !walk(item, tree, id, last, depth + 1)) return false;
  }
  close(tree, id, last);
  return true;
}

bool JsonDocuments::Reader::add_string(ondemand::raw_json_string raw, Tree& tree, NodeId parent, NodeId& last) {
  const char* const begin = raw.raw();  // behind the quote
  const char* const limit = json_.data() + json_.size();
  const char* end = begin;
  bool escaped = false;
  while (end < limit && *end != '"') {
    if (*end == '\\') {
      escaped = true;
      ++end;
    }
    ++end;
  }
  if (end >= limit) return false;
  TreeNode node;
  node.style = Style::quoted;
  std::string_view text(begin, static_cast<std::size_t>(end - begin));
  if (escaped) {
    std::string buffer(text.size() + simdjson::SIMDJSON_PADDING, '\0');
    auto* out = reinterpret_cast<std::uint8_t*>(buffer.data());
    std::string_view unescaped;
    if (parser_.unescape(raw, out).get(unescaped) != simdjson::SUCCESS) return false;
    text = {tree.keep(unescaped), unescaped.size()};
  }
  node.text = text.data();
  node.size = static_cast<std::uint32_t>(text.size());
  attach(tree, node, offset(begin) - 1, offset(end) + 1, parent, last);
  return true;
}

bool JsonDocuments::Reader::add_plain(std::string_view token, Tree& tree, NodeId parent, NodeId& last) {
  while (!token.empty() && is_blank(token.back())) token.remove_suffix(1);
  if (token != "true" && token != "false" && token != "null" && !is_number(token)) return false;
  TreeNode node;
  node.text = token.data();
  node.size = static_cast<std::uint32_t>(token.size());
  const std::size_t begin = offset(token);
  attach(tree, node, begin, begin + token.size(), parent, last);
  return true;
}

void JsonDocuments::Reader::close(Tree& tree, NodeId id, NodeId last) {
  TreeNode& node = tree[id];
  std::size_t end = (last == 0 ? node.begin + 1 : tree[last].end) - source_.base;
  while (end < source_.text.size() && is_blank(source_.text[end])) ++end;
  node.end = static_cast<std::uint32_t>(end + 1) + source_.base;
}

JsonDocuments::JsonDocuments(const Source& source, const Limits& limits)
    : reader_(std::make_unique<Reader>(source, limits)) {}
JsonDocuments::~JsonDocuments() = default;

JsonDocuments::Outcome JsonDocuments::next(Tree& tree, Problem& problem) {
  return reader_->next(tree, problem);
}

bool looks_like_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace portcullis::manifest

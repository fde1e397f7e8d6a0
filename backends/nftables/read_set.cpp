// Sets and maps: how they are declared, what they hold.
#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/reader.hpp"
#include "backends/nftables/words.hpp"

namespace portcullis::nftables {

using netfilter::Set;
using netfilter::SetId;

void Reader::set(TableState& state, bool is_map) {
  lexer_.take();
  const SetId id = set_id(state, name("a set"));
  if (!set_declared_[id]) out_.tables[state.table].sets.push_back(id);
  set_declared_[id] = true;
  state_ = &state;
  if (!lexer_.take("{")) fail("`{` is expected");
  lexer_.skip_newlines();
  while (!lexer_.take("}")) {
    if (!lexer_.take(";")) set_property(id, is_map);
    lexer_.skip_newlines();
  }
}

void Reader::set_property(SetId id, bool is_map) {
  const Token word = lexer_.peek();
  const auto number = [&] {
    const auto n = parse_number(lexer_.peek().text);
    if (!n) fail("a number is expected");
    lexer_.take();
    return *n;
  };
  if (lexer_.take("type")) {
    set_type(id, is_map, false);
  } else if (lexer_.take("typeof")) {
    set_type(id, is_map, true);
  } else if (lexer_.take("flags")) {
    set_flags(id);
  } else if (lexer_.take("size")) {
    out_.sets[id].capacity = number();
  } else if (lexer_.take("timeout") || lexer_.take("gc-interval")) {
    const auto seconds = parse_duration(lexer_.peek().text);
    if (!seconds) fail("a duration is expected");
    lexer_.take();
    if (word.is("timeout")) out_.model.sets[id].timeout_seconds = seconds;
  } else if (lexer_.take("comment")) {
    out_.sets[id].comment = lexer_.take().text;
  } else if (lexer_.take("policy")) {
    lexer_.take();
  } else if (lexer_.take("auto-merge") || lexer_.take("counter")) {
    // of no meaning for a look-up
  } else if (lexer_.take("elements")) {
    if (!lexer_.take("=")) fail("`=` is expected");
    if (unmodelled_sets_.contains(id)) return skip_block();
    if (!lexer_.take("{")) fail("`{` is expected");
    std::vector<Type> data;
    for (const Declared& d : out_.sets[id].data) data.push_back(d.type);
    elements(id, data);
  } else {
    fail("not known as a property of a set");
  }
  end_of_statement();
}

// ---- types

void Reader::set_type(SetId id, bool is_map, bool by_expression) {
  bool known = true;
  std::vector<Declared> key = declared_fields(by_expression, known), data;
  Set& set = out_.model.sets[id];
  Set::Data holds = Set::Data::none;
  if (lexer_.take(":")) {
    holds = Set::Data::verdicts;
    if (!lexer_.take("verdict")) {
      holds = Set::Data::values;
      data = declared_fields(by_expression, known);
    }
  }
  if (is_map != (holds != Set::Data::none)) fail("a map has a type for what it holds, a set has none");
  if (!known) {
    unmodelled_sets_.emplace(id, "a type that is not known");
    return;
  }
  std::vector<std::uint8_t> widths, data_widths;
  for (const Declared& d : key) widths.push_back(width(d.type));
  for (const Declared& d : data) data_widths.push_back(width(d.type));
  if (!set.key.empty() && (set.holds != holds || out_.sets[id].key != key || out_.sets[id].data != data))
    fail("declared twice with different types");
  set.key = std::move(widths);
  set.data = std::move(data_widths);
  set.holds = holds;
  out_.sets[id].key = std::move(key);
  out_.sets[id].data = std::move(data);
}

std::vector<Declared> Reader::declared_fields(bool by_expression, bool& known) {
  std::vector<Declared> out;
  do {
    if (!by_expression) {
      const std::optional<Type> type = parse_type(lexer_.peek().text);
      known = known && type;
      lexer_.take();
      out.push_back({type.value_or(Type::integer), {}});
      continue;
    }
    const Token first = lexer_.peek();
    std::vector<netfilter::Statement> none;
    statements_ = &none;
    try {
      const Type type = primary().type;
      std::string_view words = lexer_.text(first.begin, lexer_.peek().begin);
      words = words.substr(0, words.find('#'));
      while (!words.empty() && std::string_view(" \t\r\n\\").find(words.back()) != std::string_view::npos)
        words.remove_suffix(1);
      out.push_back({type, std::string(words)});
    } catch (const Unreadable&) {
      known = false;
      out.push_back({Type::integer, {}});
      while (lexer_.peek().kind == Token::Kind::word && !lexer_.peek().is(".") && !lexer_.peek().is(":")) lexer_.take();
    }
  } while (lexer_.take("."));
  return out;
}

void Reader::set_flags(SetId id) {
  Set& set = out_.model.sets[id];
  do {
    const Token flag = lexer_.take();
    if (flag.is("interval")) {
      if (!set.interval) set.highs = set.lows;  // elements that stand above are single values
      set.interval = true;
    } else if (flag.is("dynamic")) {
      set.dynamic = true;
    } else if (!flag.is("constant") && !flag.is("timeout")) {
      fail("not known as a flag of a set");
    }
  } while (lexer_.take(","));
}

// ---- elements

void Reader::elements(SetId id, const std::vector<Type>& data) {
  lexer_.skip_newlines();
  while (!lexer_.take("}")) {
    element(id, data);
    lexer_.skip_newlines();
    if (!lexer_.take(",") && !lexer_.peek().is("}")) fail("`,` or `}` is expected");
    lexer_.skip_newlines();
  }
}

void Reader::element(SetId id, const std::vector<Type>& data) {
  Set& set = out_.model.sets[id];
  SetText& text = out_.sets[id];
  if (text.key.empty()) fail("elements before the type of their set");
  const std::size_t before = set.lows.size();
  const std::uint32_t begin = lexer_.peek().begin;
  element_key(set, text);
  const std::string_view comment = element_attributes();
  if (set.holds != Set::Data::none) {
    if (!lexer_.take(":")) fail("`:` is expected");
    element_data(id, data);
  }
  if (set.dynamic) {  // what a live table remembers is not its text
    if (set.holds != Set::Data::none) fail("a map that rules fill");
    set.lows.resize(before);
    set.highs.resize(set.interval ? before : 0);
    return;
  }
  set.spans.push_back(trimmed(begin, lexer_.peek().begin));
  if (!comment.empty()) text.name_element(before / set.key_width(), comment);
}

void Reader::element_key(Set& set, const SetText& text) {
  for (std::size_t i = 0; i < text.key.size(); ++i) {
    if (i > 0 && !lexer_.take(".")) fail("`.` and another part of the key are expected");
    const Token& t = lexer_.peek();
    if (t.kind != Token::Kind::word && t.kind != Token::Kind::quoted) fail("a value is expected");
    const auto range = parse_range(text.key[i].type, t.text);
    if (!range) fail(fmt::format("this is no {}", to_string(text.key[i].type)));
    if (!range->single() && !set.interval) {
      if (!set.name.empty()) fail("a range in a set without `flags interval`");
      set.interval = true;
      set.highs = set.lows;
    }
    lexer_.take();
    netfilter::append(set.lows, range->low, set.key[i]);
    if (set.interval) netfilter::append(set.highs, range->high, set.key[i]);
  }
}

// Returns the comment.
std::string_view Reader::element_attributes() {
  std::string_view comment;
  while (true) {
    if (lexer_.take("comment")) {
      if (lexer_.peek().kind != Token::Kind::quoted) fail("a comment in quotes is expected");
      comment = lexer_.take().text;
    } else if (lexer_.take("timeout") || lexer_.take("expires")) {
      if (!parse_duration(lexer_.take().text)) fail("a duration is expected");
    } else if (lexer_.peek().is("counter")) {
      counter();
    } else {
      return comment;
    }
  }
}

void Reader::element_data(SetId id, const std::vector<Type>& data) {
  Set& set = out_.model.sets[id];
  if (set.holds == Set::Data::verdicts) {
    const auto v = verdict();
    if (!v) fail("a verdict is expected");
    out_.model.sets[id].verdicts.push_back(*v);
    return;
  }
  std::size_t parts = 0;
  do {
    if (parts == data.size()) fail("more values than the map has types for");
    const auto value = parse_value(data[parts], lexer_.peek().text);
    if (!value) fail(fmt::format("this is no {}", to_string(data[parts])));
    lexer_.take();
    netfilter::append(set.values, *value, width(data[parts++]));
  } while (lexer_.take("."));
  if (set.data.empty()) {  // of an anonymous map: the first element says
    for (std::size_t i = 0; i < parts; ++i) set.data.push_back(width(data[i]));
    for (std::size_t i = 0; i < parts; ++i) out_.sets[id].data.push_back({data[i], {}});
  }
  if (parts != set.data.size()) fail("fewer values than the map has types for");
}

}  // namespace portcullis::nftables

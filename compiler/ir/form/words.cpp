#include "compiler/ir/form/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::ir::form {

namespace {

using Kind = Token::Kind;

constexpr std::array<bool, 256> word_bytes = [] {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("._/:@%+-[],=*~^")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_word_byte(char c) {
  return word_bytes[static_cast<unsigned char>(c)];
}

std::optional<unsigned char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return {};
  return static_cast<unsigned char>(value);
}

std::optional<Kind> sign(char c) {
  switch (c) {
    case '{':
      return Kind::open;
    case '}':
      return Kind::close;
    case ';':
      return Kind::semicolon;
    case '|':
      return Kind::bar;
    default:
      return {};
  }
}

}  // namespace

void append_name(std::string& out, std::string_view name) {
  if (!name.empty() && std::ranges::all_of(name, is_word_byte)) {
    out += name;
    return;
  }
  append_quoted(out, name);
}

void append_quoted(std::string& out, std::string_view name) {
  std::string escaped;
  escaped.reserve(name.size() + 2);
  for (const char c : name) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  out += '"';
  out += base::printable(escaped);  // adds \x.. for what a line or a terminal cannot take
  out += '"';
}

Cursor::Cursor(std::string_view line, std::uint32_t offset) : line_(line), offset_(offset) {
  last_ = {Kind::end, {}, offset, offset};
  next_ = scan();
}

Token Cursor::token(Kind kind, std::size_t length) {
  at_ += length;
  return {kind, line_.substr(at_ - length, length), place(at_ - length), place(at_)};
}

Token Cursor::scan() {
  while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r')) ++at_;
  if (!ok() || at_ == line_.size() || line_[at_] == '#') return token(Kind::end, 0);
  if (const auto kind = sign(line_[at_])) return token(*kind, 1);
  if (line_.substr(at_, 2) == "->") return token(Kind::arrow, 2);
  if (line_[at_] == '"') return scan_quoted();
  std::size_t end = at_;
  while (end < line_.size() && is_word_byte(line_[end]) && line_.substr(end, 2) != "->") ++end;
  if (end > at_) return token(Kind::word, end - at_);
  fail(fmt::format("`{}` has to stand between quotes", base::printable(line_.substr(end, 1))), place(end),
       place(end + 1));
  return token(Kind::end, 0);
}

Token Cursor::scan_quoted() {
  std::string& value = unescaped_[turn_++ % 2];
  value.clear();
  std::size_t i = at_ + 1;
  for (; i < line_.size() && line_[i] != '"'; ++i) {
    if (line_[i] != '\\') {
      value += line_[i];
      continue;
    }
    const std::string_view rest = line_.substr(i + 1);
    if (rest.starts_with('"') || rest.starts_with('\\')) {
      value += rest.front();
      i += 1;
    } else if (const auto byte = rest.starts_with('x') ? hex_byte(rest.substr(1, 2)) : std::nullopt) {
      value += static_cast<char>(*byte);
      i += 3;
    } else {
      fail(R"(no such escape; there are \", \\ and \x with two hexadecimal digits)", place(i), place(i + 1));
      return token(Kind::end, 0);
    }
  }
  if (i == line_.size()) {
    fail("this quote is not closed", place(at_), place(i));
    return token(Kind::end, 0);
  }
  Token quoted = token(Kind::quoted, i + 1 - at_);
  quoted.text = value;
  return quoted;
}

bool Cursor::take(Kind kind) {
  if (next_.kind != kind || kind == Kind::end) return false;
  last_ = next_;
  next_ = scan();
  return true;
}

bool Cursor::take(std::string_view keyword) {
  return at(keyword) && take(Kind::word);
}

void Cursor::expect(Kind kind, std::string_view what) {
  if (kind == Kind::end ? !at(Kind::end) : !take(kind)) fail_next(what);
}

void Cursor::expect(std::string_view keyword) {
  if (!take(keyword)) fail_next(fmt::format("`{}`", keyword));
}

std::string_view Cursor::word(std::string_view what) {
  if (take(Kind::word)) return last_.text;
  fail_next(what);
  return {};
}

std::string_view Cursor::name(std::string_view what) {
  if (take(Kind::word) || take(Kind::quoted)) return last_.text;
  fail_next(what);
  return {};
}

std::uint32_t Cursor::number(std::string_view what, std::uint32_t most) {
  return static_cast<std::uint32_t>(big_number(what, most));
}

std::uint64_t Cursor::big_number(std::string_view what, std::uint64_t most) {
  std::string_view digits = word(what);
  if (!ok()) return 0;
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > most) {
    fail_last(fmt::format("{} is a number up to {}", what, most));
    return 0;
  }
  return value;
}

void Cursor::fail_last(std::string reason) {
  fail(std::move(reason), last_.begin, last_.end_at);
}

void Cursor::fail_next(std::string_view what) {
  std::string reason = fmt::format("expected {}", what);
  if (at(Kind::end)) reason += " before the end of the line";
  fail(std::move(reason), next_.begin, next_.end_at);
}

void Cursor::fail(std::string reason, std::uint32_t begin, std::uint32_t end) {
  if (!ok()) return;
  problem_ = Problem{std::move(reason), begin, end};
  next_ = {Kind::end, {}, end, end};
}

}  // namespace portcullis::ir::form

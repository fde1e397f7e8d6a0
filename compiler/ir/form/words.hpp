// The words of which the lines of the text form are made, and how a name that is no plain word is written.
//
// A word is a run of letters, digits and `._/:@%+-[],=*~^`; anything else stands between double quotes, where `\"`,
// `\\` and `\x1b` are escapes. `{ } ; |` and `->` stand for themselves. `#` begins a comment that takes the rest of the
// line.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portcullis::ir::form {

// Writes `name` as a word, quoted if need be. Reading gives back the same bytes.
void append_name(std::string& out, std::string_view name);
// The same, always between quotes.
void append_quoted(std::string& out, std::string_view name);

struct Token {
  enum class Kind : std::uint8_t { word, quoted, open, close, semicolon, bar, arrow, end };
  Kind kind = Kind::end;
  std::string_view text;                // what it says, without quotes and escapes
  std::uint32_t begin = 0, end_at = 0;  // bytes of the file
};

struct Problem {
  std::string reason;
  std::uint32_t begin = 0, end = 0;
};

// Walks over the words of one line, one ahead. The first failure is kept and from then on the line is at its end, so
// that callers need not ask after each step: they ask once, when they are through.
class Cursor {
 public:
  // The line begins at byte `offset` of its file.
  Cursor(std::string_view line, std::uint32_t offset);
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  [[nodiscard]] bool ok() const { return !problem_; }
  [[nodiscard]] const std::optional<Problem>& problem() const { return problem_; }
  [[nodiscard]] bool at(Token::Kind kind) const { return next_.kind == kind; }
  [[nodiscard]] bool at(std::string_view keyword) const {
    return next_.kind == Token::Kind::word && next_.text == keyword;
  }
  // The next word without stepping over it; empty if no word is next.
  [[nodiscard]] std::string_view peek_word() const {
    return next_.kind == Token::Kind::word ? next_.text : std::string_view{};
  }
  // Steps over it if it is there.
  bool take(Token::Kind kind);
  bool take(std::string_view keyword);
  // It must be there.
  void expect(Token::Kind kind, std::string_view what);
  void expect(std::string_view keyword);
  // The next word, for a value; empty after a failure. It stays valid for as long as the line.
  [[nodiscard]] std::string_view word(std::string_view what);
  // The next word, quoted or not, for a name. It stays valid until the next step.
  [[nodiscard]] std::string_view name(std::string_view what);
  // A decimal or `0x` number up to `most`.
  [[nodiscard]] std::uint32_t number(std::string_view what, std::uint32_t most);
  [[nodiscard]] std::uint64_t big_number(std::string_view what, std::uint64_t most);

  // Where the word that was taken last stands.
  [[nodiscard]] std::uint32_t last_begin() const { return last_.begin; }
  [[nodiscard]] std::uint32_t last_end() const { return last_.end_at; }

  // Reports about the word that was taken last.
  void fail_last(std::string reason);
  // Reports about the next word: `expected {what}`.
  void fail_next(std::string_view what);

 private:
  void fail(std::string reason, std::uint32_t begin, std::uint32_t end);
  [[nodiscard]] Token scan();
  [[nodiscard]] Token scan_quoted();
  [[nodiscard]] Token token(Token::Kind kind, std::size_t length);
  [[nodiscard]] std::uint32_t place(std::size_t i) const { return offset_ + static_cast<std::uint32_t>(i); }

  std::string_view line_;
  std::uint32_t offset_;
  std::size_t at_ = 0;  // what is not scanned yet
  Token last_, next_;
  std::array<std::string, 2> unescaped_;  // of last_ and next_, in turns
  unsigned turn_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace portcullis::ir::form

// Tokens of nft text. Words are whatever stands between blanks and punctuation: `10.96.0.0/16`, `5010:1-501f:ffff`,
// `endpoint-5OJB2KTY-ns1/svc1`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portcullis::nftables {

struct Token {
  enum class Kind : std::uint8_t {
    word,
    quoted,  // text without its quotes
    mark,    // one of { } ( ) , ; = @ & | ^ ! < > or == != <= >=
    newline,
    end,
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::uint32_t begin = 0, end = 0;  // bytes of the file

  [[nodiscard]] bool is(std::string_view wanted) const {
    return (kind == Kind::word || kind == Kind::mark) && text == wanted;
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { next(); }
  [[nodiscard]] const Token& peek() const { return token_; }
  Token take();
  // Takes the token if it is this one.
  bool take(std::string_view wanted);
  void skip_newlines();
  [[nodiscard]] std::string_view text(std::uint32_t begin, std::uint32_t end) const {
    return text_.substr(begin, end - begin);
  }
  // Back to a token that was peeked at.
  void rewind(const Token& token);

 private:
  void next();

  std::string_view text_;
  std::uint32_t at_ = 0;
  Token token_;
};

}  // namespace portcullis::nftables

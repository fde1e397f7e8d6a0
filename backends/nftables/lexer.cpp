#include "backends/nftables/lexer.hpp"

#include <array>

namespace portcullis::nftables {

namespace {

enum Class : std::uint8_t { in_word, blank, punctuation, quote, line_end, comment };

constexpr std::array<Class, 256> classes = [] {
  std::array<Class, 256> out{};
  for (const char c : {' ', '\t', '\r'}) out[static_cast<unsigned char>(c)] = blank;
  for (const char c : {'{', '}', '(', ')', ',', ';', '=', '@', '&', '|', '^', '!', '<', '>'}) {
    out[static_cast<unsigned char>(c)] = punctuation;
  }
  out['"'] = quote;
  out['\n'] = line_end;
  out['#'] = comment;
  return out;
}();

Class class_of(char c) {
  return classes[static_cast<unsigned char>(c)];
}

}  // namespace

void Lexer::next() {
  const auto size = static_cast<std::uint32_t>(text_.size());
  while (at_ < size) {
    const Class c = class_of(text_[at_]);
    if (c == blank) {
      ++at_;
    } else if (c == comment) {
      while (at_ < size && text_[at_] != '\n') ++at_;
    } else if (text_[at_] == '\\' && at_ + 1 < size && text_[at_ + 1] == '\n') {
      at_ += 2;  // the line goes on
    } else {
      break;
    }
  }
  const std::uint32_t begin = at_;
  const auto token = [&](Token::Kind kind, std::uint32_t end) {
    at_ = end;
    token_ = {kind, text(begin, end), begin, end};
  };
  if (at_ == size) return token(Token::Kind::end, at_);
  switch (class_of(text_[at_])) {
    case line_end:
      return token(Token::Kind::newline, at_ + 1);
    case quote: {
      const std::size_t closing = text_.find('"', begin + 1);
      const std::uint32_t end = closing == std::string_view::npos ? size : static_cast<std::uint32_t>(closing);
      token(Token::Kind::quoted, std::min(end + 1, size));
      token_.text = text(begin + 1, end);
      return;
    }
    case punctuation: {
      const bool two = std::string_view("=!<>").find(text_[at_]) != std::string_view::npos && at_ + 1 < size &&
                       text_[at_ + 1] == '=';
      return token(Token::Kind::mark, at_ + (two ? 2 : 1));
    }
    case in_word:
    case blank:
    case comment:
      break;
  }
  std::uint32_t end = begin;
  while (end < size && class_of(text_[end]) == in_word) ++end;
  token(Token::Kind::word, end);
}

Token Lexer::take() {
  const Token taken = token_;
  next();
  return taken;
}

bool Lexer::take(std::string_view wanted) {
  if (!token_.is(wanted)) return false;
  next();
  return true;
}

void Lexer::skip_newlines() {
  while (token_.kind == Token::Kind::newline) next();
}

void Lexer::rewind(const Token& token) {
  token_ = token;
  at_ = token.end;
}

}  // namespace portcullis::nftables

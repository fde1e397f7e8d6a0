// One line of iptables-save text as words.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::iptables {

struct Token {
  std::string_view text;             // without quotes and their backslashes
  std::uint32_t begin = 0, end = 0;  // bytes of the line
};

// Splits lines as iptables-restore does (xshared.c, add_param_to_argv): words are separated by blanks; double quotes
// hold a word together and a backslash inside them takes the next character as it is. The views of one line live until
// the next one is split.
class Tokenizer {
 public:
  // False if a quote does not end; `tokens()` then holds what stands in front of it.
  [[nodiscard]] bool split(std::string_view line);
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }

 private:
  std::vector<Token> tokens_;
  std::deque<std::string> unquoted_;  // only words that had a backslash or were glued together
};

}  // namespace portcullis::iptables

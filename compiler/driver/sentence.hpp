// What the sentences of the command line (packets, requests) share: words with their places, and how an error in them
// is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portcullis::driver {

// What is wrong, and at which bytes of the sentence.
struct SentenceError {
  std::string message;
  std::string hint;  // may be empty
  std::size_t begin = 0, end = 0;
};
// The error with the sentence and carets under the place; several lines.
[[nodiscard]] std::string show(const SentenceError& error, std::string_view sentence, bool colour);

struct Word {
  std::string_view text;
  std::size_t begin = 0;
  [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};
// Split at blanks. With `quotes`, blanks between double quotes do not split; the quotes stay.
[[nodiscard]] std::vector<Word> words_of(std::string_view sentence, bool quotes = false);

// Thrown inside parsers of sentences only: they have nothing to add once a word is wrong.
struct Stop {
  SentenceError error;
};
[[noreturn]] void stop(const Word& word, std::string message, std::string hint);

}  // namespace portcullis::driver

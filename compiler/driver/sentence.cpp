#include "compiler/driver/sentence.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/snippet.hpp"
#include "compiler/report/style.hpp"

namespace portcullis::driver {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t end_of_word(std::string_view sentence, std::size_t at, bool quotes) {
  bool inside = false;
  for (; at < sentence.size(); ++at) {
    if (quotes && sentence[at] == '"') inside = !inside;
    if (!inside && blanks.find(sentence[at]) != std::string_view::npos) break;
  }
  return at;
}

}  // namespace

std::vector<Word> words_of(std::string_view sentence, bool quotes) {
  std::vector<Word> words;
  for (std::size_t at = sentence.find_first_not_of(blanks); at != std::string_view::npos;) {
    const std::size_t end = end_of_word(sentence, at, quotes);
    words.push_back({sentence.substr(at, end - at), at});
    at = sentence.find_first_not_of(blanks, end);
  }
  return words;
}

void stop(const Word& word, std::string message, std::string hint) {
  throw Stop{{std::move(message), std::move(hint), word.begin, word.end()}};
}

std::string show(const SentenceError& error, std::string_view sentence, bool colour) {
  const report::Style style(colour);
  const report::Snippet shown = report::snippet(sentence, error.begin, error.end);
  const std::string bar = style.frame("|");
  std::string out =
      style.severity(base::Severity::error, "error") + style.strong(": " + base::printable(error.message)) + "\n";
  out += fmt::format("  {}\n  {} {}\n  {} {}\n", bar, bar, shown.line, bar,
                     style.severity(base::Severity::error, shown.carets));
  if (!error.hint.empty()) out += fmt::format("  {} help: {}\n", style.frame("="), base::printable(error.hint));
  return out;
}

}  // namespace portcullis::driver

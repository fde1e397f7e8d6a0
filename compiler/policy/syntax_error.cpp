#include "compiler/policy/syntax_error.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::policy {

namespace {

constexpr std::size_t most_shown = 60;  // bytes of a word in a message

// A long word is cut: the caret shows the rest.
std::string shown(std::string_view word) {
  if (word.size() <= most_shown) return base::printable(word);
  std::size_t cut = most_shown;
  while (cut > 0 && (static_cast<unsigned char>(word[cut]) & 0xC0U) == 0x80U) --cut;
  return base::printable(word.substr(0, cut)) + "…";
}

std::string alternatives(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " or " : ", ";
    out += items[i];
  }
  return out;
}

std::string expectation(const SyntaxError& error) {
  std::vector<std::string> items;
  items.reserve(error.keywords.size() + error.names.size() + 1);
  for (const std::string& word : error.keywords) items.push_back("`" + word + "`");
  items.insert(items.end(), error.names.begin(), error.names.end());
  if (error.could_end) items.emplace_back("the next sentence");
  return alternatives(items);
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// Mistakes that people make because another language, or English, would have it so.
std::string habit(const SyntaxError& error) {
  const auto found = [&](std::string_view word) { return error.found == word; };
  if (found("=") && has(error.keywords, "==")) return "labels are compared with `==` or `!=`";
  if (found("==") && has(error.keywords, "=")) return "a zone is defined with one `=`";
  if (found("zone") && error.before == "from") return "leave out `zone`: its name is enough";
  if ((found("or") || found("and") || found("&&") || found("||")) && has(error.keywords, ","))
    return "alternatives are separated by `,`";
  if (found(";") || found(".")) return "a sentence needs no sign at its end";
  if (error.found.starts_with("//")) return "a comment begins with `#`";
  for (const std::string_view quote : {"“", "”", "„", "‘", "’", "'"}) {
    if (error.found.starts_with(quote)) return "texts stand in straight double quotes: \"";
  }
  return {};
}

std::string hint(const SyntaxError& error) {
  if (error.is_unclosed) return "a text ends on its line, with `\"`";
  if (error.found.empty()) return {};
  if (std::string text = habit(error); !text.empty()) return text;
  const std::vector<std::string_view> candidates(error.keywords.begin(), error.keywords.end());
  if (const std::string_view near = base::nearest(error.found, candidates); !near.empty())
    return fmt::format("did you mean `{}`?", near);
  if (error.is_keyword && !error.names.empty())
    return fmt::format("`{0}` is a word of the language; in quotes it is a name: \"{0}\"", error.found);
  return {};
}

std::string message(const SyntaxError& error) {
  if (error.is_unclosed) return fmt::format("`{}`: this text is not closed", shown(error.found));
  const std::string expected = expectation(error);
  if (error.found.empty())
    return fmt::format("the sentence ends after `{}`: expected {}", shown(error.before), expected);
  return fmt::format("`{}`: expected {}", shown(error.found), expected);
}

}  // namespace

void report(const SyntaxError& error, base::Diagnostics& diagnostics) {
  diagnostics.add("PC4001", message(error), error.span).hint = hint(error);
}

base::Diagnostic& report_value(std::string_view word, SourceSpan span, std::string_view expected,
                               base::Diagnostics& diagnostics) {
  return diagnostics.add("PC4001", fmt::format("`{}`: expected {}", shown(word), expected), span);
}

}  // namespace portcullis::policy

#include "backends/iptables/tokens.hpp"

namespace portcullis::iptables {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

}  // namespace

bool Tokenizer::split(std::string_view line) {
  tokens_.clear();
  unquoted_.clear();
  std::size_t i = 0;
  while (i < line.size()) {
    if (is_blank(line[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    std::size_t stop = i;
    while (stop < line.size() && !is_blank(line[stop]) && line[stop] != '"') ++stop;
    if (stop == line.size() || line[stop] != '"') {  // no quote: the word is the text itself
      tokens_.push_back(
          {line.substr(begin, stop - begin), static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(stop)});
      i = stop;
      continue;
    }
    std::string& word = unquoted_.emplace_back();
    bool quoted = false;
    for (; i < line.size() && (quoted || !is_blank(line[i])); ++i) {
      if (line[i] == '"') {
        quoted = !quoted;
      } else if (quoted && line[i] == '\\' && i + 1 < line.size()) {
        word += line[++i];
      } else {
        word += line[i];
      }
    }
    if (quoted) return false;
    tokens_.push_back({word, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(i)});
  }
  return true;
}

}  // namespace portcullis::iptables

// Random regular expressions over a small alphabet.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace portcullis::languages_tests {

class RandomPattern {
 public:
  explicit RandomPattern(unsigned seed) : random_(seed) {}

  std::string pattern(int depth = 3) {
    std::string text;
    const int parts = below(3) + 1;
    for (int i = 0; i < parts; ++i) text += (i != 0 && below(4) == 0 ? "|" : "") + part(depth);
    return text;
  }
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

 private:
  std::string part(int depth) {
    const std::string quantifiers[] = {"", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "*?", "+?", "{2,}"};
    return atom(depth) + quantifiers[below(13)];
  }
  std::string atom(int depth) {
    const std::string groups[] = {"(", "(?:", "(?i:", "(?P<n>"};
    if (depth > 0 && below(3) == 0) return groups[below(4)] + pattern(depth - 1) + ")";
    const std::string atoms[] = {"a", "b",    "A",   "/",   ".",     "[ab]",  "[^a]",        "\\w", "\\b", "\\B", "^",
                                 "$", "[^/]", "\\W", "\\.", "[A-b]", "\\x61", "[[:upper:]]", "\\d", "a",   "b",   "/"};
    return "(?:" + atoms[below(22)] + ")";
  }

  std::mt19937 random_;
};

// All strings over the alphabet of at most this many bytes.
inline std::vector<std::string> strings(const std::string& alphabet, std::size_t longest) {
  std::vector<std::string> all{""};
  std::size_t begin = 0;
  for (std::size_t length = 0; length < longest; ++length) {
    const std::size_t end = all.size();
    for (std::size_t i = begin; i < end; ++i)
      for (const char c : alphabet) all.push_back(all[i] + c);
    begin = end;
  }
  return all;
}

}  // namespace portcullis::languages_tests

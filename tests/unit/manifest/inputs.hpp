// YAML with every way to write a scalar, for tests that hold two readings against each other.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace portcullis::manifest::test {

inline constexpr const char* inputs[] = {
    "a: b\n",
    "a: 'it''s'\nb: \"x\\ty\\u00e9\"\nc: \"two\n  lines\"\nd: 'two\n\n  paragraphs'\ne: plain\n  over lines\n",
    "a: |\n  one\n  two\nb: >-\n  folded\n  text\n\nc: |+\n  kept\n\nd: |-\n  stripped\ne: |2\n    more\n",
    "- a\n- [b, 'c', \"d\", {e: f}, [], {}]\n- - g\n  - h\n- i: j\n  k:\n  - l\n",
    "a:\nb: ~\nc: null\nd: ''\ne: [~, null]\n",
    "a: yes\nb: 0x50\nc: 1_000\nd: 80.0\ne: 2001-01-01\nf: 1:30\n",
    "a: !!str 80\nb: !!int \"80\"\nc: !!binary aGVsbG8=\nd: !local x\ne: !!float 1\nf: !!bool \"yes\"\n",
    "a: &x b\nc: &y !!str 5\nd: !!str &z\n  later\ne: [*x, *y, *z]\n",
    "a: &m {b: c}\nd: &s\n- e\n- f\ng: *s\n",
    "# comment\na: b # comment\n# comment\nc: # comment\n  d\n",
    "\xC3\xA9: \xE2\x82\xAC \xF0\x9F\x8C\x8D x\nname: \"\xC3\xBC\" # \xC3\xA4\nlast: z\n",
    "{a: b, \"c\": 'd',\n  e: [f,\n  g]}\n",
    "? a\n: b\n? c\n",
    "---\na: b\n...\n---\nc: d\n--- e\n--- |\n  f\n",
    "a: b:c\nd: e#f\ng: http://h/i\nj: -k\nl: .m\n",
    ("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - {name: http, port: 80, targetPort: "
     "\"http\"}\n"),
};

inline std::vector<std::string> sample_files() {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  if (!fs::exists(PORTCULLIS_SAMPLES)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(PORTCULLIS_SAMPLES)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml" || extension == ".json"))
      out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

inline std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace portcullis::manifest::test

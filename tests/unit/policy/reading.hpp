// A policy text, parsed, and short answers about it.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/policy/parse.hpp"

namespace portcullis::tests {

// `3:8-12 PC4001 message | hint`, columns from first to one past the last.
inline std::string finding_text(const base::Diagnostic& d, const base::SourceMap& sources) {
  if (!d.span.known()) return d.code + " " + d.message;
  const base::Position begin = sources.begin(d.span);
  const base::Position end = sources.end(d.span);
  std::string text = fmt::format("{}:{}-{} {} {}", begin.line, begin.column, end.column, d.code, d.message);
  if (!d.hint.empty()) text += " | " + d.hint;
  return text;
}

struct Parsed {
  explicit Parsed(const std::string& text)
      : file(sources.add("a.policy", text)), tree(policy::parse(file, sources, diagnostics)) {}

  base::SourceMap sources;
  base::Diagnostics diagnostics;
  base::FileId file;
  policy::SyntaxTree tree;

  [[nodiscard]] std::vector<std::string> findings() const {
    std::vector<std::string> out;
    for (const base::Diagnostic& d : diagnostics.all()) out.push_back(finding_text(d, sources));
    return out;
  }
  // `LINE: SENTENCE` each.
  [[nodiscard]] std::vector<std::string> sentences() const {
    std::vector<std::string> out;
    for (const policy::Sentence& s : tree.sentences) out.push_back(fmt::format("{}: {}", s.line, s.text));
    return out;
  }
};

}  // namespace portcullis::tests

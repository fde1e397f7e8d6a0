// What the tests of this folder share: reading a text, and saying what came of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/manifest/read.hpp"

namespace portcullis::manifest::test {

struct Reading {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  Input input;

  // `PC1005 3:11 message`
  [[nodiscard]] std::string line(const base::Diagnostic& d) const {
    const base::Position at = d.span.known() ? sources.begin(d.span) : base::Position{};
    return fmt::format("{} {}:{} {}", d.code, at.line, at.column, d.message);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& d : diagnostics.all()) out.push_back(line(d));
    return out;
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const std::string& l : lines()) out += l + "\n";
    return out;
  }
  template <class T>
  [[nodiscard]] const T& body(std::size_t index = 0) const {
    return std::get<T>(input.objects.at(index).body);
  }
};

inline Reading read_string(std::string_view text, bool json = false, const ReadOptions& options = {}) {
  Reading out;
  out.input = manifest::read_text("case", std::string(text), json, options, out.sources, out.diagnostics);
  return out;
}

}  // namespace portcullis::manifest::test

// A small report: one file, findings at words of it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/report/findings.hpp"

namespace portcullis::report {

class Fixture {
 public:
  explicit Fixture(std::string text, std::string name = "web.yaml")
      : file_(sources_.add(std::move(name), std::move(text))) {}

  // The place of the first occurrence of `word`.
  [[nodiscard]] base::SourceSpan at(std::string_view word) const {
    const std::size_t begin = sources_.text(file_).find(word);
    if (begin == std::string_view::npos) throw std::logic_error("no such word in the fixture");
    return {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + word.size())};
  }
  base::Diagnostic& add(std::string_view code, std::string message, base::SourceSpan span) {
    return diagnostics_.add(code, std::move(message), span);
  }
  base::SourceMap& sources() { return sources_; }
  [[nodiscard]] const base::Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] std::string print(Format format, const PrintOptions& options = {}) const {
    Findings findings{&sources_, diagnostics_.all(), totals};
    return report::print(format, findings, options);
  }

  Totals totals;

 private:
  base::SourceMap sources_;
  base::FileId file_;
  base::Diagnostics diagnostics_;
};

}  // namespace portcullis::report

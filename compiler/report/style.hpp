// The few colours of a report on a terminal. Without colour every function returns its text as it is.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/diagnostic.hpp"

namespace portcullis::report {

class Style {
 public:
  explicit Style(bool colour) : colour_(colour) {}

  [[nodiscard]] std::string severity(base::Severity severity, std::string_view text) const;
  [[nodiscard]] std::string strong(std::string_view text) const;  // the message
  [[nodiscard]] std::string frame(std::string_view text) const;   // line numbers, bars, arrows
  [[nodiscard]] std::string good(std::string_view text) const;

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
  bool colour_;
};

}  // namespace portcullis::report

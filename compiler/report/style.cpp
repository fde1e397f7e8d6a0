#include "compiler/report/style.hpp"

#include <fmt/format.h>

namespace portcullis::report {

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!colour_ || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string Style::severity(base::Severity severity, std::string_view text) const {
  switch (severity) {
    case base::Severity::error:
      return paint("1;31", text);
    case base::Severity::warning:
      return paint("1;33", text);
    case base::Severity::info:
      return paint("1;36", text);
  }
  return std::string(text);
}

std::string Style::strong(std::string_view text) const {
  return paint("1", text);
}
std::string Style::frame(std::string_view text) const {
  return paint("1;34", text);
}
std::string Style::good(std::string_view text) const {
  return paint("1;32", text);
}

}  // namespace portcullis::report

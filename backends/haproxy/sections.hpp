// `backend` sections, printed and read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// `t7`; with several parts `t7-0`, `t7-1`; behind a dot the choice where a part has several: `t7.0`, `t7-1.1`.
[[nodiscard]] std::string part_name(const Treatment& treatment, std::size_t number, std::size_t part);
[[nodiscard]] std::string section_name(const Treatment& treatment, std::size_t number, std::size_t part,
                                       std::size_t choice);

// Every section. A server that another section has as well is checked once, and followed there.
[[nodiscard]] std::string print_sections(const std::vector<Treatment>& treatments);
// One text a meaning.
[[nodiscard]] std::string fingerprint(const Treatment& treatment);

struct Line {
  std::size_t number = 0;  // 1-based
  std::string_view text;
};
// What can go wrong while reading: the line, and what is the matter.
struct Trouble {
  std::size_t line = 0;
  std::string message;
};
// The lines of the backend sections, into treatments whose parts and choices are known.
class SectionReader {
 public:
  explicit SectionReader(std::vector<Treatment>& treatments);
  void take(const Line& line);
  [[nodiscard]] const std::optional<Trouble>& trouble() const { return trouble_; }
  // Call last.
  void finish();

 private:
  void fail(std::size_t line, std::string message);
  void begin(const Line& line, const std::string& name);
  void request(const Line& line, const std::vector<std::string>& words);
  void server(const Line& line, const std::vector<std::string>& words);
  Target& target();

  std::vector<std::pair<std::string, Section*>> expected_;  // in order
  std::size_t next_ = 0;
  Section* current_ = nullptr;
  std::optional<Trouble> trouble_;
};

}  // namespace portcullis::haproxy

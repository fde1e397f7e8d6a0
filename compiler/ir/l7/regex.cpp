#include "compiler/ir/l7/regex.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <variant>

#include <re2/re2.h>

#include "compiler/ir/l7/regex_dialect.hpp"

namespace portcullis::ir::l7 {

namespace {

// A program and its automata; what does not fit is refused.
constexpr std::int64_t most_memory = std::int64_t{1} << 20U;
constexpr std::size_t groups = 10;  // $0 … $9

RE2::Options options(bool fold) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(!fold);
  options.set_max_mem(most_memory);
  options.set_log_errors(false);
  return options;
}

}  // namespace

struct Regex::Compiled {
  std::unique_ptr<RE2> re;
  std::string error;
};

Regex::Regex(std::string_view pattern, bool fold, bool anchored) : compiled_(std::make_unique<Compiled>()) {
  const auto translated = to_re2(pattern, fold);
  if (const auto* error = std::get_if<DialectError>(&translated)) {
    compiled_->error = error->reason;
    return;
  }
  const std::string text = (anchored ? "^" : "") + std::get<std::string>(translated);
  compiled_->re = std::make_unique<RE2>(text, options(fold));
  if (compiled_->re->ok()) return;
  compiled_->error = compiled_->re->error();
  compiled_->re.reset();
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

bool Regex::valid() const {
  return compiled_->re != nullptr;
}

const std::string& Regex::error() const {
  return compiled_->error;
}

bool Regex::search(std::string_view text, std::vector<std::string>* captures) const {
  if (!valid()) return false;
  const re2::StringPiece input(text.data(), text.size());
  if (captures == nullptr) return compiled_->re->Match(input, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
  std::array<re2::StringPiece, groups> found;
  const int known = std::min(static_cast<int>(groups), compiled_->re->NumberOfCapturingGroups() + 1);
  if (!compiled_->re->Match(input, 0, text.size(), RE2::UNANCHORED, found.data(), known)) return false;
  captures->clear();
  for (const re2::StringPiece& piece : found) captures->emplace_back(piece.data() == nullptr ? "" : piece.as_string());
  return true;
}

}  // namespace portcullis::ir::l7

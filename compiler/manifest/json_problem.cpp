#include <cstdint>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/utf8.hpp"

namespace portcullis::manifest {

namespace {

// A checker by hand: simdjson says that a text is wrong, rarely where. Runs only over texts that it refused.
class Checker {
 public:
  Checker(std::string_view text, std::size_t depth_limit) : text_(text), depth_limit_(depth_limit) {}

  std::optional<JsonProblem> run() {
    skip_blanks();
    if (!value(0)) return problem_;
    skip_blanks();
    if (at_ < text_.size()) {
      fail(fmt::format("expected the end of the text, this is `{}`", here()), {});
      return problem_;
    }
    return {};
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): bounded by depth_limit_
  bool value(std::size_t depth) {
    if (at_ >= text_.size()) return fail("expected a value, the text ends here", {});
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth >= depth_limit_)
        return fail(fmt::format("more than {} lists and maps inside each other", depth_limit_), {});
      return collection(c == '{', depth);
    }
    if (c == '"') return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    }
    if (c == '\'') return fail("a single quote cannot open a string", "JSON quotes with `\"`");
    if (c == '}' || c == ']')
      return fail(fmt::format("expected a value before this `{}`", c), "remove the comma before it");
    if (c == '/' || c == '#') return fail("a comment stands here", "JSON has no comments");
    return fail(fmt::format("expected a value, this is `{}`", here()), "text needs double quotes");
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by depth_limit_
  bool collection(bool map, std::size_t depth) {
    const std::size_t opened = at_;
    const char closing = map ? '}' : ']';
    ++at_;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == closing) return take();
    for (;;) {
      if (map && !key(opened)) return false;
      skip_blanks();
      if (at_ >= text_.size()) return never_closed(opened);
      if (!value(depth + 1)) return false;
      skip_blanks();
      if (at_ >= text_.size()) return never_closed(opened);
      if (text_[at_] == closing) return take();
      if (text_[at_] != ',') return fail(fmt::format("expected `,` or `{}`, this is `{}`", closing, here()), {});
      ++at_;
      skip_blanks();
    }
  }

  bool key(std::size_t opened) {
    skip_blanks();
    if (at_ >= text_.size()) return never_closed(opened);
    if (text_[at_] == '}') return fail("expected a key before this `}`", "remove the comma before it");
    if (text_[at_] != '"') return fail(fmt::format("expected a key in double quotes, this is `{}`", here()), {});
    if (!string()) return false;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == ':') return take();
    return fail(at_ < text_.size() ? fmt::format("expected `:` after the key, this is `{}`", here())
                                   : "expected `:` after the key",
                {});
  }

  bool string() {
    const std::size_t opened = at_++;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return take();
      if (static_cast<unsigned char>(c) < 0x20) {
        if (c != '\n' && c != '\r')
          return fail("a control character in a string", "write it as an escape, such as `\\t`");
        at_ = opened;
        return fail("the string that opens here is not closed on its line", {});
      }
      if (c == '\\') {
        if (!escape()) return false;
        continue;
      }
      const std::size_t length = decode_utf8(text_.substr(at_)).length;
      if (length == 0) return fail("the bytes here are no UTF-8", "save the file as UTF-8");
      at_ += length;
    }
    at_ = opened;
    return fail("the string that opens here is never closed", {});
  }

  bool escape() {
    const std::size_t start = at_;
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind == 'u') {
      const auto unit = hex(at_ + 2);
      if (!unit) return fail("expected four hexadecimal digits after `\\u`", {});
      at_ += 6;
      if (*unit < 0xD800 || *unit >= 0xE000) return true;
      const bool second = *unit < 0xDC00 && text_.substr(at_).starts_with("\\u");
      const auto low = second ? hex(at_ + 2) : std::optional<std::uint32_t>{};
      if (low && *low >= 0xDC00 && *low < 0xE000) {
        at_ += 6;
        return true;
      }
      at_ = start;
      return fail("half a surrogate pair", {});
    }
    if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return fail("no such escape in a JSON string", "write `\\\\` for a backslash");
    }
    at_ += 2;
    return true;
  }

  [[nodiscard]] std::optional<std::uint32_t> hex(std::size_t at) const {
    if (at + 4 > text_.size()) return {};
    std::uint32_t value = 0;
    for (const char c : text_.substr(at, 4)) {
      const int digit = c >= '0' && c <= '9'                     ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) return {};
      value = value << 4U | static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  std::size_t digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  bool number() {
    const std::size_t start = at_;
    if (text_[at_] == '-') ++at_;
    const std::size_t first = at_;
    const std::size_t whole = digits();
    bool good = whole > 0 && (whole == 1 || text_[first] != '0');
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      good = digits() > 0 && good;
    }
    if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      good = digits() > 0 && good;
    }
    if (good) return true;
    const std::string written(text_.substr(start, std::max<std::size_t>(at_ - start, 1)));
    at_ = start;
    return fail(fmt::format("`{}` is no JSON number", base::printable(written)), "quote it if it is meant as text");
  }

  bool take() {
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  [[nodiscard]] std::string here() const {
    return base::printable(text_.substr(at_, std::max<std::size_t>(decode_utf8(text_.substr(at_)).length, 1)));
  }
  bool never_closed(std::size_t opened) {
    at_ = opened;
    return fail(fmt::format("the `{}` here is never closed", text_[opened]), {});
  }
  bool fail(std::string reason, std::string hint) {
    problem_ = JsonProblem{at_, std::move(reason), std::move(hint)};
    return false;
  }

  std::string_view text_;
  std::size_t depth_limit_;
  std::size_t at_ = 0;
  std::optional<JsonProblem> problem_;
};

}  // namespace

std::optional<JsonProblem> find_json_problem(std::string_view text, std::size_t depth_limit) {
  return Checker(text, depth_limit).run();
}

}  // namespace portcullis::manifest

// Walks over the pattern once, writes what RE2 reads in the same way, and refuses the rest. It keeps in mind which
// parts can match nothing: repeating these, the two dialects choose different captures.

#include "compiler/ir/l7/regex_dialect.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/ir/l7/letters.hpp"

namespace portcullis::ir::l7 {

namespace {

constexpr int deepest = 200;  // groups inside of groups

// Both dialects' blanks; RE2's `\s` lacks the vertical tab.
constexpr std::string_view blanks = R"(\t\n\x0b\f\r )";

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Whether a group `(?i)` or `(?i:…)` of the pattern ignores letter case.
bool folds_inside(std::string_view pattern) {
  for (std::size_t at = pattern.find("(?"); at != std::string_view::npos; at = pattern.find("(?", at + 2)) {
    const std::string_view rest = pattern.substr(at + 2);
    if (rest.substr(0, rest.find_first_of(":)")).find('i') != std::string_view::npos) return true;
  }
  return false;
}

class Translator {
 public:
  Translator(std::string_view pattern, bool fold) : in_(pattern), folds_(fold || folds_inside(pattern)) {}

  std::variant<std::string, DialectError> run() {
    (void)alternatives(0);
    if (ok() && !done()) fail("`)` without `(`");
    if (!ok()) return DialectError{*reason_};
    return std::move(out_);
  }

 private:
  // What stands before a quantifier.
  struct Atom {
    bool may_be_empty = false;
    bool repeatable = true;
  };

  [[nodiscard]] bool ok() const { return !reason_; }
  [[nodiscard]] bool done() const { return at_ >= in_.size(); }
  [[nodiscard]] char next() const { return in_[at_]; }
  [[nodiscard]] std::string_view rest() const { return in_.substr(at_); }
  void fail(std::string reason) {
    if (ok()) reason_ = std::move(reason);
    at_ = in_.size();
  }
  bool take(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  // Takes `length` bytes over as they are.
  void copy(std::size_t length) {
    out_ += rest().substr(0, length);
    at_ += length;
  }

  // Each of these says whether what it read can match nothing.

  bool alternatives(int depth) {
    if (depth > deepest) {
      fail("groups are nested too deep");
      return true;
    }
    bool may_be_empty = branch(depth);
    while (!done() && next() == '|') {
      copy(1);
      may_be_empty = branch(depth) || may_be_empty;
    }
    return may_be_empty;
  }

  bool branch(int depth) {
    bool may_be_empty = true;
    while (!done() && next() != '|' && next() != ')') {
      const Atom atom = this->atom(depth);
      may_be_empty = quantified(atom) && may_be_empty;
    }
    return may_be_empty;
  }

  struct Quantifier {
    std::size_t length = 0;  // of its text; 0: there is none
    bool at_least_one = false;
    bool more_than_one = false;
  };

  // `{2}`, `{2,}`, `{2,3}`; any other brace is a byte like others.
  [[nodiscard]] Quantifier braces() const {
    std::size_t i = 1;
    const std::string_view text = rest();
    const auto digits = [&] {
      const std::size_t begin = i;
      while (i < text.size() && is_digit(text[i])) ++i;
      return text.substr(begin, i - begin);
    };
    const std::string_view least = digits();
    if (least.empty()) return {};
    const bool comma = i < text.size() && text[i] == ',';
    if (comma) ++i;
    const std::string_view most = comma ? digits() : least;
    if (i >= text.size() || text[i] != '}') return {};
    const bool zero = least.find_first_not_of('0') == std::string_view::npos;
    const bool up_to_one = !most.empty() && (most.find_first_not_of('0') == std::string_view::npos || most == "1");
    return {i + 1, !zero, !up_to_one};
  }

  [[nodiscard]] Quantifier quantifier() const {
    if (done()) return {};
    switch (next()) {
      case '*':
        return {1, false, true};
      case '+':
        return {1, true, true};
      case '?':
        return {1, false, false};
      case '{':
        return braces();
      default:
        return {};
    }
  }

  bool quantified(const Atom& atom) {
    const Quantifier found = quantifier();
    if (found.length == 0) return atom.may_be_empty;
    if (!atom.repeatable) {
      fail("nothing that could be repeated");
    } else if (found.more_than_one && atom.may_be_empty) {
      fail("something that may be empty is repeated");
    }
    if (!ok()) return true;
    copy(found.length);
    if (!done() && next() == '?') {
      copy(1);
    } else if (!done() && next() == '+') {
      fail("possessive quantifier");
    }
    if (quantifier().length != 0) fail("two quantifiers in a row");
    return !found.at_least_one || atom.may_be_empty;
  }

  Atom atom(int depth) {
    switch (next()) {
      case '(':
        return group(depth);
      case '[':
        character_class();
        return {};
      case '\\':
        return escape();
      case '^':
      case '$':
        copy(1);
        return {true, false};
      case '.':
        copy(1);
        return {};
      case '*':
      case '+':
      case '?':
        fail("nothing that could be repeated");
        return {};
      case '{':
        if (braces().length != 0) {
          fail("nothing that could be repeated");
          return {};
        }
        [[fallthrough]];
      default:
        literal(next());
        ++at_;
        return {};
    }
  }

  Atom group(int depth) {
    if (rest().starts_with("(?")) {
      const std::size_t end = in_.find_first_of(":)>", at_ + 2);
      const std::string_view head = in_.substr(at_ + 2, end == std::string_view::npos ? end : end - at_ - 2);
      const bool named = head.starts_with("P<") && end != std::string_view::npos && in_[end] == '>';
      const bool flags =
          end != std::string_view::npos && in_[end] != '>' && head.find_first_not_of("is-") == std::string_view::npos;
      if (!named && !flags) {
        fail(fmt::format("`(?{}` is no group that both dialects know", head));
        return {};
      }
      copy(end + 1 - at_);
      if (flags && in_[end] == ')') return {true, false};
    } else {
      copy(1);
    }
    const bool may_be_empty = alternatives(depth + 1);
    if (!ok()) return {};
    if (done()) {
      fail("`(` without `)`");
      return {};
    }
    copy(1);
    return {may_be_empty, true};
  }

  // A byte that stands for itself, outside of classes. Other letters than ASCII's have no case.
  void literal(char c) {
    if (c == 0 || !is_ascii(c)) {
      code(static_cast<unsigned char>(c));
    } else {
      out_ += c;
    }
  }
  void code(unsigned byte) {
    const std::string code = fmt::format(R"(\x{:02x})", byte);
    out_ += byte < 0x80 ? code : "(?-i:" + code + ")";
  }

  // `\x41`, `\x{41}` behind the backslash; nothing: refused.
  std::optional<unsigned> hexadecimal() {
    const bool braces = take("x{");
    if (!braces) take("x");
    if (rest().size() < 2 || hex_digit(in_[at_]) < 0 || hex_digit(in_[at_ + 1]) < 0) {
      fail("`\\x` without two hexadecimal digits");
      return {};
    }
    const int byte = hex_digit(in_[at_]) * 16 + hex_digit(in_[at_ + 1]);
    at_ += 2;
    if (braces && !take("}")) fail("`\\x{` stands for no byte");
    return static_cast<unsigned>(byte);
  }

  Atom escape() {
    if (rest().size() < 2) {
      fail("a backslash at the end");
      return {};
    }
    ++at_;
    const char c = next();
    if (c == 'x') {
      if (const auto byte = hexadecimal()) code(*byte);
      return {};
    }
    ++at_;
    if (c == 's' || c == 'S') {
      out_ += c == 's' ? "[" : "[^";
      out_ += blanks;
      out_ += ']';
    } else if (std::string_view("bBAz").find(c) != std::string_view::npos) {
      put_escaped(c);
      return {true, false};
    } else if (!common_escape(c)) {
      if (is_ascii(c)) return refuse_escape(c);
      literal(c);
    }
    return {};
  }

  Atom refuse_escape(char c) {
    fail(fmt::format("`\\{}` is no escape that both dialects know", c));
    return {};
  }
  void put_escaped(char c) {
    out_ += '\\';
    out_ += c;
  }
  // Escapes that are the same inside and outside of classes.
  bool common_escape(char c) {
    if (c == 'e') {
      out_ += R"(\x1b)";
    } else if (c == '_') {
      out_ += c;
    } else if (std::string_view("dDwWtnrfa").find(c) != std::string_view::npos ||
               (c > ' ' && c < 0x7f && !is_letter(c) && !is_digit(c))) {
      put_escaped(c);
    } else if (c == ' ') {
      out_ += c;
    } else {
      return false;
    }
    return true;
  }

  void character_class() {
    copy(1);
    if (!done() && next() == '^') copy(1);
    if (!done() && next() == ']') {
      out_ += R"(\])";
      ++at_;
    }
    while (!done() && next() != ']') class_item();
    if (!ok()) return;
    if (done()) return fail("`[` without `]`");
    copy(1);
  }

  void class_item() {
    const char c = next();
    if (c == '[') return class_bracket();
    if (c == '\\') return class_escape();
    ++at_;
    class_byte(static_cast<unsigned char>(c));
  }

  void class_bracket() {
    if (rest().starts_with("[.") || rest().starts_with("[=")) return fail("collating element");
    const std::size_t end = rest().starts_with("[:") ? rest().find(":]") : std::string_view::npos;
    if (end != std::string_view::npos) return copy(end + 2);
    out_ += R"(\[)";
    ++at_;
  }

  void class_escape() {
    if (rest().size() < 2) return fail("a backslash at the end");
    ++at_;
    const char c = next();
    if (c == 'x') {
      if (const auto byte = hexadecimal()) class_byte(*byte);
      return;
    }
    ++at_;
    if (c == 's') {
      out_ += blanks;
    } else if (!is_ascii(c)) {
      class_byte(static_cast<unsigned char>(c));
    } else if (!common_escape(c)) {
      (void)refuse_escape(c);
    }
  }

  void class_byte(unsigned byte) {
    if (byte >= 0x80 && folds_) return fail("other bytes than ASCII in a class without letter case");
    if (byte >= 0x80 || byte < 0x20 || byte == 0x7f) {
      out_ += fmt::format(R"(\x{:02x})", byte);
    } else if (byte == '\\' || byte == '[' || byte == ']' || byte == '^') {
      put_escaped(static_cast<char>(byte));
    } else {
      out_ += static_cast<char>(byte);
    }
  }

  std::string_view in_;
  bool folds_;
  std::size_t at_ = 0;
  std::string out_;
  std::optional<std::string> reason_;
};

}  // namespace

std::variant<std::string, DialectError> to_re2(std::string_view pattern, bool fold) {
  return Translator(pattern, fold).run();
}

}  // namespace portcullis::ir::l7

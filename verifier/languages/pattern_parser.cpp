#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "verifier/languages/pattern_tree.hpp"

namespace portcullis::languages {

namespace {

constexpr unsigned most_repeats = 1000;  // RE2's limit
constexpr unsigned most_depth = 200;

struct Flags {
  bool fold = false, dot_all = false;
};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Bytes digits() {
  return range('0', '9');
}
Bytes spaces() {
  return all_of("\t\n\v\f\r ");
}

std::optional<Bytes> named_class(std::string_view name) {
  const Bytes letters = range('a', 'z') | range('A', 'Z');
  const std::array<std::pair<std::string_view, Bytes>, 14> table{{
      {"alnum", letters | digits()},
      {"alpha", letters},
      {"ascii", range(0, 0x7f)},
      {"blank", all_of("\t ")},
      {"cntrl", range(0, 0x1f) | one(0x7f)},
      {"digit", digits()},
      {"graph", range('!', '~')},
      {"lower", range('a', 'z')},
      {"print", range(' ', '~')},
      {"punct", range('!', '/') | range(':', '@') | range('[', '`') | range('{', '~')},
      {"space", all_of("\t\n\v\f\r ")},
      {"upper", range('A', 'Z')},
      {"word", word_bytes()},
      {"xdigit", digits() | range('a', 'f') | range('A', 'F')},
  }};
  for (const auto& [text, set] : table)
    if (text == name) return set;
  return std::nullopt;
}

// `\d`, `\W`, …
std::optional<Bytes> perl_class(char c) {
  switch (c) {
    case 'd':
      return digits();
    case 'D':
      return ~digits();
    case 's':
      return spaces();
    case 'S':
      return ~spaces();
    case 'w':
      return word_bytes();
    case 'W':
      return ~word_bytes();
    default:
      return std::nullopt;
  }
}

class Parser {
 public:
  Parser(std::string_view text, bool fold) : text_(text) { flags_.fold = fold; }

  std::variant<PatternNode, Unsupported> run() {
    PatternNode tree = alternatives();
    if (why_.empty() && at_ < text_.size()) refuse("an unmatched `)`");
    if (!why_.empty()) return Unsupported{why_};
    return tree;
  }

 private:
  using Kind = PatternNode::Kind;

  bool done() const { return !why_.empty() || at_ == text_.size(); }
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!next_is(what)) return false;
    at_ += what.size();
    return true;
  }
  void refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }

  PatternNode alternatives() {
    if (++depth_ > most_depth) refuse("groups nested too deeply");
    PatternNode node{.kind = Kind::either};
    node.parts.push_back(sequence());
    while (!done() && take("|")) node.parts.push_back(sequence());
    --depth_;
    if (node.parts.size() == 1) return std::move(node.parts.front());
    return node;
  }

  PatternNode sequence() {
    PatternNode node{.kind = Kind::sequence};
    while (!done() && !next_is("|") && !next_is(")")) {
      std::optional<PatternNode> part = atom();
      if (!part) continue;  // flags of what follows
      repeats(*part);
      node.parts.push_back(std::move(*part));
    }
    return node;
  }

  // Nothing: `(?i)`, which has no language of its own.
  std::optional<PatternNode> atom() {
    const char c = text_[at_++];
    switch (c) {
      case '(':
        return group();
      case '[':
        return bracket();
      case '.':
        return bytes(flags_.dot_all ? Bytes{}.set() : ~one('\n'));
      case '^':
        return asks(Asks::begin);
      case '$':
        return asks(Asks::end);
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        refuse("a quantifier with nothing before it");
        return PatternNode{};
      case '{':
        --at_;
        if (counts()) refuse("a quantifier with nothing before it");
        ++at_;
        return literal_byte(c);
      default:
        return literal_byte(c);
    }
  }

  static PatternNode bytes(const Bytes& set) { return {.kind = Kind::bytes, .bytes = set}; }
  static PatternNode asks(Asks what) { return {.kind = Kind::asks, .asks = what}; }

  PatternNode literal_byte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return bytes(flags_.fold ? folded(one(byte)) : one(byte));
  }

  std::optional<PatternNode> group() {
    const Flags outside = flags_;
    if (take("?P<")) {
      const std::size_t end = text_.find('>', at_);
      if (end == std::string_view::npos) refuse("a group's name without an end");
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else if (take("?")) {
      if (!flags()) return std::nullopt;  // `(?i)`: until the end of the group around it
    }
    PatternNode inside = alternatives();
    if (!take(")")) refuse("a group without an end");
    flags_ = outside;
    return inside;
  }

  // Behind `(?`. Whether a group follows.
  bool flags() {
    bool value = true;
    while (!done()) {
      const char c = text_[at_++];
      switch (c) {
        case 'i':
          flags_.fold = value;
          break;
        case 's':
          flags_.dot_all = value;
          break;
        case 'U':
          break;  // which match is preferred: the language is the same
        case '-':
          if (!value) refuse("two `-` in a group's flags");
          value = false;
          break;
        case ':':
          return true;
        case ')':
          return false;
        default:
          refuse(std::string("a group of the form `(?") + c + "`");
          return true;
      }
    }
    refuse("a group without an end");
    return true;
  }

  PatternNode escape() {
    if (done()) {
      refuse("a `\\` at the end");
      return {};
    }
    const char c = text_[at_++];
    if (const std::optional<Bytes> set = perl_class(c)) return bytes(*set);
    switch (c) {
      case 'A':
        return asks(Asks::begin);
      case 'z':
        return asks(Asks::end);
      case 'b':
        return asks(Asks::word_edge);
      case 'B':
        return asks(Asks::no_word_edge);
      default:
        break;
    }
    if (const std::optional<char> byte = escaped_byte(c)) return literal_byte(*byte);
    return {};
  }

  // Behind `\`: what stands for one byte.
  std::optional<char> escaped_byte(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'f':
        return '\f';
      case 'a':
        return '\a';
      case 'x':
        return hexadecimal();
      default:
        break;
    }
    if (is_letter_or_digit(c) || static_cast<unsigned char>(c) >= 0x80) {
      refuse(std::string("`\\") + c + "`");
      return std::nullopt;
    }
    return c;
  }

  std::optional<char> hexadecimal() {
    std::string_view digits_text = text_.substr(at_, 2);
    if (take("{")) {
      const std::size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return refuse("`\\x`"), std::nullopt;
      digits_text = text_.substr(at_, end - at_);
      at_ = end + 1;
    } else {
      if (digits_text.size() < 2) return refuse("`\\x`"), std::nullopt;
      at_ += 2;
    }
    unsigned value = 0;
    const char* last = digits_text.data() + digits_text.size();
    const auto [end, error] = std::from_chars(digits_text.data(), last, value, 16);
    if (error != std::errc{} || end != last || value > 0xff) return refuse("`\\x`"), std::nullopt;
    return static_cast<char>(value);
  }

  PatternNode bracket() {
    const bool negated = take("^");
    Bytes set;
    bool first = true;
    while (!done() && (first || !next_is("]"))) {
      first = false;
      member(set);
    }
    if (!take("]")) refuse("`[` without `]`");
    if (flags_.fold) {
      set = folded(set);
    }
    return bytes(negated ? ~set : set);
  }

  // One member of a bracket: a class, a byte, a range.
  void member(Bytes& set) {
    if (next_is("[:")) {
      const std::size_t end = text_.find(":]", at_ + 2);
      std::string_view name = end == std::string_view::npos ? "" : text_.substr(at_ + 2, end - at_ - 2);
      const bool negated = name.starts_with('^');
      if (negated) name.remove_prefix(1);
      const std::optional<Bytes> named = named_class(name);
      if (!named) return refuse("a class of the form `[:`");
      set |= negated ? ~*named : *named;
      at_ = end + 2;
      if (next_is("-") && !next_is("-]")) refuse("a range that begins with a class");
      return;
    }
    if (next_is("[.") || next_is("[=")) return refuse("`[.` or `[=` in brackets");
    const std::optional<unsigned char> low = member_byte(set);
    const bool ranged = next_is("-") && !next_is("-]") && at_ + 1 < text_.size();
    if (!low) {
      if (ranged) refuse("a range that begins with a class");
      return;
    }
    unsigned char high = *low;
    if (ranged) {
      ++at_;
      Bytes ignored;
      const std::optional<unsigned char> end = next_is("[:") ? std::nullopt : member_byte(ignored);
      if (!end) return refuse("a range that ends with a class");
      if (*end < *low) return refuse("a range whose ends are the wrong way round");
      high = *end;
    }
    if (high >= 0x80 && flags_.fold) refuse("a byte above 0x7f where letter case is ignored");
    set |= range(*low, high);
  }

  // Nothing: a class like `\d`, which is added to the set.
  std::optional<unsigned char> member_byte(Bytes& set) {
    if (done()) return refuse("`[` without `]`"), std::nullopt;
    const char c = text_[at_++];
    if (c != '\\') return static_cast<unsigned char>(c);
    if (done()) return refuse("a `\\` at the end"), std::nullopt;
    const char escaped = text_[at_++];
    if (const std::optional<Bytes> named = perl_class(escaped)) {
      set |= *named;
      return std::nullopt;
    }
    const std::optional<char> byte = escaped_byte(escaped);
    return byte ? std::optional(static_cast<unsigned char>(*byte)) : std::nullopt;
  }

  // `{n}`, `{n,}`, `{n,m}`: least and most; anything else in braces stands for itself.
  std::optional<std::pair<unsigned, unsigned>> counts() {
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    const std::size_t comma = inside.find(',');
    const std::optional<unsigned> least = number(inside.substr(0, comma));
    if (!least) return std::nullopt;
    std::optional<unsigned> most = least;
    if (comma != std::string_view::npos) {
      const std::string_view text = inside.substr(comma + 1);
      most = text.empty() ? std::optional(PatternNode::many) : number(text);
    }
    if (!most) return std::nullopt;
    at_ = end + 1;
    return std::pair{*least, *most};
  }

  static std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end != text.data() + text.size()) return std::nullopt;
    return error == std::errc{} ? value : most_repeats + 1;
  }

  void repeats(PatternNode& part) {
    if (done()) return;
    std::pair<unsigned, unsigned> count;
    if (take("*")) {
      count = {0, PatternNode::many};
    } else if (take("+")) {
      count = {1, PatternNode::many};
    } else if (take("?")) {
      count = {0, 1};
    } else if (next_is("{")) {
      const auto written = counts();
      if (!written) return;
      count = *written;
      if (count.first > most_repeats || (count.second != PatternNode::many && count.second > most_repeats))
        return refuse("a repeat of more than 1000 times");
      if (count.first > count.second) return refuse("a repeat whose limits are the wrong way round");
    } else {
      return;
    }
    (void)take("?");  // lazy: the language is the same
    if (next_is("+")) return refuse("a possessive quantifier, or two quantifiers");
    if (next_is("*") || next_is("?")) return refuse("two quantifiers");
    if (next_is("{")) {
      const std::size_t here = at_;
      if (counts()) return refuse("two quantifiers");
      at_ = here;
    }
    PatternNode node{.kind = Kind::repeat, .least = count.first, .most = count.second};
    node.parts.push_back(std::move(part));
    part = std::move(node);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  Flags flags_;
  std::string why_;
};

}  // namespace

std::variant<PatternNode, Unsupported> parse_pattern(std::string_view pattern, bool fold) {
  return Parser(pattern, fold).run();
}

}  // namespace portcullis::languages

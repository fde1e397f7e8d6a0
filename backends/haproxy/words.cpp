#include "backends/haproxy/words.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace portcullis::haproxy {

namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool all_of(std::string_view text, std::string_view others) {
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return is_alnum(c) || others.find(c) != others.npos; });
}

unsigned code(char c) {
  return static_cast<unsigned char>(c);
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<char> byte_of(std::string_view two) {
  if (two.size() != 2) return std::nullopt;
  const auto high = digit(two[0]);
  const auto low = digit(two[1]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

// What stands in no pattern as it is.
bool is_hidden(char c) {
  return code(c) <= 0x20 || code(c) >= 0x7f || c == '\'' || c == '"';
}

}  // namespace

bool plain(std::string_view text) {
  return all_of(text, "_./:-~@+=,");
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return code(c) >= 0x20 && code(c) <= 0x7e; });
}

bool is_name(std::string_view text) {
  return all_of(text, "-_.");
}

bool is_host(std::string_view text) {
  return all_of(text, "-_.");
}

std::string word(std::string_view text) {
  if (all_of(text, "_./:-~@+=,%[]()")) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::optional<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> out;
  bool inside = false;  // a word has begun
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ' ') {
      inside = false;
      continue;
    }
    if (!inside) out.emplace_back();
    inside = true;
    if (c == '\'') {
      const std::size_t end = line.find('\'', i + 1);
      if (end == std::string_view::npos) return std::nullopt;
      out.back() += line.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '\\' && i + 1 < line.size()) {
      out.back() += line[++i];
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", code(c));
    }
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = byte_of(text.substr(i + 1, 2));
    if (!byte) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

std::string hex_of(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("{:02X}", code(c));
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto byte = byte_of(text.substr(i, 2));
    if (!byte) return std::nullopt;
    out += *byte;
  }
  return out;
}

std::string regex_text(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    out += word[i];
    if (word[i] != '\\' || i + 1 == word.size()) continue;
    const auto byte = word[i + 1] == 'x' ? byte_of(word.substr(i + 2, 2)) : std::nullopt;
    if (byte && is_hidden(*byte)) {
      out.back() = *byte;
      i += 3;
    } else {
      out += word[++i];
    }
  }
  return out;
}

std::string regex_word(std::string_view pattern) {
  std::string out;
  bool escaped = false;  // an odd number of backslashes stands before
  for (const char c : pattern) {
    if (is_hidden(c)) {
      if (escaped) out.pop_back();  // `\ ` is a blank, as ` ` is
      out += fmt::format("\\x{:02x}", code(c));
      escaped = false;
      continue;
    }
    out += c;
    escaped = c == '\\' && !escaped;
  }
  return out;
}

std::string regex_key(std::string_view pattern, bool fold, bool anchored) {
  return fmt::format("{}{}{}", fold ? "(?i)" : "(?:)", anchored ? "^" : "", regex_word(pattern));
}

std::optional<RegexKey> read_regex_key(std::string_view key, bool anchored) {
  const bool fold = key.starts_with("(?i)");
  if (!fold && !key.starts_with("(?:)")) return std::nullopt;
  key.remove_prefix(4);
  if (anchored && !key.starts_with('^')) return std::nullopt;
  return RegexKey{std::string(key.substr(anchored ? 1 : 0)), fold};
}

std::string_view label_regex(ir::l7::HostForm form) {
  switch (form) {
    case ir::l7::HostForm::nginx:
      return "^[A-Za-z0-9_-]+[.]";
    case ir::l7::HostForm::haproxy:
      return "^[^.]*[.]";
    default:
      return "^[^.]+[.]";
  }
}

std::string one_label_regex(std::string_view text, ir::l7::HostForm form) {
  return std::string(label_regex(form)) + regex_literal(text) + "$";
}

std::optional<std::string> read_one_label_regex(std::string_view pattern, ir::l7::HostForm form) {
  const std::string_view label = label_regex(form);
  if (!pattern.starts_with(label) || !pattern.ends_with('$')) return std::nullopt;
  return literal_of_regex(pattern.substr(label.size(), pattern.size() - label.size() - 1));
}

std::string regex_literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || c == '_' || c == '/') {
      out += c;
    } else if (code(c) > 0x20 && code(c) < 0x7f && c != '\'' && c != '"') {
      out += '\\';
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", code(c));
    }
  }
  return out;
}

std::optional<std::string> literal_of_regex(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\') {
      out += pattern[i];
      continue;
    }
    if (++i == pattern.size()) return std::nullopt;
    if (pattern[i] != 'x') {
      out += pattern[i];
      continue;
    }
    const auto byte = byte_of(pattern.substr(i + 1, 2));
    if (!byte) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

std::string format_literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '%') out += c;
  }
  return out;
}

std::string argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::optional<std::string> argument_text(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return std::nullopt;
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\' && i + 1 < inside.size()) ++i;
    out += inside[i];
  }
  return out;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  return value;
}

std::string comment_text(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return code(c) < 0x20 || code(c) > 0x7e; }, '?');
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace portcullis::haproxy

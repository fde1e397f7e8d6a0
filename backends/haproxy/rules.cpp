#include "backends/haproxy/rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::Condition;
using ir::l7::Piece;
using Kind = Condition::Kind;

// A sample that is compared with a text. A text that is not plain is compared in hexadecimal digits. An empty word
// would end the line for HAProxy.
std::string compared(std::string_view sample, std::string_view text) {
  if (text.empty()) return fmt::format("{} -m len 0", sample);
  if (plain(text)) return fmt::format("{} -m str -- {}", sample, text);
  return fmt::format("{},hex -m str -- {}", sample, hex_of(text));
}

// `*` in the value of a header's end is one label; letter case does not count.
constexpr std::string_view one_label = "[a-zA-Z0-9-]+";

std::string ending(std::string_view value) {
  std::string out;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t star = std::min(value.find('*', at), value.size());
    out += regex_literal(value.substr(at, star - at));
    if (star < value.size()) out += one_label;
    at = star + 1;
  }
  return word(out + "$");
}

std::optional<std::string> ending_text(std::string_view pattern) {
  if (!pattern.ends_with('$')) return std::nullopt;
  pattern.remove_suffix(1);
  std::string out;
  for (std::size_t at = 0; at <= pattern.size();) {
    const std::size_t star = std::min(pattern.find(one_label, at), pattern.size());
    const auto text = literal_of_regex(pattern.substr(at, star - at));
    if (!text) return std::nullopt;
    out += *text;
    if (star < pattern.size()) out += '*';
    at = star + one_label.size();
    if (star == pattern.size()) break;
  }
  return out;
}

// A `}` by itself would end the condition, and an empty word the line.
constexpr std::string_view empty_pattern = "(?:)";

std::string regex_argument(std::string_view pattern) {
  const std::string text = regex_word(pattern);
  if (text.empty()) return word(empty_pattern);
  return word(text == "}" ? "\\}" : text);
}

std::string inside(const Condition& c) {
  switch (c.kind) {
    case Kind::path_is:
      return compared("var(txn.path)", c.values.at(0));
    case Kind::method_is:
      return compared("method", c.values.at(0));
    case Kind::plain_http:
      return "ssl_fc";  // negated by acl()
    case Kind::tls_name:
      return "var(txn.tls) -m found";
    case Kind::source_in:
      return fmt::format("src -f ranges/r{}.lst", c.number);
    case Kind::header_is:
      return compared(fmt::format("req.fhdr({})", c.name), c.values.at(0));
    case Kind::header_matches:
      return fmt::format("req.fhdr({}) -m reg -- {}", c.name, regex_argument(c.values.at(0)));
    case Kind::header_ends: {
      std::string out = fmt::format("req.fhdr({}) -m reg -i --", c.name);
      for (const std::string& value : c.values) out += " " + ending(value);
      return out;
    }
    case Kind::cookie_is:
      return compared(fmt::format("req.cook({})", c.name), c.values.at(0));
    case Kind::body_over:
      return fmt::format("req.hdr_val(content-length) gt {}", c.number);
    case Kind::authorised:
      return "var(txn.authorised) -m found";  // nothing sets it: who is authorised is not known here
    case Kind::over_rate:
      return fmt::format("var(txn.over_{}_{}) -m found", c.values.at(0), c.number);  // likewise
  }
  return {};
}

std::string piece_text(const Piece& piece) {
  switch (piece.kind) {
    case Piece::Kind::text:
      return format_literal(piece.text);
    case Piece::Kind::scheme:
      return "%[ssl_fc,iif(https,http)]";
    case Piece::Kind::host:
      return "%[req.fhdr(host),regsub(:[^]:]*$,)]";
    case Piece::Kind::host_port:
      return "%[req.fhdr(host)]";
    case Piece::Kind::port:
      return "%[dst_port]";
    case Piece::Kind::target:
      return "%[pathq]";
    case Piece::Kind::target_no_slash:
      return "%[pathq,regsub(/$,)]";
    case Piece::Kind::query:
      return "%[pathq,regsub(^[^?]*,)]";
    case Piece::Kind::target_escaped:
      return "%[pathq,url_enc]";
  }
  return {};
}

std::string location(const ir::l7::Redirect& redirect) {
  std::string out;
  for (const Piece& piece : redirect.location) out += piece_text(piece);
  return word(out);
}

std::optional<std::vector<Piece>> read_location(std::string_view text) {
  constexpr std::array kinds{Piece::Kind::scheme, Piece::Kind::host,          Piece::Kind::host_port,
                             Piece::Kind::port,   Piece::Kind::target,        Piece::Kind::target_no_slash,
                             Piece::Kind::query,  Piece::Kind::target_escaped};
  std::vector<Piece> out;
  const auto literal = [&out](char c) {
    if (out.empty() || out.back().kind != Piece::Kind::text) out.push_back({Piece::Kind::text, {}});
    out.back().text += c;
  };
  while (!text.empty()) {
    if (!text.starts_with("%[")) {
      literal(text.front());
      if (text.starts_with('%') && !text.starts_with("%%")) return std::nullopt;
      text.remove_prefix(text.starts_with('%') ? 2 : 1);
      continue;
    }
    const auto* const kind =
        std::ranges::find_if(kinds, [&](Piece::Kind k) { return text.starts_with(piece_text({k, {}})); });
    if (kind == kinds.end()) return std::nullopt;
    out.push_back({*kind, {}});
    text.remove_prefix(piece_text(out.back()).size());
  }
  return out;
}

// ---- reading one condition: the words between the braces

struct Sample {
  std::string_view name, argument;
  bool hex = false;
};

Sample sample_of(std::string_view text) {
  Sample out;
  out.hex = text.ends_with(",hex");
  if (out.hex) text.remove_suffix(4);
  const std::size_t open = text.find('(');
  out.name = text.substr(0, open);
  if (open != std::string_view::npos && text.ends_with(')')) {
    out.argument = text.substr(open + 1, text.size() - open - 2);
  }
  return out;
}

std::optional<Condition> read_compared(const Sample& sample, std::span<const std::string> values) {
  if (values.size() != 1) return std::nullopt;
  Condition out;
  std::optional<std::string> value = sample.hex ? from_hex(values[0]) : values[0];
  if (!value) return std::nullopt;
  out.values = {*std::move(value)};
  out.name = std::string(sample.argument);
  if (sample.name == "var" && sample.argument == "txn.path") {
    out.kind = Kind::path_is;
    out.name.clear();
  } else if (sample.name == "method") {
    out.kind = Kind::method_is;
  } else if (sample.name == "req.fhdr") {
    out.kind = Kind::header_is;
  } else if (sample.name == "req.cook") {
    out.kind = Kind::cookie_is;
  } else {
    return std::nullopt;
  }
  return out;
}

std::optional<Condition> read_over_rate(std::string_view variable) {
  constexpr std::string_view head = "txn.over_";
  const std::size_t bar = variable.rfind('_');
  if (!variable.starts_with(head) || bar < head.size()) return std::nullopt;
  const auto number = number_of(variable.substr(bar + 1));
  if (!number) return std::nullopt;
  Condition out;
  out.kind = Kind::over_rate;
  out.values = {std::string(variable.substr(head.size(), bar - head.size()))};
  out.number = *number;
  return out;
}

// Samples that are there or not.
std::optional<Condition> read_found(const Sample& sample) {
  Condition out;
  if (sample.name != "var") return std::nullopt;
  if (sample.argument == "txn.tls") {
    out.kind = Kind::tls_name;
  } else if (sample.argument == "txn.authorised") {
    out.kind = Kind::authorised;
  } else {
    return read_over_rate(sample.argument);
  }
  return out;
}

std::optional<Condition> read_source(std::string_view file) {
  if (!file.starts_with("ranges/r") || !file.ends_with(".lst")) return std::nullopt;
  const auto number = number_of(file.substr(8, file.size() - 12));
  if (!number) return std::nullopt;
  Condition out;
  out.kind = Kind::source_in;
  out.number = *number;
  return out;
}

std::optional<Condition> read_matching(const Sample& sample, std::span<const std::string> words) {
  Condition out;
  out.name = std::string(sample.argument);
  if (words.size() == 2 && words[0] == "--") {
    out.kind = Kind::header_matches;
    out.values = {words[1] == empty_pattern ? std::string{} : words[1]};
    return out;
  }
  if (words.size() < 3 || words[0] != "-i" || words[1] != "--") return std::nullopt;
  out.kind = Kind::header_ends;
  for (const std::string& pattern : words.subspan(2)) {
    const auto value = ending_text(pattern);
    if (!value) return std::nullopt;
    out.values.push_back(*value);
  }
  return out;
}

std::optional<Condition> read_condition(std::span<const std::string> words) {
  if (words.empty()) return std::nullopt;
  if (words.size() == 1 && words[0] == "ssl_fc") {
    Condition out;
    out.kind = Kind::plain_http;
    return out;
  }
  const Sample sample = sample_of(words[0]);
  if (words.size() == 3 && words[0] == "src" && words[1] == "-f") return read_source(words[2]);
  if (words.size() == 3 && words[0] == "req.hdr_val(content-length)" && words[1] == "gt") {
    const auto number = number_of(words[2]);
    if (!number) return std::nullopt;
    Condition out;
    out.kind = Kind::body_over;
    out.number = *number;
    return out;
  }
  if (words.size() < 3 || words[1] != "-m") return std::nullopt;
  if (words.size() == 3 && words[2] == "found") return read_found(sample);
  if (words.size() == 4 && words[2] == "len" && words[3] == "0")
    return read_compared(sample, std::array<std::string, 1>{});
  if (words[2] == "str" && words.size() > 3 && words[3] == "--") return read_compared(sample, words.subspan(4));
  if (words[2] == "reg" && sample.name == "req.fhdr") return read_matching(sample, words.subspan(3));
  return std::nullopt;
}

}  // namespace

std::string acl(const Condition& condition) {
  const bool turned = condition.negated != (condition.kind == Kind::plain_http);
  return fmt::format("{}{{ {} }}", turned ? "!" : "", inside(condition));
}

std::string conditions(const std::vector<Condition>& all) {
  std::string out;
  for (const Condition& c : all) out += (out.empty() ? " if " : " ") + acl(c);
  return out;
}

std::optional<std::vector<Condition>> read_conditions(std::span<const std::string> words) {
  std::vector<Condition> out;
  while (!words.empty()) {
    const bool turned = words[0] == "!{";
    if (!turned && words[0] != "{") return std::nullopt;
    const auto end = std::ranges::find(words, "}");
    if (end == words.end()) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - words.begin());
    auto condition = read_condition(words.subspan(1, length - 1));
    if (!condition) return std::nullopt;
    condition->negated = turned != (condition->kind == Kind::plain_http);
    out.push_back(*std::move(condition));
    words = words.subspan(length + 1);
  }
  return out;
}

std::string line_of(const Rule& rule) {
  std::string out = "http-request ";
  if (const auto* redirect = std::get_if<ir::l7::Redirect>(&rule.answer)) {
    out += fmt::format("return status {} hdr Location {}", redirect->status, location(*redirect));
  } else if (const auto* reply = std::get_if<ir::l7::Reply>(&rule.answer)) {
    out += fmt::format("return status {}", reply->status);
  } else {
    out += fmt::format("deny deny_status {}", std::get<ir::l7::Refuse>(rule.answer).status);
  }
  return out + conditions(rule.when);
}

std::optional<Rule> read_rule(std::span<const std::string> words) {
  Rule out;
  // A location may be the word `if`.
  const std::size_t head = words.size() > 7 && words[4] == "hdr" ? 7 : 0;
  const auto begin = std::find(words.begin() + static_cast<std::ptrdiff_t>(head), words.end(), "if");
  if (begin != words.end()) {
    const auto at = static_cast<std::size_t>(begin - words.begin());
    auto when = read_conditions(words.subspan(at + 1));
    if (!when || when->empty()) return std::nullopt;
    out.when = *std::move(when);
    words = words.first(at);
  }
  if (words.size() < 4 || words[0] != "http-request") return std::nullopt;
  const auto status = number_of(words[3]);
  if (!status || *status > 599) return std::nullopt;
  const int code = static_cast<int>(*status);
  if (words[1] == "deny" && words[2] == "deny_status" && words.size() == 4) {
    out.answer = ir::l7::Refuse{code};
  } else if (words[1] == "return" && words[2] == "status" && words.size() == 4) {
    out.answer = ir::l7::Reply{code};
  } else if (words[1] == "return" && words.size() == 7 && words[4] == "hdr" && words[5] == "Location") {
    auto pieces = read_location(words[6]);
    if (!pieces) return std::nullopt;
    out.answer = ir::l7::Redirect{code, *std::move(pieces)};
  } else {
    return std::nullopt;
  }
  return out;
}

bool expressible(const Condition& condition) {
  switch (condition.kind) {
    case Kind::header_is:
    case Kind::header_matches:
    case Kind::header_ends:
    case Kind::cookie_is:
      return is_name(condition.name);
    case Kind::over_rate:
      return condition.values.size() == 1 && is_name(condition.values[0]);
    default:
      return true;
  }
}

}  // namespace portcullis::haproxy

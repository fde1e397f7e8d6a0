#include "backends/nftables/json_words.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace portcullis::nftables {

namespace {

namespace dom = simdjson::dom;

std::optional<Json> field(const Json& json, std::string_view key) {
  dom::object object;
  Json value;
  if (json.get(object) != simdjson::SUCCESS || object[key].get(value) != simdjson::SUCCESS) return {};
  return value;
}

Json need(const Json& json, std::string_view key) {
  const auto found = field(json, key);
  if (!found) throw Unspoken{};
  return *found;
}

// `{"meta": {…}}`: the one key, and what it holds.
std::pair<std::string_view, Json> only(const Json& json) {
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS || object.size() != 1) throw Unspoken{};
  const auto first = *object.begin();
  return {first.key, first.value};
}

dom::array array(const Json& json) {
  dom::array out;
  if (json.get(out) != simdjson::SUCCESS) throw Unspoken{};
  return out;
}

std::string joined(const Json& json, std::string_view between) {
  std::string out;
  for (const Json part : array(json)) {
    if (!out.empty()) out += between;
    out += json_expression(part);
  }
  if (out.empty()) throw Unspoken{};
  return out;
}

std::string scalar(const Json& json) {
  std::string_view text;
  std::int64_t number = 0;
  bool truth = false;
  if (json.get(text) == simdjson::SUCCESS)
    return text.starts_with('@') ? "@" + json_word(text.substr(1)) : json_word(text);
  if (json.get(number) == simdjson::SUCCESS) return std::to_string(number);
  if (json.get(truth) == simdjson::SUCCESS) return truth ? "exists" : "missing";
  throw Unspoken{};
}

// An expression that the reader does not know either: all that it says, as words.
std::string other(std::string_view name, const Json& json) {
  std::string out;
  for (const char c : name) out += c == ' ' ? ' ' : json_word(std::string_view(&c, 1)).front();
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS) return out + " " + json_expression(json);
  for (const auto [key, value] : object) {
    out += fmt::format(" {} {}", json_word(key), json_expression(value));
  }
  return out;
}

std::string payload(const Json& json) {
  if (const auto protocol = field(json, "protocol"))
    return json_word(json_string(json, "protocol")) + " " + json_word(json_string(json, "field"));
  return fmt::format("@{},{},{}", json_word(json_string(json, "base")), scalar(need(json, "offset")),
                     scalar(need(json, "len")));
}

// `ct state`, `ct original ip daddr`.
std::string conntrack(const Json& json) {
  std::string out = "ct ";
  if (field(json, "dir")) out += json_word(json_string(json, "dir")) + " ";
  std::string_view key = json_string(json, "key");
  for (std::size_t blank = key.find(' '); blank != std::string_view::npos; blank = key.find(' ')) {
    out += json_word(key.substr(0, blank)) + " ";
    key.remove_prefix(blank + 1);
  }
  return out + json_word(key);
}

std::string fib(const Json& json) {
  const Json flags = need(json, "flags");
  const std::string of = flags.is_array() ? joined(flags, " . ") : scalar(flags);
  return fmt::format("fib {} {}", of, json_word(json_string(json, "result")));
}

std::string numgen(const Json& json) {
  const auto offset = field(json, "offset");
  const std::string behind = offset ? scalar(*offset) : "0";
  return fmt::format("numgen {} mod {}{}", json_word(json_string(json, "mode")), scalar(need(json, "mod")),
                     behind == "0" ? "" : " offset " + behind);
}

// Written from left to right without brackets: only the left side may be an operation again.
std::string operation(std::string_view sign, const Json& json) {
  const dom::array sides = array(json);
  if (sides.size() != 2) throw Unspoken{};
  const Json left = sides.at(0).value(), right = sides.at(1).value();
  const std::string value = right.is_array() ? "(" + joined(right, " | ") + ")" : scalar(right);
  return fmt::format("{} {} {}", json_expression(left), sign, value);
}

std::string data(const Json& json) {
  if (json.is_string()) return scalar(json);
  return json_expression(json);
}

std::string mapped(const Json& json, std::string_view word) {
  return fmt::format("{} {} {}", json_expression(need(json, "key")), word, data(need(json, "data")));
}

std::string elements(const Json& json) {
  std::string out;
  for (const Json element : array(json)) out += (out.empty() ? "" : ", ") + json_element(element);
  return "{ " + out + " }";
}

// ---- statements

std::string match(const Json& json) {
  const std::string_view op = json_string(json, "op");
  constexpr auto known = std::to_array<std::string_view>({"==", "!=", "<", ">", "<=", ">=", "!", "in"});
  if (std::ranges::find(known, op) == known.end()) throw Unspoken{};
  const Json right = need(json, "right");
  const std::string value = right.is_array() ? joined(right, ",") : json_expression(right);
  return fmt::format("{} {}{}{}", json_expression(need(json, "left")), op == "in" ? "" : op, op == "in" ? "" : " ",
                     value);
}

std::string flags(const Json& json) {
  const auto found = field(json, "flags");
  if (!found) return {};
  return " " + (found->is_array() ? joined(*found, ",") : scalar(*found));
}

std::string dnat(const Json& json) {
  std::string out = "dnat ";
  if (field(json, "family")) out += json_word(json_string(json, "family")) + " ";
  const Json address = need(json, "addr");
  const auto port = field(json, "port");
  if (!address.is_string()) {
    if (port) throw Unspoken{};
    return out + "to " + json_expression(address) + flags(json);
  }
  const std::string host = scalar(address);
  const bool brackets = port && host.find(':') != std::string::npos;
  out += fmt::format("to {}{}{}", brackets ? "[" : "", host, brackets ? "]" : "");
  if (port) out += ":" + scalar(*port);
  return out + flags(json);
}

std::string update(const Json& json) {
  if (field(json, "stmt")) throw Unspoken{};
  return fmt::format("{} {} {{ {} }}", json_word(json_string(json, "op")), scalar(need(json, "set")),
                     json_element(need(json, "elem")));
}

std::string spoken(const Json& json) {
  const auto [name, value] = only(json);
  if (name == "match") return match(value);
  if (name == "counter") return "counter";
  if (name == "log") return "log";
  if (name == "reject") return "reject";
  if (name == "vmap") return mapped(value, "vmap");
  if (name == "dnat") return dnat(value);
  if (name == "masquerade") return field(value, "port") ? throw Unspoken{} : "masquerade" + flags(value);
  if (name == "mangle") {
    const Json to = need(value, "value");
    return fmt::format("{} set {}", json_expression(need(value, "key")),
                       to.is_string() ? scalar(to) : json_expression(to));
  }
  if (name == "set") return update(value);
  if (name == "limit" || name == "quota" || name == "ct count") return other(name, value);
  return json_verdict(json);
}

}  // namespace

std::string_view json_string(const Json& json, std::string_view key) {
  std::string_view out;
  if (need(json, key).get(out) != simdjson::SUCCESS) throw Unspoken{};
  return out;
}

std::string json_word(std::string_view text) {
  const auto strange = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' ||
           std::string_view("{}(),;=@&|^!<>\"#\\").find(c) != std::string_view::npos;
  };
  if (text.empty() || std::ranges::any_of(text, strange)) throw Unspoken{};
  return std::string(text);
}

std::string json_expression(const Json& json) {
  if (json.is_array()) throw Unspoken{};
  if (!json.is_object()) return scalar(json);
  const auto [name, value] = only(json);
  if (name == "meta") return "meta " + json_word(json_string(value, "key"));
  if (name == "payload") return payload(value);
  if (name == "ct") return conntrack(value);
  if (name == "fib") return fib(value);
  if (name == "numgen") return numgen(value);
  if (name == "concat") return joined(value, " . ");
  if (name == "prefix") return fmt::format("{}/{}", scalar(need(value, "addr")), scalar(need(value, "len")));
  if (name == "range") return joined(value, "-");
  if (name == "set") return elements(value);
  if (name == "elem") return json_element(json);
  if (name == "map") return mapped(value, "map");
  if (name == "&" || name == "|" || name == "^") return operation(name, value);
  return other(name, value);
}

std::string json_verdict(const Json& json) {
  const auto [name, value] = only(json);
  constexpr auto plain = std::to_array<std::string_view>({"accept", "drop", "return", "continue"});
  if (std::ranges::find(plain, name) != plain.end()) return std::string(name);
  if (name != "jump" && name != "goto") throw Unspoken{};
  return fmt::format("{} {}", name, json_word(json_string(value, "target")));
}

std::string json_element(const Json& json) {
  if (json.is_array()) {
    const dom::array pair = array(json);
    if (pair.size() != 2) throw Unspoken{};
    const Json value = pair.at(1).value();
    std::string verdict;
    try {
      verdict = json_verdict(value);
    } catch (const Unspoken&) {
      verdict = json_expression(value);
    }
    return json_element(pair.at(0).value()) + " : " + verdict;
  }
  const auto elem = field(json, "elem");
  if (!elem) return json_expression(json);
  std::string out = json_expression(need(*elem, "val"));
  if (const auto timeout = field(*elem, "timeout")) out += fmt::format(" timeout {}s", scalar(*timeout));
  if (const auto comment = field(*elem, "comment"); comment && comment->is_string()) {
    std::string text(json_string(*elem, "comment"));
    std::ranges::replace_if(text, [](char c) { return c == '"' || static_cast<unsigned char>(c) < ' '; }, '\'');
    out += fmt::format(" comment \"{}\"", text);
  }
  return out;
}

std::string json_statement(const Json& json) {
  try {
    return spoken(json);
  } catch (const Unspoken&) {
    std::string text = simdjson::minify(json);
    std::ranges::replace_if(text, [](char c) { return c == '"' || static_cast<unsigned char>(c) < ' '; }, '\'');
    return fmt::format("json \"{}\"", text);
  }
}

}  // namespace portcullis::nftables

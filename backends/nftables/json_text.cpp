#include "backends/nftables/json_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "backends/nftables/json_words.hpp"

namespace portcullis::nftables {

namespace {

namespace dom = simdjson::dom;

// Objects of a table that have no meaning of their own; and what nft says of itself.
constexpr auto without_meaning =
    std::to_array<std::string_view>({"metainfo", "counter", "quota", "limit", "ct helper", "ct timeout",
                                     "ct expectation", "flowtable", "secmark", "synproxy", "tunnel"});

// Where the objects of the list stand: those that are two levels deep.
std::vector<std::pair<std::uint32_t, std::uint32_t>> objects(std::string_view text) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = quoted && c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 2) out.emplace_back(i, i);
    } else if ((c == '}' || c == ']') && --depth == 2) {
      out.back().second = i + 1;
    }
  }
  return out;
}

bool has(const Json& json, std::string_view key) {
  return json[key].error() == simdjson::SUCCESS;
}

// `ipv4_addr . inet_proto`, or the expressions that have these types where nft has no name for one of them.
std::string types(const std::vector<std::string>& names, bool by_expression) {
  constexpr auto expressions =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"ipv4_addr", "ip saddr"},
                                                                    {"ipv6_addr", "ip6 saddr"},
                                                                    {"inet_proto", "meta l4proto"},
                                                                    {"inet_service", "th dport"},
                                                                    {"classid", "meta priority"},
                                                                    {"mark", "meta mark"},
                                                                    {"ifname", "iifname"},
                                                                    {"integer", "numgen random mod 65536"}});
  std::string out;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(expressions, name, &std::pair<std::string_view, std::string_view>::first);
    if (!out.empty()) out += " . ";
    out += by_expression && found != expressions.end() ? std::string(found->second) : name;
  }
  return out;
}

// A name, a list of names, or names with points between them.
std::vector<std::string> type_names(const Json& json) {
  std::vector<std::string> out;
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    for (std::size_t at = 0; at != std::string_view::npos;) {
      const std::size_t end = text.find(" . ", at);
      out.push_back(json_word(text.substr(at, end == std::string_view::npos ? end : end - at)));
      at = end == std::string_view::npos ? end : end + 3;
    }
    return out;
  }
  dom::array all;
  if (json.get(all) != simdjson::SUCCESS) throw Unspoken{};
  for (const Json one : all) {
    if (one.get(text) != simdjson::SUCCESS) throw Unspoken{};
    out.push_back(json_word(text));
  }
  return out;
}

std::string list(const Json& json, std::string_view between) {
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) return json_word(text);
  dom::array all;
  if (json.get(all) != simdjson::SUCCESS) throw Unspoken{};
  std::string out;
  for (const Json one : all) {
    if (one.get(text) != simdjson::SUCCESS) throw Unspoken{};
    if (!out.empty()) out += between;
    out += json_word(text);
  }
  return out;
}

std::string number(const Json& json) {
  std::int64_t n = 0;
  if (json.get(n) != simdjson::SUCCESS) throw Unspoken{};
  return std::to_string(n);
}

std::string set(const Json& json, bool is_map) {
  std::string out = fmt::format("{} {} {{\n", is_map ? "map" : "set", json_word(json_string(json, "name")));
  const Json type = json["type"].value();
  if (type.is_object()) {
    out += "typeof " + json_expression(type["typeof"].value());
    if (is_map && json["map"].value().is_object()) out += " : " + json_expression(json["map"]["typeof"].value());
    if (is_map && json["map"].value().is_string()) out += " : " + types(type_names(json["map"].value()), true);
  } else {
    const auto key = type_names(type), data = is_map ? type_names(json["map"].value()) : std::vector<std::string>{};
    const auto nameless = [](const std::vector<std::string>& names) {
      return std::ranges::find(names, "integer") != names.end();
    };
    const bool by_expression = nameless(key) || nameless(data);
    out += (by_expression ? "typeof " : "type ") + types(key, by_expression);
    if (is_map) out += " : " + types(data, by_expression);
  }
  out += '\n';
  if (has(json, "flags")) out += fmt::format("flags {}\n", list(json["flags"].value(), ","));
  if (has(json, "size")) out += fmt::format("size {}\n", number(json["size"].value()));
  if (has(json, "timeout")) out += fmt::format("timeout {}s\n", number(json["timeout"].value()));
  dom::array elements;
  if (has(json, "elem") && json["elem"].get(elements) == simdjson::SUCCESS && elements.size() > 0) {
    out += "elements = { ";
    bool first = true;
    for (const Json element : elements) {
      out += std::exchange(first, false) ? "" : ", ";
      out += json_element(element);
    }
    out += " }\n";
  }
  return out + "}\n";
}

std::string chain(const Json& json) {
  std::string out = fmt::format("chain {} {{\n", json_word(json_string(json, "name")));
  if (has(json, "hook")) {
    out += fmt::format("type {} hook {}", json_word(json_string(json, "type")), json_word(json_string(json, "hook")));
    out += fmt::format(" priority {};", number(json["prio"].value()));
    if (has(json, "policy")) out += fmt::format(" policy {};", json_word(json_string(json, "policy")));
    out += '\n';
  }
  return out + "}\n";
}

std::string rule(const Json& json) {
  std::string out = fmt::format("chain {} {{\n", json_word(json_string(json, "chain")));
  dom::array statements;
  if (json["expr"].get(statements) != simdjson::SUCCESS) throw Unspoken{};
  bool first = true;
  for (const Json statement : statements) {
    out += std::exchange(first, false) ? "" : " ";
    out += json_statement(statement);
  }
  return out + "\n}\n";
}

// One object of the list; empty: it has no meaning for a packet.
std::string block(std::string_view kind, const Json& json) {
  if (std::ranges::find(without_meaning, kind) != without_meaning.end()) return {};
  const std::string family = json_word(json_string(json, "family"));
  const bool seen = family == "ip" || family == "ip6" || family == "inet";
  if (kind != "table" && !seen) return {};
  const std::string table = json_word(json_string(json, kind == "table" ? "name" : "table"));
  std::string inside;
  if (kind == "set" || kind == "map") {
    inside = set(json, kind == "map");
  } else if (kind == "chain") {
    inside = chain(json);
  } else if (kind == "rule") {
    inside = rule(json);
  } else if (kind != "table") {
    throw Unspoken{};
  } else if (has(json, "flags")) {
    inside = fmt::format("flags {}\n", list(json["flags"].value(), ","));
  }
  return fmt::format("table {} {} {{\n{}}}\n", family, table, inside);
}

}  // namespace

bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

std::optional<JsonError> write_text(std::string_view json, JsonText& out) {
  const auto size = static_cast<std::uint32_t>(json.size());
  dom::parser parser;
  Json root;
  dom::array all;
  if (const auto error = parser.parse(json.data(), json.size()).get(root))
    return JsonError{fmt::format("this is no JSON: {}", simdjson::error_message(error)), 0, size};
  if (!root.is_object() || dom::object(root).size() != 1 || root["nftables"].get(all) != simdjson::SUCCESS)
    return JsonError{"`nft -j list ruleset` prints an object with one list, `nftables`", 0, size};
  const auto places = objects(json);
  std::size_t i = 0;
  for (const Json one : all) {
    if (i >= places.size()) return JsonError{"the list holds something that is no object", 0, size};
    const auto [begin, end] = places[i++];
    try {
      dom::object object;
      if (one.get(object) != simdjson::SUCCESS || object.size() != 1) throw Unspoken{};
      const auto first = *object.begin();
      const std::string text = block(first.key, first.value);
      const auto at = static_cast<std::uint32_t>(out.text.size());
      out.text += text;
      if (!text.empty()) out.places.push_back({at, static_cast<std::uint32_t>(out.text.size()), begin, end});
    } catch (const Unspoken&) {
      return JsonError{"this object cannot be read", begin, end};
    } catch (const simdjson::simdjson_error& e) {
      return JsonError{fmt::format("this object cannot be read: {}", e.what()), begin, end};
    }
  }
  return {};
}

}  // namespace portcullis::nftables

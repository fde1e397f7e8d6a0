#include "compiler/report/yaml.hpp"

#include <catch2/catch.hpp>
#include <yaml-cpp/yaml.h>

namespace report = portcullis::report;
using report::Json;

namespace {

// What a YAML parser makes of it; every scalar that is not quoted keeps its text and is compared by it.
bool same(const YAML::Node& node, const Json& json) {
  if (json.is_object()) {
    if (!node.IsMap() || node.size() != json.size()) return false;
    for (const auto& [key, value] : json.items()) {
      if (!same(node[key], value)) return false;
    }
    return true;
  }
  if (json.is_array()) {
    if (!node.IsSequence() || node.size() != json.size()) return false;
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (!same(node[i], json[i])) return false;
    }
    return true;
  }
  if (json.is_null()) return node.IsNull();
  if (json.is_boolean()) return node.as<bool>() == json.get<bool>();
  if (json.is_number()) return node.as<long>() == json.get<long>();
  return node.Scalar() == json.get<std::string>();
}

}  // namespace

TEST_CASE("values read back as they were") {
  const Json values[] = {
      Json::object(),
      Json::array(),
      {{"a", 1}, {"b", nullptr}, {"c", true}, {"d", "text"}},
      {{"list", {1, 2, 3}}, {"empty", Json::array()}, {"none", Json::object()}},
      {{"nested", {{"deep", {{"deeper", "x"}}}}}},
      {{"objects", Json::array({{{"a", 1}, {"b", Json::array({{{"c", 2}}})}}, {{"a", 2}}})}},
      Json::array({Json::array({1, Json::array({2})}), {{"a", Json::array({Json::object()})}}}),
      {{"10.0.0.1:80", "x"}, {"- a", "b: c"}, {"#", "'"}, {"", ""}},
  };
  for (const Json& value : values) {
    INFO(report::yaml(value));
    CHECK(same(YAML::Load(report::yaml(value)), value));
  }
}

TEST_CASE("a string stays a string for every reader") {
  for (const char* text :
       {"yes",        "No",   "TRUE", "null", "~",   "",     "1",  "0x10", "1e3", "10.0.0.1", "fd00::1",
        "- a",        "a: b", "a #b", " a",   "a ",  "a\nb", "\"", "'",    "on",  "y",        ".inf",
        "2001-01-02", "@x",   "`x`",  "{a}",  "[a]", "*a",   "&a", "!a",   "%a",  "a\tb"}) {
    const std::string out = report::yaml({{"key", text}});
    INFO(out);
    CHECK(YAML::Load(out)["key"].Scalar() == text);
    CHECK(out.find(": \"") != std::string::npos);  // quoted: no reader resolves it
  }
  CHECK(report::yaml({{"key", "node-a"}}) == "key: node-a\n");
  CHECK(report::yaml({{"key", "TCP/80"}}) == "key: TCP/80\n");
}

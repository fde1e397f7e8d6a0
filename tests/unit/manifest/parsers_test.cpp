// Two parsers held against each other: ours against yaml-cpp, JSON against YAML, one thread against four.
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "compiler/manifest/yaml.hpp"
#include "tests/unit/manifest/inputs.hpp"
#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using namespace portcullis::manifest;

namespace {

// Both readings in one form: shape and decoded text, no resolution.
std::string dump(const Tree& tree, NodeId id) {
  const TreeNode& node = tree.target(id);
  std::string out;
  switch (node.shape) {
    case Shape::scalar:
      return node.style == Style::plain && (node.value() == "~" || node.value().empty() || node.value() == "null")
                 ? std::string("null")
                 : "'" + std::string(node.value()) + "'";
    case Shape::sequence:
      for (NodeId item = node.child; item != 0; item = tree[item].next) out += dump(tree, item) + ",";
      return "[" + out + "]";
    case Shape::mapping:
      for (NodeId key = node.child; key != 0; key = tree[tree[key].next].next) {
        out += dump(tree, key) + ":" + dump(tree, tree[key].next) + ",";
      }
      return "{" + out + "}";
    case Shape::alias:
      break;
  }
  return "?";
}

std::string dump(const YAML::Node& node) {
  std::string out;
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      return "null";
    case YAML::NodeType::Scalar:
      return node.Tag() == "?" && node.Scalar() == "null" ? "null" : "'" + node.Scalar() + "'";
    case YAML::NodeType::Sequence:
      for (const auto& item : node) out += dump(item) + ",";
      return "[" + out + "]";
    case YAML::NodeType::Map:
      for (const auto& pair : node) out += dump(pair.first) + ":" + dump(pair.second) + ",";
      return "{" + out + "}";
  }
  return "?";
}

std::vector<std::string> ours(const std::string& text) {
  const Source source{1, text, 0, {}, {}};
  YamlDocuments documents(source, {});
  Tree tree;
  Problem problem;
  std::vector<std::string> out;
  while (documents.next(tree, problem) == YamlDocuments::Outcome::document) out.push_back(dump(tree, tree.root));
  return out;
}

std::vector<std::string> theirs(const std::string& text) {
  std::vector<std::string> out;
  for (const YAML::Node& document : YAML::LoadAll(text)) out.push_back(dump(document));
  return out;
}

// Everything that reading gave, places included, as text.
std::string everything(const test::Reading& reading) {
  std::string out = reading.text();
  for (const Object& object : reading.input.objects) {
    const base::Position at = reading.sources.begin(object.place);
    out += fmt::format("{} {}:{} {}\n", reference(object).text(), at.line, at.column, object.broken);
    const auto* service = std::get_if<Service>(&object.body);
    if (service == nullptr) continue;
    for (const ServicePort& port : service->ports) {
      if (port.port) out += fmt::format(" port {} at {}\n", port.port->value, reading.sources.text(port.port->span));
    }
  }
  return out + fmt::format("{} {} {}", reading.input.documents, reading.input.passed_over, reading.input.unreadable);
}

std::string service(int i) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{0}, namespace: n{1}}}\nspec: {{ports: [{{port: "
      "{0}}}]}}\n",
      i, i % 7);
}

}  // namespace

TEST_CASE("our tree and yaml-cpp's are the same") {
  for (const char* text : test::inputs) {
    INFO(text);
    CHECK(ours(text) == theirs(text));
  }
  for (const std::string& file : test::sample_files()) {
    INFO(file);
    CHECK(ours(test::whole_file(file)) == theirs(test::whole_file(file)));
  }
}

TEST_CASE("JSON read as JSON and as YAML is the same") {
  const char* const texts[] = {
      R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"a": "b\u00e9\"c"}}, "spec": {"ports": [{"port": 80, "name": "x"}, {"port": 81.0}]}})",
      R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": "80"}], "type": 5, "nope": {}, "type": "A"}})",
      R"({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, null, 5]})",
      R"({"apiVersion": "v1"})",
      R"({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web"}, "spec": null})",
  };
  for (const char* text : texts) {
    INFO(text);
    CHECK(everything(test::read_string(text, true)) == everything(test::read_string(text, false)));
  }
}

TEST_CASE("the number of threads does not show") {
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += service(i);
    if (i % 97 == 0) text += "---\nkind: Service\n  broken: [\n";
    if (i % 131 == 0) text += service(i);  // a duplicate
    if (i % 61 == 0) text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
  }
  REQUIRE(text.size() > std::size_t{1} << 20);
  ReadOptions one, four;
  four.jobs = 4;
  const std::string alone = everything(test::read_string(text, false, one));
  CHECK(alone == everything(test::read_string(text, false, four)));
  CHECK(alone.find("is defined twice") != std::string::npos);
}

// INVARIANT of reading: the text at the place of a scalar, read again, is that scalar; and the place of a finding is
// inside of its file.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/manifest/json.hpp"
#include "compiler/manifest/scalar.hpp"
#include "compiler/manifest/yaml.hpp"
#include "tests/unit/manifest/inputs.hpp"

using namespace portcullis;
using namespace portcullis::manifest;

namespace {

std::string tag_text(Tag tag) {
  switch (tag) {
    case Tag::none:
      return "";
    case Tag::string:
      return "!!str ";
    case Tag::boolean:
      return "!!bool ";
    case Tag::integer:
      return "!!int ";
    case Tag::real:
      return "!!float ";
    case Tag::null:
      return "!!null ";
    case Tag::timestamp:
      return "!!timestamp ";
    case Tag::binary:
      return "!!binary ";
    case Tag::merge:
      return "!!merge ";
    case Tag::other:
      return "!x ";
  }
  return "";
}

// The scalar that `text` alone is, as a value in a document of its own.
void check_scalar(const TreeNode& node, std::string_view text) {
  INFO("text at the place: " << text);
  const std::string document = "- " + tag_text(node.tag) + std::string(text);
  const Source source{1, document, 0, {}, {}};
  YamlDocuments documents(source, {});
  Tree tree;
  Problem problem;
  REQUIRE(documents.next(tree, problem) == YamlDocuments::Outcome::document);
  const TreeNode& again = tree[tree[tree.root].child];
  REQUIRE(again.shape == Shape::scalar);
  CHECK(again.style == node.style);
  const Scalar a = resolve(node), b = resolve(again);
  CHECK(a.type == b.type);
  if (node.style == Style::block) {
    // The last line break belongs to the lines that follow.
    std::string_view x = a.string(), y = b.string();
    while (x.ends_with('\n')) x.remove_suffix(1);
    while (y.ends_with('\n')) y.remove_suffix(1);
    CHECK(x == y);
  } else {
    CHECK(a.string() == b.string());
  }
}

void check_tree(const Tree& tree, std::string_view text) {
  for (NodeId id = 1; id < tree.size(); ++id) {
    const TreeNode& node = tree[id];
    REQUIRE(node.begin <= node.end);
    REQUIRE(node.end <= text.size());
    const std::string_view at = text.substr(node.begin, node.end - node.begin);
    // An explicit indentation (`|2`) only makes sense where it stands.
    if (node.style == Style::block && at.find_first_of("123456789") < 3) continue;
    if (node.shape == Shape::scalar) check_scalar(node, at);
    if (node.shape == Shape::alias) CHECK(at.starts_with('*'));
    if (node.shape == Shape::mapping && at.starts_with('{')) CHECK(at.ends_with('}'));
    if (node.shape == Shape::sequence && at.starts_with('[')) CHECK(at.ends_with(']'));
  }
}

template <class Documents>
std::size_t check_documents(const std::string& text) {
  const Source source{1, text, 0, {}, {}};
  Documents documents(source, {});
  Tree tree;
  Problem problem;
  for (std::size_t count = 0;; ++count) {
    const auto outcome = documents.next(tree, problem);
    if (outcome == Documents::Outcome::end) return count;
    INFO(text << "\n" << problem.reason);
    REQUIRE(outcome == Documents::Outcome::document);
    check_tree(tree, text);
  }
}

std::size_t check_text(const std::string& text) {
  return check_documents<YamlDocuments>(text);
}

}  // namespace

TEST_CASE("the text at the place of a YAML scalar is that scalar") {
  for (const char* text : test::inputs) {
    check_text(text);
    std::string crlf;
    for (const char* c = text; *c != '\0'; ++c) crlf += *c == '\n' ? std::string("\r\n") : std::string(1, *c);
    check_text(crlf);
  }
}

TEST_CASE("the text at the place of a scalar of the samples is that scalar") {
  std::size_t documents = 0;
  for (const std::string& file : test::sample_files()) {
    INFO(file);
    const std::string text = test::whole_file(file);
    documents += check_text(text);
    if (file.ends_with(".json")) check_documents<JsonDocuments>(text);
  }
  CHECK(documents > 10);
}

TEST_CASE("the text at the place of a JSON scalar is that scalar") {
  const std::string text =
      R"( {"a": "b", "c\u00e9\n": ["d\"e", 5, -1.5e3 , true,false, null, {}, [ ]], "f": {"g": ""} } )";
  CHECK(check_documents<JsonDocuments>(text) == 1);
}

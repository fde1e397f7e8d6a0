#include "compiler/cluster/labels.hpp"

#include <catch2/catch.hpp>

#include "compiler/cluster/label_index.hpp"

namespace portcullis::cluster {

namespace {

manifest::StringMap pairs(std::initializer_list<std::pair<const char*, const char*>> entries) {
  manifest::StringMap map;
  for (const auto& [key, value] : entries) map.entries.push_back({{key, {}}, {value, {}}});
  return map;
}

manifest::SelectorRequirement requirement(const char* key, const char* op, std::initializer_list<const char*> values) {
  manifest::SelectorRequirement r;
  r.key = manifest::Text{key, {}};
  r.op = manifest::Text{op, {}};
  for (const char* value : values) r.values.push_back({value, {}});
  return r;
}

}  // namespace

TEST_CASE("selector requirements") {
  struct Row {
    manifest::SelectorRequirement requirement;
    bool matches;
  };
  const manifest::StringMap written = pairs({{"app", "web"}, {"size", "7"}});
  const Labels labels{&written, {{"job-name", "once"}}};
  for (const Row& row :
       {Row{requirement("app", "In", {"db", "web"}), true}, Row{requirement("app", "In", {}), false},
        Row{requirement("no", "In", {"web"}), false}, Row{requirement("app", "NotIn", {"db"}), true},
        Row{requirement("app", "NotIn", {"web"}), false}, Row{requirement("no", "NotIn", {"web"}), true},
        Row{requirement("job-name", "Exists", {}), true}, Row{requirement("no", "Exists", {}), false},
        Row{requirement("no", "DoesNotExist", {}), true}, Row{requirement("app", "DoesNotExist", {}), false},
        Row{requirement("size", "Gt", {"6"}), true}, Row{requirement("size", "Gt", {"7"}), false},
        Row{requirement("size", "Lt", {"8"}), true}, Row{requirement("app", "Lt", {"8"}), false},
        Row{requirement("size", "Gt", {"x"}), false}, Row{requirement("app", "Like", {"web"}), false}}) {
    INFO(row.requirement.key->value << " " << row.requirement.op->value);
    CHECK(matches(manifest::LabelSelector{{}, {}, {row.requirement}}, labels) == row.matches);
  }
  CHECK(matches(manifest::LabelSelector{}, labels));
  CHECK(matches(manifest::LabelSelector{{}, pairs({{"app", "web"}, {"job-name", "once"}}), {}}, labels));
  CHECK_FALSE(matches(manifest::LabelSelector{{}, pairs({{"app", "web"}, {"x", "y"}}), {}}, labels));
}

TEST_CASE("node selector terms are alternatives, an empty one matches nothing") {
  const std::map<std::string, std::string> labels{{"disk", "ssd"}, {"zone", "za"}};
  const NodeLabels node{&labels, "n1"};
  manifest::NodeSelectorTerm disk, zone, name;
  disk.match_expressions = {requirement("disk", "In", {"hdd"})};
  zone.match_expressions = {requirement("disk", "In", {"ssd"}), requirement("zone", "In", {"za"})};
  name.match_fields = {requirement("metadata.name", "In", {"n1"})};
  CHECK_FALSE(matches(std::vector{disk}, node));
  CHECK(matches(std::vector{disk, zone}, node));
  CHECK(matches(std::vector{name}, node));
  CHECK_FALSE(matches(std::vector{manifest::NodeSelectorTerm{}}, node));
  CHECK(matches(pairs({{"disk", "ssd"}}), node));
  CHECK_FALSE(matches(pairs({{"disk", "ssd"}, {"gpu", "1"}}), node));
}

TEST_CASE("the index finds the rarest pair, by namespace") {
  const manifest::StringMap web = pairs({{"app", "web"}, {"tier", "x"}}), db = pairs({{"app", "db"}, {"tier", "x"}});
  LabelIndex index;
  index.add("shop", {&web, {}}, 0);
  index.add("shop", {&db, {}}, 1);
  index.add("other", {&web, {}}, 2);
  using Ids = std::vector<std::uint32_t>;
  const auto found = [&](const char* ns, const manifest::StringMap& selector) {
    const auto* ids = index.candidates(ns, selector);
    return ids == nullptr ? Ids{} : *ids;
  };
  CHECK(found("shop", pairs({{"tier", "x"}})) == Ids{0, 1});
  CHECK(found("shop", pairs({{"tier", "x"}, {"app", "db"}})) == Ids{1});
  CHECK(found("shop", pairs({})) == Ids{0, 1});
  CHECK(found("shop", pairs({{"app", "none"}})).empty());
  CHECK(found("nowhere", pairs({{"app", "web"}})).empty());
}

}  // namespace portcullis::cluster

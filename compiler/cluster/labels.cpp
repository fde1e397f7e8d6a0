#include "compiler/cluster/labels.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace portcullis::cluster {

namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

bool is_among(const std::vector<manifest::Text>& values, const std::string& value) {
  return std::ranges::any_of(values, [&](const manifest::Text& v) { return v.value == value; });
}

// Gt and Lt compare integers; a label or bound that is none does not match.
bool compares(const std::string* value, const manifest::SelectorRequirement& requirement, bool greater) {
  if (value == nullptr || requirement.values.size() != 1) return false;
  const auto have = integer(*value);
  const auto bound = integer(requirement.values.front().value);
  return have && bound && (greater ? *have > *bound : *have < *bound);
}

// `value` is nullptr where the key is absent. NotIn and DoesNotExist hold for an absent key.
bool holds(const manifest::SelectorRequirement& requirement, const std::string* value) {
  if (!requirement.op) return false;
  const std::string& op = requirement.op->value;
  if (op == "In") return value != nullptr && is_among(requirement.values, *value);
  if (op == "NotIn") return value == nullptr || !is_among(requirement.values, *value);
  if (op == "Exists") return value != nullptr;
  if (op == "DoesNotExist") return value == nullptr;
  if (op == "Gt") return compares(value, requirement, true);
  if (op == "Lt") return compares(value, requirement, false);
  return false;
}

const std::string* find(const std::map<std::string, std::string>& labels, const std::string& key) {
  const auto found = labels.find(key);
  return found == labels.end() ? nullptr : &found->second;
}

bool matches_term(const manifest::NodeSelectorTerm& term, const NodeLabels& node) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  const std::string name{node.name};
  return std::ranges::all_of(term.match_expressions,
                             [&](const auto& r) { return r.key && holds(r, find(*node.labels, r.key->value)); }) &&
         std::ranges::all_of(term.match_fields, [&](const auto& r) {
           return r.key && r.key->value == "metadata.name" && holds(r, &name);
         });
}

}  // namespace

const std::string* Labels::find(std::string_view key) const {
  if (written != nullptr) {
    if (const manifest::KeyValue* entry = written->find(key)) return &entry->value.value;
  }
  for (const auto& [name, value] : added) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool matches(const manifest::LabelSelector& selector, const Labels& labels) {
  for (const manifest::KeyValue& pair : selector.match_labels.entries) {
    const std::string* value = labels.find(pair.key.value);
    if (value == nullptr || *value != pair.value.value) return false;
  }
  return std::ranges::all_of(selector.match_expressions,
                             [&](const auto& r) { return r.key && holds(r, labels.find(r.key->value)); });
}

bool matches(const manifest::StringMap& node_selector, const NodeLabels& node) {
  return std::ranges::all_of(node_selector.entries, [&](const manifest::KeyValue& pair) {
    const std::string* value = find(*node.labels, pair.key.value);
    return value != nullptr && *value == pair.value.value;
  });
}

bool matches(const std::vector<manifest::NodeSelectorTerm>& terms, const NodeLabels& node) {
  return std::ranges::any_of(terms, [&](const manifest::NodeSelectorTerm& term) { return matches_term(term, node); });
}

}  // namespace portcullis::cluster

// Label selectors and node selectors: whether they match, as apimachinery and the scheduler decide it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

// The labels of a pod: those of its metadata or template, and those that its controller adds with a value known
// beforehand.
struct Labels {
  const manifest::StringMap* written = nullptr;
  std::vector<std::pair<std::string, std::string>> added;

  // nullptr: no such label.
  [[nodiscard]] const std::string* find(std::string_view key) const;
};

// An empty selector matches everything (metav1.LabelSelector), as does an absent requirement list. An operator nobody
// knows matches nothing.
[[nodiscard]] bool matches(const manifest::LabelSelector& selector, const Labels& labels);

// One node: its labels and, for matchFields, its name.
struct NodeLabels {
  const std::map<std::string, std::string>* labels = nullptr;
  std::string_view name;
};
[[nodiscard]] bool matches(const manifest::StringMap& node_selector, const NodeLabels& node);
// Terms are alternatives; a term without any expression matches nothing (scheduler, nodeaffinity).
[[nodiscard]] bool matches(const std::vector<manifest::NodeSelectorTerm>& terms, const NodeLabels& node);

}  // namespace portcullis::cluster

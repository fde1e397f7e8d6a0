// What a policy can speak of: Services, pods and nodes with their labels, namespaces, hosts of Ingresses. The resolved
// cluster holds no labels; they come from the input that it was resolved from.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/cluster/labels.hpp"
#include "compiler/cluster/pod_groups.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

struct KnownService {
  const cluster::Service* service = nullptr;
  cluster::Labels labels;
};
struct KnownPod {
  const cluster::Pod* pod = nullptr;
  cluster::Labels labels;
  const manifest::PodSpec* spec = nullptr;
};

class Objects {
 public:
  Objects(const manifest::Input& input, const cluster::Cluster& cluster);

  [[nodiscard]] const cluster::Cluster& cluster() const { return cluster_; }
  [[nodiscard]] const manifest::Input& input() const { return input_; }
  [[nodiscard]] const std::vector<KnownService>& services() const { return services_; }
  [[nodiscard]] const std::vector<KnownPod>& pods() const { return pods_; }
  [[nodiscard]] const std::vector<cluster::PodGroup>& pod_groups() const { return groups_; }
  // Of every object of the input, and those that every cluster has.
  [[nodiscard]] const std::set<std::string, std::less<>>& namespaces() const { return namespaces_; }

 private:
  void add_services(const cluster::Inventory& inventory);
  void add_pods();

  const manifest::Input& input_;
  const cluster::Cluster& cluster_;
  std::vector<cluster::PodGroup> groups_;
  std::vector<KnownService> services_;
  std::vector<KnownPod> pods_;
  std::set<std::string, std::less<>> namespaces_;
};

// Whether every condition holds; `find` answers the value of a label, or nullptr.
template <class Find>
[[nodiscard]] bool holds(const Where& where, const Find& find) {
  for (const Condition& condition : where.conditions) {
    const std::string* value = find(condition.key.value);
    const auto listed = [&] {
      return std::ranges::any_of(condition.values, [&](const Word& word) { return word.value == *value; });
    };
    using enum Condition::Kind;
    switch (condition.kind) {
      case in:
        if (value == nullptr || !listed()) return false;
        break;
      case not_in:
        if (value != nullptr && listed()) return false;
        break;
      case has:
        if (value == nullptr) return false;
        break;
      case lacks:
        if (value != nullptr) return false;
        break;
    }
  }
  return true;
}

}  // namespace portcullis::policy

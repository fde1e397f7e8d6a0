#include "compiler/policy/objects.hpp"

#include <algorithm>
#include <tuple>

namespace portcullis::policy {

namespace {

// A StatefulSet's controller labels each pod with its name and number.
void add_ordinal(cluster::Labels& labels, const std::string& pod) {
  labels.added.emplace_back("statefulset.kubernetes.io/pod-name", pod);
  labels.added.emplace_back("apps.kubernetes.io/pod-index", pod.substr(pod.rfind('-') + 1));
}

}  // namespace

Objects::Objects(const manifest::Input& input, const cluster::Cluster& cluster)
    : input_(input), cluster_(cluster), namespaces_{"default", "kube-node-lease", "kube-public", "kube-system"} {
  const cluster::Inventory inventory = cluster::take_inventory(input);
  groups_ = cluster::pod_groups(inventory);
  add_services(inventory);
  add_pods();
  for (const manifest::Object& object : input.objects) {
    const base::ObjectRef reference = manifest::reference(object);
    const std::string& ns = reference.kind == "Namespace" ? reference.name : reference.ns;
    if (!ns.empty()) namespaces_.insert(ns);
  }
}

void Objects::add_services(const cluster::Inventory& inventory) {
  for (const cluster::Service& service : cluster_.services) {
    KnownService known{&service, {}};
    const auto key = [](const auto& given) { return std::tuple(given.ns, given.name); };
    const auto found = std::ranges::lower_bound(
        inventory.services, std::tuple(std::string_view(service.ns), std::string_view(service.name)), {}, key);
    if (found != inventory.services.end() && found->ns == service.ns && found->name == service.name)
      known.labels.written = &found->body->metadata.labels;
    services_.push_back(std::move(known));
  }
}

void Objects::add_pods() {
  std::map<base::ObjectRef, const cluster::PodGroup*> of_workload;
  for (const cluster::PodGroup& group : groups_) of_workload.emplace(group.workload, &group);
  for (const cluster::Pod& pod : cluster_.pods) {
    KnownPod known{&pod, {}, nullptr};
    if (const auto group = of_workload.find(pod.workload); group != of_workload.end()) {
      known.labels = group->second->labels;
      known.spec = group->second->spec;
      if (group->second->ordinal_labels) add_ordinal(known.labels, pod.name);
    }
    pods_.push_back(std::move(known));
  }
}

}  // namespace portcullis::policy

#include "compiler/cluster/pod_groups.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "compiler/cluster/label_index.hpp"

namespace portcullis::cluster {

namespace {

bool finished(const manifest::Pod& pod) {
  return pod.phase && (pod.phase->value == "Succeeded" || pod.phase->value == "Failed");
}

// Status says something: the pod exists. A pod without status is a manifest still to be applied.
bool observed(const manifest::Pod& pod) {
  return pod.phase || pod.pod_ip || !pod.pod_ips.empty() || pod.ready_condition || pod.metadata.deletion_timestamp;
}

constexpr std::int64_t most_ordinal = 1'000'000'000;

class GroupBuilder {
 public:
  explicit GroupBuilder(const Inventory& inventory) : inventory_(inventory) {
    for (const auto& pod : inventory.pods) {
      const Labels labels{&pod.body->metadata.labels, {}};
      observed_labels_.push_back(labels);
      if (observed(*pod.body))
        observed_index_.add(pod.ns, labels, static_cast<std::uint32_t>(observed_labels_.size() - 1));
    }
    for (const auto& workload : inventory.workloads)
      workloads_.emplace(workload.ns, std::string_view{workload.body->kind}, workload.name);
    for (const auto& workload : inventory.workloads) {
      for (const manifest::OwnerReference& owner : workload.body->metadata.owners)
        makers_.emplace(workload.ns, owner.kind, owner.name);
    }
  }

  [[nodiscard]] std::vector<PodGroup> build() const {
    std::vector<PodGroup> groups;
    std::size_t unnamed = 0;
    for (const auto& pod : inventory_.pods) {
      if (finished(*pod.body)) continue;
      groups.push_back(from_pod(pod));
      if (pod.name.empty()) groups.back().workload.name = generated_name(*pod.body, unnamed++);
    }
    for (const auto& workload : inventory_.workloads) {
      if (represented(workload)) continue;
      PodGroup group = from_workload(workload);
      if (group.count > 0) groups.push_back(std::move(group));
    }
    const auto rank = [](const PodGroup& g) {
      return g.observed ? 0 : g.daemon ? 1 : g.spec->required_pod_anti_affinity.empty() ? 2 : 3;
    };
    std::ranges::stable_sort(groups, [&](const PodGroup& a, const PodGroup& b) {
      const auto key = [&](const PodGroup& g) {
        return std::tuple(rank(g), g.ns(), std::string_view{g.workload.name}, std::string_view{g.workload.kind});
      };
      return key(a) < key(b);
    });
    return groups;
  }

 private:
  // Each apply would make another one, so the number is ours alone.
  [[nodiscard]] static std::string generated_name(const manifest::Pod& pod, std::size_t number) {
    return (pod.metadata.generate_name ? pod.metadata.generate_name->value : "pod-") + std::to_string(number);
  }

  [[nodiscard]] static PodGroup from_pod(const Given<manifest::Pod>& given) {
    const manifest::Pod& pod = *given.body;
    PodGroup group;
    group.workload = {"Pod", std::string(given.ns), std::string(given.name)};
    group.labels.written = &pod.metadata.labels;
    group.spec = &pod.spec;
    group.pod = &pod;
    group.observed = observed(pod);
    group.ports = node_port_wants(pod.spec);
    group.span = pod.metadata.name ? pod.metadata.name->span : pod.place;
    return group;
  }

  [[nodiscard]] static PodGroup from_workload(const Given<manifest::Workload>& given) {
    const manifest::Workload& workload = *given.body;
    PodGroup group;
    group.workload = {workload.kind, std::string(given.ns), std::string(given.name)};
    group.labels.written = &workload.pod.metadata.labels;
    group.spec = &workload.pod.spec;
    group.daemon = workload.kind == "DaemonSet";
    group.ordinal_labels = workload.kind == "StatefulSet";
    group.count = static_cast<std::size_t>(std::clamp<std::int64_t>(replicas(workload), 0, most_replicas));
    if (workload.ordinals_start)
      group.first_ordinal = std::clamp<std::int64_t>(workload.ordinals_start->value, 0, most_ordinal);
    if (workload.kind == "Job") {
      // The Job controller labels its pods with the Job's name, under the old key and the new one.
      group.labels.added = {{"job-name", std::string(given.name)},
                            {"batch.kubernetes.io/job-name", std::string(given.name)}};
    }
    group.ports = node_port_wants(workload.pod.spec);
    group.span = workload.metadata.name ? workload.metadata.name->span : workload.place;
    return group;
  }

  // Pods that run at the same time.
  [[nodiscard]] static std::int64_t replicas(const manifest::Workload& workload) {
    const bool job = workload.kind == "Job" || workload.kind == "CronJob";
    if (!job) return workload.replicas ? workload.replicas->value : 1;
    if (workload.suspend && workload.suspend->value) return 0;
    const std::int64_t parallelism = workload.parallelism ? workload.parallelism->value : 1;
    return workload.completions ? std::min(parallelism, workload.completions->value) : parallelism;
  }

  // The input already holds what this workload made: observed pods, or the workload that it made for them.
  [[nodiscard]] bool represented(const Given<manifest::Workload>& workload) const {
    for (const manifest::OwnerReference& owner : workload.body->metadata.owners) {
      if (workloads_.contains({workload.ns, owner.kind, owner.name})) return !made_by_cron(owner);
    }
    if (workload.body->kind == "CronJob" && makers_.contains({workload.ns, "CronJob", workload.name})) return true;
    if (workload.body->kind == "Job") return pods_carry(workload.ns, workload.name);
    const manifest::StringMap& pairs =
        workload.body->selector ? workload.body->selector->match_labels : workload.body->pod.metadata.labels;
    if (pairs.entries.empty()) return false;
    const auto* candidates = observed_index_.candidates(workload.ns, pairs);
    if (candidates == nullptr) return false;
    const manifest::LabelSelector by_labels{{}, pairs, {}};
    const manifest::LabelSelector& selector = workload.body->selector ? *workload.body->selector : by_labels;
    return std::ranges::any_of(*candidates, [&](std::uint32_t id) { return matches(selector, observed_labels_[id]); });
  }

  // Of a Deployment and its ReplicaSet the Deployment counts; of a CronJob and its Job the Job that runs.
  [[nodiscard]] static bool made_by_cron(const manifest::OwnerReference& owner) { return owner.kind == "CronJob"; }

  [[nodiscard]] bool pods_carry(std::string_view ns, std::string_view job) const {
    for (const char* key : {"job-name", "batch.kubernetes.io/job-name"}) {
      manifest::StringMap pairs;
      pairs.entries.push_back({{key, {}}, {std::string(job), {}}});
      const auto* candidates = observed_index_.candidates(ns, pairs);
      if (candidates != nullptr && !candidates->empty()) return true;
    }
    return false;
  }

  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;  // namespace, kind, name
  const Inventory& inventory_;
  std::vector<Labels> observed_labels_;  // by position in inventory.pods
  LabelIndex observed_index_;
  std::set<Key> workloads_, makers_;
};

}  // namespace

std::vector<PodGroup> pod_groups(const Inventory& inventory) {
  return GroupBuilder(inventory).build();
}

}  // namespace portcullis::cluster

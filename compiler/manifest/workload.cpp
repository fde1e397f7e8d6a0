// core/v1 Pod and what makes pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob
#include "compiler/base/error.hpp"
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

constexpr auto lenient = Unknown::warning;

// ---- Pod

template <auto Member>
void pod_spec(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  read_pod_spec(decoder, pair, out.*Member);
}

struct PodIp {
  Field<std::string> ip;
};
constexpr Rule<PodIp> pod_ip_fields[] = {{"ip", text<&PodIp::ip>}};
void pod_ips(Decoder& decoder, const Pair& pair, Pod& out) {
  std::vector<PodIp> list;
  read_list(decoder, pair, pod_ip_fields, list, Unknown::error);
  for (PodIp& entry : list) {
    if (entry.ip) out.pod_ips.push_back(std::move(*entry.ip));
  }
}

struct PodCondition {
  Field<std::string> type, status;
};
constexpr Rule<PodCondition> pod_condition_fields[] = {
    {"type", text<&PodCondition::type>},
    {"status", text<&PodCondition::status>},
    {"lastProbeTime", any},
    {"lastTransitionTime", any},
    {"reason", any},
    {"message", any},
    {"observedGeneration", any},
};
void pod_conditions(Decoder& decoder, const Pair& pair, Pod& out) {
  std::vector<PodCondition> list;
  read_list(decoder, pair, pod_condition_fields, list, lenient);
  for (PodCondition& condition : list) {
    if (condition.type && condition.type->value == "Ready") out.ready_condition = std::move(condition.status);
  }
}

constexpr Rule<Pod> pod_status_fields[] = {
    {"phase", text<&Pod::phase>},
    {"podIP", text<&Pod::pod_ip>},
    {"hostIP", text<&Pod::host_ip>},
    {"podIPs", pod_ips},
    {"conditions", pod_conditions},
    {"hostIPs", any},
    {"observedGeneration", any},
    {"message", any},
    {"reason", any},
    {"nominatedNodeName", any},
    {"startTime", any},
    {"initContainerStatuses", any},
    {"containerStatuses", any},
    {"ephemeralContainerStatuses", any},
    {"qosClass", any},
    {"resize", any},
    {"resourceClaimStatuses", any},
    {"extendedResourceClaimStatus", any},
    {"allocatedResources", any},
    {"resources", any},
    {"nodeAllocatableResourceClaimStatuses", any},
};
constexpr Rule<Pod> pod_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Pod::metadata>},
    {"spec", pod_spec<&Pod::spec>},
    {"status", section<pod_status_fields, lenient>},
};

// ---- specs of workloads

constexpr Rule<PodTemplate> template_fields[] = {
    {"metadata", metadata<&PodTemplate::metadata>},
    {"spec", pod_spec<&PodTemplate::spec>},
};
void pod_template(Decoder& decoder, const Pair& pair, Workload& out) {
  read_pod_template(decoder, pair, out.pod);
}

// A ReplicationController's selector is a plain map.
void plain_selector(Decoder& decoder, const Pair& pair, Workload& out) {
  if (decoder.is_null(pair)) return;
  LabelSelector& selector = out.selector.emplace();
  selector.place = decoder.place(pair);
  selector.match_labels = decoder.string_map(pair);
}

constexpr auto selector = object<&Workload::selector, label_selector_fields, lenient>;

constexpr Rule<Workload> deployment_spec[] = {
    {"replicas", int32<&Workload::replicas>},
    {"selector", selector},
    {"template", pod_template},
    {"strategy", any},
    {"minReadySeconds", any},
    {"revisionHistoryLimit", any},
    {"paused", any},
    {"progressDeadlineSeconds", any},
};
constexpr Rule<Workload> ordinals_fields[] = {{"start", int32<&Workload::ordinals_start>}};
constexpr Rule<Workload> stateful_set_spec[] = {
    {"replicas", int32<&Workload::replicas>},
    {"selector", selector},
    {"template", pod_template},
    {"serviceName", text<&Workload::service_name>},
    {"ordinals", section<ordinals_fields, lenient>},
    {"volumeClaimTemplates", any},
    {"podManagementPolicy", any},
    {"updateStrategy", any},
    {"revisionHistoryLimit", any},
    {"minReadySeconds", any},
    {"persistentVolumeClaimRetentionPolicy", any},
};
constexpr Rule<Workload> daemon_set_spec[] = {
    {"selector", selector},   {"template", pod_template},    {"updateStrategy", any},
    {"minReadySeconds", any}, {"revisionHistoryLimit", any},
};
constexpr Rule<Workload> replica_set_spec[] = {
    {"replicas", int32<&Workload::replicas>},
    {"selector", selector},
    {"template", pod_template},
    {"minReadySeconds", any},
};
constexpr Rule<Workload> replication_controller_spec[] = {
    {"replicas", int32<&Workload::replicas>},
    {"selector", plain_selector},
    {"template", pod_template},
    {"minReadySeconds", any},
};
constexpr Rule<Workload> job_spec[] = {
    {"parallelism", int32<&Workload::parallelism>},
    {"completions", int32<&Workload::completions>},
    {"completionMode", text<&Workload::completion_mode>},
    {"suspend", flag<&Workload::suspend>},
    {"selector", selector},
    {"template", pod_template},
    {"activeDeadlineSeconds", any},
    {"podFailurePolicy", any},
    {"successPolicy", any},
    {"backoffLimit", any},
    {"backoffLimitPerIndex", any},
    {"maxFailedIndexes", any},
    {"manualSelector", any},
    {"ttlSecondsAfterFinished", any},
    {"podReplacementPolicy", any},
    {"managedBy", any},
    {"scheduling", any},
};
// The Job's own `suspend` is not the CronJob's, so it is read apart.
void job_template_spec(Decoder& decoder, const Pair& pair, Workload& out) {
  Workload job;
  read_fields(decoder, pair, job_spec, job, lenient);
  out.parallelism = job.parallelism;
  out.completions = job.completions;
  out.completion_mode = std::move(job.completion_mode);
  out.selector = std::move(job.selector);
  out.pod = std::move(job.pod);
}
void nested_metadata(Decoder& decoder, const Pair& pair, Workload&) {
  Metadata unused;
  read_metadata(decoder, pair, unused);
}
constexpr Rule<Workload> job_template_fields[] = {{"metadata", nested_metadata}, {"spec", job_template_spec}};
constexpr Rule<Workload> cron_job_spec[] = {
    {"suspend", flag<&Workload::suspend>},
    {"jobTemplate", section<job_template_fields, lenient>},
    {"schedule", any},
    {"timeZone", any},
    {"startingDeadlineSeconds", any},
    {"concurrencyPolicy", any},
    {"successfulJobsHistoryLimit", any},
    {"failedJobsHistoryLimit", any},
};

void spec(Decoder& decoder, const Pair& pair, Workload& out) {
  if (out.kind == "Deployment") return read_fields(decoder, pair, deployment_spec, out, lenient);
  if (out.kind == "StatefulSet") return read_fields(decoder, pair, stateful_set_spec, out, lenient);
  if (out.kind == "DaemonSet") return read_fields(decoder, pair, daemon_set_spec, out, lenient);
  if (out.kind == "ReplicaSet") return read_fields(decoder, pair, replica_set_spec, out, lenient);
  if (out.kind == "ReplicationController") return read_fields(decoder, pair, replication_controller_spec, out, lenient);
  if (out.kind == "Job") return read_fields(decoder, pair, job_spec, out, lenient);
  if (out.kind == "CronJob") return read_fields(decoder, pair, cron_job_spec, out, lenient);
  throw base::InternalError("no table of fields for kind " + out.kind);
}

constexpr Rule<Workload> workload_fields[] = {
    {"apiVersion", already_read}, {"kind", already_read}, {"metadata", metadata<&Workload::metadata>}, {"spec", spec},
    {"status", is_map},
};

}  // namespace

void read_pod_template(Decoder& decoder, const Pair& pair, PodTemplate& out) {
  out.place = decoder.place(pair);
  read_fields(decoder, pair, template_fields, out, lenient);
}

void read_body(Decoder& decoder, const Pair& root, Pod& out) {
  read_fields(decoder, root, pod_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, Workload& out) {
  read_fields(decoder, root, workload_fields, out);
}

}  // namespace portcullis::manifest

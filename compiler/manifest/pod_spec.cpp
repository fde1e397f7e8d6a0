// core/v1 PodSpec: containers, ports and probes, placement. The rest of it only by name.
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

// A pod template is the business of whoever runs it; what portcullis does not know there is a warning.
constexpr auto lenient = Unknown::warning;

// ---- ports and probes

constexpr Rule<ContainerPort> port_fields[] = {
    {"name", text<&ContainerPort::name>},
    {"hostPort", int32<&ContainerPort::host_port>},
    {"containerPort", int32<&ContainerPort::container_port>},
    {"protocol", text<&ContainerPort::protocol>},
    {"hostIP", text<&ContainerPort::host_ip>},
};

constexpr Rule<Probe> http_get_fields[] = {
    {"path", is_text},        {"port", int_or_string<&Probe::port>}, {"host", is_text}, {"scheme", is_text},
    {"httpHeaders", is_list},
};
constexpr Rule<Probe> tcp_socket_fields[] = {
    {"port", int_or_string<&Probe::port>},
    {"host", is_text},
};
constexpr Rule<Probe> probe_fields[] = {
    {"exec", is_map},
    {"httpGet", section<http_get_fields, lenient>},
    {"tcpSocket", section<tcp_socket_fields, lenient>},
    {"grpc", is_map},
    {"initialDelaySeconds", is_int32},
    {"timeoutSeconds", is_int32},
    {"periodSeconds", is_int32},
    {"successThreshold", is_int32},
    {"failureThreshold", is_int32},
    {"terminationGracePeriodSeconds", is_int64},
};
void probe(Decoder& decoder, const Pair& pair, Container& out, std::string_view kind) {
  if (decoder.is_null(pair)) return;
  Probe& value = out.probes.emplace_back();
  value.kind = kind;
  value.place = decoder.place(pair);
  read_fields(decoder, pair, probe_fields, value, lenient);
}
void readiness(Decoder& decoder, const Pair& pair, Container& out) {
  probe(decoder, pair, out, "readinessProbe");
}
void liveness(Decoder& decoder, const Pair& pair, Container& out) {
  probe(decoder, pair, out, "livenessProbe");
}
void startup(Decoder& decoder, const Pair& pair, Container& out) {
  probe(decoder, pair, out, "startupProbe");
}

// ---- containers

constexpr Rule<Container> container_fields[] = {
    {"name", text<&Container::name>},
    {"image", text<&Container::image>},
    {"ports", placed_list<&Container::ports, &Container::ports_place, port_fields, lenient>},
    {"readinessProbe", readiness},
    {"livenessProbe", liveness},
    {"startupProbe", startup},
    {"restartPolicy", text<&Container::restart_policy>},
    {"command", any},
    {"args", any},
    {"workingDir", any},
    {"env", any},
    {"envFrom", any},
    {"resources", any},
    {"resizePolicy", any},
    {"restartPolicyRules", any},
    {"volumeMounts", any},
    {"volumeDevices", any},
    {"lifecycle", any},
    {"terminationMessagePath", any},
    {"terminationMessagePolicy", any},
    {"imagePullPolicy", any},
    {"securityContext", any},
    {"stdin", any},
    {"stdinOnce", any},
    {"tty", any},
};
void containers(Decoder& decoder, const Pair& pair, PodSpec& out) {
  read_list(decoder, pair, container_fields, out.containers, lenient);
}
void init_containers(Decoder& decoder, const Pair& pair, PodSpec& out) {
  std::vector<Container> found;
  read_list(decoder, pair, container_fields, found, lenient);
  for (Container& container : found) container.init = true;
  out.containers.insert(out.containers.begin(), std::make_move_iterator(found.begin()),
                        std::make_move_iterator(found.end()));
}

// ---- placement

// Of a list only where it is, if there is anything in it.
template <auto Place>
void place_of_entries(Decoder& decoder, const Pair& pair, ClassOf<Place>& out) {
  if (decoder.is_sequence(pair) && decoder.tree().target(pair.value).size > 0) out.*Place = decoder.place(pair);
}

constexpr Rule<NodeSelectorTerm> term_fields[] = {
    {"matchExpressions", list<&NodeSelectorTerm::match_expressions, selector_requirement_fields, lenient>},
    {"matchFields", list<&NodeSelectorTerm::match_fields, selector_requirement_fields, lenient>},
};
constexpr Rule<PodSpec> node_selector_fields[] = {
    {"nodeSelectorTerms", list<&PodSpec::required_node_affinity, term_fields, lenient>}};
constexpr Rule<PodSpec> node_affinity_fields[] = {
    {"requiredDuringSchedulingIgnoredDuringExecution", section<node_selector_fields, lenient>},
    {"preferredDuringSchedulingIgnoredDuringExecution", is_list},
};
constexpr Rule<PodAntiAffinityTerm> anti_affinity_term_fields[] = {
    {"labelSelector", object<&PodAntiAffinityTerm::selector, label_selector_fields, lenient>},
    {"topologyKey", text<&PodAntiAffinityTerm::topology_key>},
    {"namespaces", is_texts},
    {"namespaceSelector", is_map},
    {"matchLabelKeys", is_texts},
    {"mismatchLabelKeys", is_texts},
};
constexpr Rule<PodSpec> pod_anti_affinity_fields[] = {
    {"requiredDuringSchedulingIgnoredDuringExecution",
     list<&PodSpec::required_pod_anti_affinity, anti_affinity_term_fields, lenient>},
    {"preferredDuringSchedulingIgnoredDuringExecution", is_list},
};
constexpr Rule<PodSpec> pod_affinity_fields[] = {
    {"requiredDuringSchedulingIgnoredDuringExecution", place_of_entries<&PodSpec::required_pod_affinity_place>},
    {"preferredDuringSchedulingIgnoredDuringExecution", is_list},
};
constexpr Rule<PodSpec> affinity_fields[] = {
    {"nodeAffinity", section<node_affinity_fields, lenient>},
    {"podAffinity", section<pod_affinity_fields, lenient>},
    {"podAntiAffinity", section<pod_anti_affinity_fields, lenient>},
};
constexpr Rule<Toleration> toleration_fields[] = {
    {"key", text<&Toleration::key>},       {"operator", text<&Toleration::op>}, {"value", text<&Toleration::value>},
    {"effect", text<&Toleration::effect>}, {"tolerationSeconds", is_int64},
};

constexpr Rule<Nothing> host_alias_fields[] = {{"ip", is_text}, {"hostnames", is_texts}};

constexpr Rule<PodSpec> spec_fields[] = {
    {"containers", containers},
    {"initContainers", init_containers},
    {"nodeName", text<&PodSpec::node_name>},
    {"dnsPolicy", text<&PodSpec::dns_policy>},
    {"hostname", text<&PodSpec::hostname>},
    {"subdomain", text<&PodSpec::subdomain>},
    {"restartPolicy", text<&PodSpec::restart_policy>},
    {"hostNetwork", flag<&PodSpec::host_network>},
    {"nodeSelector", string_map<&PodSpec::node_selector>},
    {"affinity", section<affinity_fields, lenient>},
    {"tolerations", list<&PodSpec::tolerations, toleration_fields, lenient>},
    {"hostAliases", checked_list<host_alias_fields>},
    {"ephemeralContainers", any},
    {"volumes", any},
    {"terminationGracePeriodSeconds", any},
    {"activeDeadlineSeconds", any},
    {"serviceAccountName", any},
    {"serviceAccount", any},
    {"automountServiceAccountToken", any},
    {"hostPID", any},
    {"hostIPC", any},
    {"hostUsers", any},
    {"shareProcessNamespace", any},
    {"securityContext", any},
    {"imagePullSecrets", any},
    {"schedulerName", any},
    {"priorityClassName", any},
    {"priority", any},
    {"dnsConfig", any},
    {"readinessGates", any},
    {"runtimeClassName", any},
    {"enableServiceLinks", any},
    {"preemptionPolicy", any},
    {"overhead", any},
    {"topologySpreadConstraints", place_of_entries<&PodSpec::topology_spread_place>},
    {"setHostnameAsFQDN", any},
    {"os", any},
    {"schedulingGates", any},
    {"resourceClaims", any},
    {"resources", any},
    {"hostnameOverride", any},
    {"workloadRef", any},
    {"schedulingGroup", any},
};

}  // namespace

void read_pod_spec(Decoder& decoder, const Pair& pair, PodSpec& out) {
  out.place = decoder.place(pair);
  read_fields(decoder, pair, spec_fields, out, lenient);
}

}  // namespace portcullis::manifest

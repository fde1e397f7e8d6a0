#include "compiler/cluster/resolve.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/cluster/allocation.hpp"
#include "compiler/cluster/claims.hpp"
#include "compiler/cluster/endpoints.hpp"
#include "compiler/cluster/ingresses.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/cluster/joins.hpp"
#include "compiler/cluster/nodes.hpp"
#include "compiler/cluster/pods.hpp"
#include "compiler/cluster/secrets.hpp"
#include "compiler/cluster/services.hpp"
#include "compiler/cluster/validate.hpp"

namespace portcullis::cluster {

namespace {

// Whether an API server would take the object.
struct Validator {
  const manifest::Object& object;
  const Profile& profile;
  base::Diagnostics& diagnostics;

  bool operator()(const manifest::Service& body) const { return validate(body, profile, diagnostics); }
  bool operator()(const manifest::EndpointSlice& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::Endpoints& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::Node& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::Ingress& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::IngressClass& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::NetworkPolicy& body) const { return validate(body, diagnostics); }
  bool operator()(const manifest::Pod& body) const {
    return validate_pod_spec(body.spec, manifest::reference(object), "spec", diagnostics);
  }
  bool operator()(const manifest::Workload& body) const {
    const char* field = body.kind == "CronJob" ? "spec.jobTemplate.spec.template.spec" : "spec.template.spec";
    return validate_pod_spec(body.pod.spec, manifest::reference(object), field, diagnostics);
  }
  bool operator()(const manifest::Namespace&) const { return true; }
  bool operator()(const manifest::Secret&) const { return true; }
  bool operator()(const manifest::ServiceCIDR&) const { return true; }             // merge_profile
  bool operator()(const manifest::IPAddress&) const { return true; }               // cluster_ips.cpp
  bool operator()(const manifest::KubeProxyConfiguration&) const { return true; }  // merge_profile
  bool operator()(const manifest::ClusterProfile&) const { return true; }          // merge_profile
};

// A field that could not be decoded (PC1xxx) is not there to be validated: what validation says of it would be an echo.
class DecodingErrors {
 public:
  explicit DecodingErrors(const base::Diagnostics& diagnostics) {
    for (const base::Diagnostic& d : diagnostics.all()) {
      if (d.code.starts_with("PC1") && !d.field.empty()) fields_.emplace(d.object, d.field);
    }
  }
  [[nodiscard]] bool hold(const base::Diagnostic& d) const { return fields_.contains({d.object, d.field}); }

 private:
  std::set<std::pair<base::ObjectRef, std::string>> fields_;
};

// Returns what would be refused. Of most kinds even that is resolved, as far as it makes sense.
Refused validate_all(const manifest::Input& input, const Profile& profile, base::Diagnostics& diagnostics) {
  Refused refused;
  const DecodingErrors decoding(diagnostics);
  for (const manifest::Object& object : input.objects) {
    if (!object.broken) {
      if (!std::visit(Validator{object, profile, diagnostics}, object.body)) refused.insert(&object);
      continue;
    }
    refused.insert(&object);
    base::Diagnostics findings;
    (void)std::visit(Validator{object, profile, findings}, object.body);
    for (const base::Diagnostic& d : findings.all()) {
      if (!decoding.hold(d)) diagnostics.add(d);
    }
  }
  return refused;
}

// Families that something in the cluster uses: the ranges, and what Services have or ask for.
std::vector<net::Family> families_in_use(const Profile& profile, const std::vector<Service>& services) {
  std::vector<net::Family> families;
  const auto add = [&](net::Family family) {
    if (std::ranges::find(families, family) == families.end()) families.push_back(family);
  };
  for (const net::Prefix& range : profile.service_cidrs) add(range.family());
  if (profile.pod_cidrs_given) {
    for (const net::Prefix& range : profile.pod_cidrs) add(range.family());
  }
  for (const Service& service : services) {
    if (service.headless) continue;  // its families are no demand (RequireDualStack is the default without a selector)
    for (const net::Family family : service.families) add(family);
  }
  if (families.empty()) add(net::Family::ipv4);
  std::ranges::sort(families);
  return families;
}

// Ports of nodes that pods and profile take: a planned node port keeps clear of them.
std::vector<std::uint16_t> host_port_numbers(const Pods& pods, const std::vector<Node>& nodes) {
  std::vector<std::uint16_t> numbers;
  for (const PodGroup& group : pods.groups) {
    for (const NodePortWant& want : group.ports) numbers.push_back(want.host_port);
  }
  for (const Node& node : nodes) {
    for (const HostPort& entry : node.host_ports) numbers.push_back(entry.host_port);
  }
  return numbers;
}

std::vector<Pod> public_pods(const Pods& pods) {
  std::vector<Pod> out;
  out.reserve(pods.pods.size());
  for (const PodFacts& facts : pods.pods) {
    const PodGroup& group = pods.groups[facts.group];
    const bool host_network = group.spec->host_network && group.spec->host_network->value;
    out.push_back({std::string(group.ns()), facts.name, facts.node, facts.addresses, host_network, facts.planned,
                   group.workload, group.span});
  }
  return out;
}

}  // namespace

Resolved resolve(const manifest::Input& input, const ResolveOptions& options, base::Diagnostics& diagnostics) {
  Resolved resolved;
  Cluster& cluster = resolved.cluster;
  cluster.profile = merge_profile(input, diagnostics);
  const Refused refused = validate_all(input, cluster.profile, diagnostics);
  report_default_classes(input, diagnostics);
  if (!options.complete) report_nothing_to_join(input, diagnostics);

  const Inventory inventory = take_inventory(input);
  cluster.services = resolve_services(inventory, cluster.profile);
  const std::vector<net::Family> families = families_in_use(cluster.profile, cluster.services);
  widen_pod_cidrs(cluster.profile, families);
  cluster.nodes = resolve_nodes(inventory, cluster.profile, families, diagnostics);
  const Pods pods = resolve_pods(inventory, cluster.profile, cluster.nodes, options.lock, resolved.lock, diagnostics);

  Allocation allocation{inventory,        cluster.profile, cluster.nodes, options.lock,
                        cluster.services, resolved.lock,   diagnostics};
  allocate_cluster_ips(allocation);
  allocate_node_ports(allocation, host_port_numbers(pods, cluster.nodes));
  allocate_load_balancers(allocation);

  report_orphan_slices(input, inventory, diagnostics);
  report_chained_endpoints(inventory, cluster, diagnostics);
  resolve_endpoints({inventory, pods, cluster.nodes}, cluster.services, diagnostics);
  cluster.claims = resolve_claims(cluster, pods, diagnostics);
  place_host_ports(pods, cluster.nodes);
  cluster.host_port_workloads = host_port_workloads(pods, cluster.nodes);
  cluster.pods = public_pods(pods);
  cluster.ingress_classes = resolve_ingress_classes(inventory, refused);
  cluster.ingresses = resolve_ingresses(input, inventory, refused, cluster.ingress_classes);
  cluster.secrets = resolve_secrets(inventory);
  return resolved;
}

}  // namespace portcullis::cluster

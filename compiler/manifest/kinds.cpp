#include "compiler/manifest/kinds.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace portcullis::manifest {

namespace {

struct Kind {
  std::string_view api_version, kind;
  Body (*make)(std::string_view kind);
  bool namespaced = true;
};

template <class T>
Body empty(std::string_view) {
  return T{};
}
Body workload(std::string_view kind) {
  Workload out;
  out.kind = kind;
  return out;
}

constexpr auto kinds = std::to_array<Kind>({
    {"v1", "Service", empty<Service>},
    {"discovery.k8s.io/v1", "EndpointSlice", empty<EndpointSlice>},
    {"v1", "Endpoints", empty<Endpoints>},
    {"v1", "Pod", empty<Pod>},
    {"v1", "Node", empty<Node>, false},
    {"v1", "Namespace", empty<Namespace>, false},
    {"v1", "Secret", empty<Secret>},
    {"apps/v1", "Deployment", workload},
    {"apps/v1", "StatefulSet", workload},
    {"apps/v1", "DaemonSet", workload},
    {"apps/v1", "ReplicaSet", workload},
    {"v1", "ReplicationController", workload},
    {"batch/v1", "Job", workload},
    {"batch/v1", "CronJob", workload},
    {"networking.k8s.io/v1", "Ingress", empty<Ingress>},
    {"networking.k8s.io/v1", "IngressClass", empty<IngressClass>, false},
    {"networking.k8s.io/v1", "NetworkPolicy", empty<NetworkPolicy>},
    {"networking.k8s.io/v1", "ServiceCIDR", empty<ServiceCIDR>, false},
    {"networking.k8s.io/v1", "IPAddress", empty<IPAddress>, false},
    {"networking.k8s.io/v1beta1", "ServiceCIDR", empty<ServiceCIDR>, false},
    {"networking.k8s.io/v1beta1", "IPAddress", empty<IPAddress>, false},
    {"kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", empty<KubeProxyConfiguration>, false},
    {"portcullis.dev/v1", "ClusterProfile", empty<ClusterProfile>, false},
});

struct Removed {
  std::string_view api_version, kind, since;
};
// https://kubernetes.io/docs/reference/using-api/deprecation-guide
constexpr auto removed = std::to_array<Removed>({
    {"extensions/v1beta1", "Ingress", "1.22"},
    {"networking.k8s.io/v1beta1", "Ingress", "1.22"},
    {"networking.k8s.io/v1beta1", "IngressClass", "1.22"},
    {"extensions/v1beta1", "NetworkPolicy", "1.16"},
    {"discovery.k8s.io/v1beta1", "EndpointSlice", "1.25"},
    {"discovery.k8s.io/v1alpha1", "EndpointSlice", "1.19"},
    {"extensions/v1beta1", "Deployment", "1.16"},
    {"extensions/v1beta1", "DaemonSet", "1.16"},
    {"extensions/v1beta1", "ReplicaSet", "1.16"},
    {"apps/v1beta1", "Deployment", "1.16"},
    {"apps/v1beta1", "StatefulSet", "1.16"},
    {"apps/v1beta2", "Deployment", "1.16"},
    {"apps/v1beta2", "StatefulSet", "1.16"},
    {"apps/v1beta2", "DaemonSet", "1.16"},
    {"apps/v1beta2", "ReplicaSet", "1.16"},
    {"batch/v1beta1", "CronJob", "1.25"},
    {"batch/v2alpha1", "CronJob", "1.21"},
    {"networking.k8s.io/v1alpha1", "ServiceCIDR", "1.31"},
    {"networking.k8s.io/v1alpha1", "IPAddress", "1.31"},
});

// Groups in which every kind is Kubernetes' own: an unknown pair there is a mistake, not somebody's custom resource.
constexpr auto own_groups =
    std::to_array<std::string_view>({"", "apps", "batch", "discovery.k8s.io", "extensions", "networking.k8s.io",
                                     "kubeproxy.config.k8s.io", "portcullis.dev"});

constexpr auto unmodelled = std::to_array<NotModelled>({
    {"cilium.io", "CiliumNetworkPolicy", "NetworkPolicy"},
    {"cilium.io", "CiliumClusterwideNetworkPolicy", "NetworkPolicy"},
    {"cilium.io", "CiliumLocalRedirectPolicy", "Service"},
    {"crd.projectcalico.org", "NetworkPolicy", "NetworkPolicy"},
    {"crd.projectcalico.org", "GlobalNetworkPolicy", "NetworkPolicy"},
    {"projectcalico.org", "NetworkPolicy", "NetworkPolicy"},
    {"projectcalico.org", "GlobalNetworkPolicy", "NetworkPolicy"},
    {"projectcalico.org", "StagedNetworkPolicy", "NetworkPolicy"},
    {"crd.antrea.io", "NetworkPolicy", "NetworkPolicy"},
    {"crd.antrea.io", "ClusterNetworkPolicy", "NetworkPolicy"},
    {"policy.networking.k8s.io", "AdminNetworkPolicy", "NetworkPolicy"},
    {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy", "NetworkPolicy"},
    {"policy.networking.k8s.io", "ClusterNetworkPolicy", "NetworkPolicy"},
    {"networking.istio.io", "VirtualService", "Ingress"},
    {"networking.istio.io", "DestinationRule", {}},
    {"networking.istio.io", "ServiceEntry", "Service"},
    {"networking.istio.io", "Gateway", "Ingress"},
    {"networking.istio.io", "Sidecar", {}},
    {"security.istio.io", "AuthorizationPolicy", "NetworkPolicy"},
    {"traefik.io", "IngressRoute", "Ingress"},
    {"traefik.io", "IngressRouteTCP", "Ingress"},
    {"traefik.io", "IngressRouteUDP", "Ingress"},
    {"traefik.containo.us", "IngressRoute", "Ingress"},
    {"traefik.containo.us", "IngressRouteTCP", "Ingress"},
    {"traefik.containo.us", "IngressRouteUDP", "Ingress"},
    {"projectcontour.io", "HTTPProxy", "Ingress"},
    {"k8s.nginx.org", "VirtualServer", "Ingress"},
    {"k8s.nginx.org", "VirtualServerRoute", "Ingress"},
    {"k8s.nginx.org", "TransportServer", "Ingress"},
    {"route.openshift.io", "Route", "Ingress"},
    {"gateway.networking.k8s.io", "Gateway", "Ingress"},
    {"gateway.networking.k8s.io", "HTTPRoute", "Ingress"},
    {"gateway.networking.k8s.io", "GRPCRoute", "Ingress"},
    {"gateway.networking.k8s.io", "TLSRoute", "Ingress"},
    {"gateway.networking.k8s.io", "TCPRoute", "Service"},
    {"gateway.networking.k8s.io", "UDPRoute", "Service"},
    {"k8s.cni.cncf.io", "NetworkAttachmentDefinition", {}},
});

constexpr auto other_tools =
    std::to_array<std::string_view>({"Kustomization", "Component", "Cluster", "Chart", "Config", "HelmChart",
                                     "ConfigMapGenerator", "SecretGenerator", "PatchTransformer"});

}  // namespace

std::optional<Body> make_body(std::string_view api_version, std::string_view kind) {
  const auto* found =
      std::ranges::find_if(kinds, [&](const Kind& k) { return k.kind == kind && k.api_version == api_version; });
  if (found == kinds.end()) return {};
  return found->make(kind);
}

std::string_view version_of(std::string_view kind) {
  const auto* found = std::ranges::find(kinds, kind, &Kind::kind);
  return found == kinds.end() ? std::string_view{} : found->api_version;
}

bool is_namespaced(std::string_view kind) {
  const auto* found = std::ranges::find(kinds, kind, &Kind::kind);
  return found == kinds.end() || found->namespaced;
}

std::string_view group_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view{} : api_version.substr(0, slash);
}

std::optional<unsigned> minor_version(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  if (!version.starts_with("1.")) return {};
  version.remove_prefix(2);
  unsigned minor = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), minor);
  if (error != std::errc{}) return {};
  std::string_view patch(end, static_cast<std::size_t>(version.data() + version.size() - end));
  if (patch.empty()) return minor;
  if (patch.size() < 2 || !patch.starts_with('.')) return {};
  patch.remove_prefix(1);
  return patch.find_first_not_of("0123456789") == std::string_view::npos ? std::optional(minor) : std::nullopt;
}

std::optional<NotServed> not_served(std::string_view api_version, std::string_view kind) {
  const std::string_view use = version_of(kind);
  if (use.empty()) return {};
  const auto* found =
      std::ranges::find_if(removed, [&](const Removed& r) { return r.kind == kind && r.api_version == api_version; });
  if (found != removed.end()) return NotServed{found->since, use};
  if (std::ranges::find(own_groups, group_of(api_version)) == own_groups.end()) return {};
  return NotServed{{}, use};
}

std::string_view misspelt_kind(std::string_view api_version, std::string_view kind) {
  if (std::ranges::find(own_groups, group_of(api_version)) == own_groups.end()) return {};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  const auto meant = [&](const Kind& k) {
    const std::string_view singular = kind.ends_with('s') ? kind.substr(0, kind.size() - 1) : kind;
    return std::ranges::equal(k.kind, kind, {}, lower, lower) || std::ranges::equal(k.kind, singular, {}, lower, lower);
  };
  const auto* found = std::ranges::find_if(kinds, meant);
  return found == kinds.end() ? std::string_view{} : found->kind;
}

const NotModelled* not_modelled(std::string_view api_version, std::string_view kind) {
  const std::string_view group = group_of(api_version);
  const auto* found =
      std::ranges::find_if(unmodelled, [&](const NotModelled& n) { return n.kind == kind && n.group == group; });
  return found == unmodelled.end() ? nullptr : found;
}

bool is_other_tool(std::string_view kind) {
  return std::ranges::find(other_tools, kind) != other_tools.end();
}

}  // namespace portcullis::manifest

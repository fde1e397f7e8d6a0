#include "compiler/cluster/profile.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "compiler/cluster/profile_documents.hpp"

namespace portcullis::cluster {

namespace {

const net::Prefix default_service_cidr = *net::Prefix::parse("10.96.0.0/12");
const net::Prefix default_pod_cidr = *net::Prefix::parse("10.244.0.0/16");
const net::Prefix default_pod_cidr_v6 = *net::Prefix::parse("fd00:10:244::/56");

// What a node needs itself, wherever it was not asked.
std::vector<ReservedPort> default_reserved_ports() {
  using enum net::Protocol;
  return {{22, 22, tcp, "SSH", {}},
          {10250, 10250, tcp, "the kubelet", {}},
          {10256, 10256, tcp, "kube-proxy's health check", {}},
          {6443, 6443, tcp, "the API server", {}},
          {2379, 2380, tcp, "etcd", {}}};
}

struct Documents {
  ProfileSettings profile;
  KubeProxySettings kube_proxy;
  ListSetting<net::Prefix> service_cidr_objects;
};

void read_service_cidr(const manifest::ServiceCIDR& document, ListSetting<net::Prefix>& list,
                       base::Diagnostics& diagnostics) {
  const base::ObjectRef object{
      "ServiceCIDR", {}, document.metadata.name ? document.metadata.name->value : std::string{}};
  list.open({object, "spec.cidrs", document.place});
  for (std::size_t i = 0; i < document.cidrs.size(); ++i) {
    const SettingPlace place{object, fmt::format("spec.cidrs[{}]", i), document.cidrs[i].span};
    if (const auto cidr = read_prefix(document.cidrs[i], place, diagnostics)) list.add(*cidr);
  }
}

Documents read_documents(const manifest::Input& input, base::Diagnostics& diagnostics) {
  Documents documents;
  for (const manifest::Object& object : input.objects) {
    if (const auto* profile = std::get_if<manifest::ClusterProfile>(&object.body)) {
      read_profile(*profile, documents.profile, diagnostics);
    } else if (const auto* kube_proxy = std::get_if<manifest::KubeProxyConfiguration>(&object.body)) {
      read_kube_proxy(*kube_proxy, documents.kube_proxy, diagnostics);
    } else if (const auto* cidr = std::get_if<manifest::ServiceCIDR>(&object.body)) {
      read_service_cidr(*cidr, documents.service_cidr_objects, diagnostics);
    }
  }
  return documents;
}

void note_override(const SettingPlace& ours, const SettingPlace& theirs, base::Diagnostics& diagnostics) {
  base::Diagnostic& note = diagnostics.add(
      "PC2112",
      fmt::format("{} of {} differs from {} of {}", ours.field, ours.object.text(), theirs.field, theirs.object.text()),
      ours.span);
  note.object = ours.object;
  note.field = ours.field;
  note.related.push_back({"the value that is not used", theirs.span});
}

// The profile's value, else kube-proxy's, else the default.
template <class T>
T choose(const Setting<T>& ours, const Setting<T>& theirs, const T& otherwise, base::Diagnostics& diagnostics) {
  if (ours.given() && theirs.given() && *ours != *theirs) note_override(ours.place(), theirs.place(), diagnostics);
  return ours.given() ? *ours : theirs.value_or(otherwise);
}

void take_scalars(const Documents& documents, Profile& profile, base::Diagnostics& diagnostics) {
  const auto& [ours, theirs, cidrs] = documents;
  // kube-proxy's own default mode differs from portcullis' (reference 0.3).
  profile.dialect =
      choose(ours.dialect, theirs.dialect, theirs.present ? Dialect::iptables : Dialect::nftables, diagnostics);
  const bool nftables = profile.dialect == Dialect::nftables;
  profile.masquerade_all =
      choose(ours.masquerade_all, nftables ? theirs.nftables_masquerade_all : theirs.iptables_masquerade_all, false,
             diagnostics);
  profile.masquerade_bit = choose(
      ours.masquerade_bit, nftables ? theirs.nftables_masquerade_bit : theirs.iptables_masquerade_bit, 14, diagnostics);
  profile.localhost_node_ports = choose(ours.localhost_node_ports, theirs.localhost_node_ports, true, diagnostics);
  profile.conntrack_tcp_be_liberal =
      choose(ours.conntrack_tcp_be_liberal, theirs.conntrack_tcp_be_liberal, false, diagnostics);
  if (ours.kubernetes_minor.given()) profile.kubernetes_minor = *ours.kubernetes_minor;
  profile.forward_policy = ours.forward_policy.value_or(ForwardPolicy::accept);
  profile.emit_host_ports = ours.emit_host_ports.value_or(true);
  profile.node_ports = ours.node_ports.value_or(PortRange{});
}

void take_node_port_addresses(const Documents& documents, Profile& profile, base::Diagnostics& diagnostics) {
  const auto& [ours, theirs, cidrs] = documents;
  const bool differ =
      ours.node_port_primary != theirs.node_port_primary || ours.node_port_cidrs.items != theirs.node_port_cidrs.items;
  if (ours.node_port_cidrs.given && theirs.node_port_cidrs.given && differ) {
    note_override(ours.node_port_cidrs.place, theirs.node_port_cidrs.place, diagnostics);
  }
  const bool use_ours = ours.node_port_cidrs.given;
  profile.node_port_addresses.primary = use_ours ? ours.node_port_primary : theirs.node_port_primary;
  profile.node_port_addresses.cidrs = use_ours ? ours.node_port_cidrs.items : theirs.node_port_cidrs.items;
  // An empty list is kube-proxy's 'unset', too.
  profile.node_port_addresses.set = profile.node_port_addresses.primary || !profile.node_port_addresses.cidrs.empty();
}

void take_service_cidrs(const Documents& documents, Profile& profile, base::Diagnostics& diagnostics) {
  const ListSetting<net::Prefix>& ours = documents.profile.service_cidrs;
  const ListSetting<net::Prefix>& objects = documents.service_cidr_objects;
  if (ours.given && objects.given && ours.items != objects.items) note_override(ours.place, objects.place, diagnostics);
  if (ours.given || objects.given) {
    profile.service_cidrs = ours.given ? ours.items : objects.items;
    profile.service_cidrs_given = true;
    profile.service_cidrs_known = !profile.service_cidrs.empty();
  } else if (documents.kube_proxy.present) {
    profile.service_cidrs_known = false;  // kube-proxy learns them from ServiceCIDR objects alone
  } else {
    profile.service_cidrs = {default_service_cidr};
  }
}

// How the profile says it: by the mode, or, without one, by what it gives.
LocalDetector profile_detector(const ProfileSettings& ours, const std::vector<net::Prefix>& pod_cidrs,
                               base::Diagnostics& diagnostics) {
  LocalDetector detector;
  if (ours.detect_mode.given()) {
    detector.mode = *ours.detect_mode;
  } else if (ours.detect_interface.given()) {
    detector.mode = DetectMode::bridge_interface;
  } else if (ours.detect_prefix.given()) {
    detector.mode = DetectMode::interface_name_prefix;
  }
  detector.cidrs = ours.detect_cidrs.items;
  if (detector.mode == DetectMode::cluster_cidr && !ours.detect_cidrs.given) detector.cidrs = pod_cidrs;
  const bool bridge = detector.mode == DetectMode::bridge_interface;
  if (!bridge && detector.mode != DetectMode::interface_name_prefix) return detector;
  detector.interface = bridge ? ours.detect_interface.value_or({}) : ours.detect_prefix.value_or({});
  if (detector.interface.empty()) {
    report_invalid(diagnostics, ours.detect_mode.place(),
                   fmt::format("the mode needs an interface {}", bridge ? "name" : "prefix"),
                   fmt::format("give spec.detectLocal.{}", bridge ? "interface" : "prefix"));
    detector.mode = DetectMode::none;
  }
  return detector;
}

// kube-proxy: detectLocalMode, empty meaning ClusterCIDR; a mode whose parameter is missing detects nothing
// (cmd/kube-proxy getLocalDetectors).
LocalDetector kube_proxy_detector(const KubeProxySettings& theirs) {
  LocalDetector detector;
  detector.mode = theirs.detect_mode.value_or(DetectMode::cluster_cidr);
  switch (detector.mode) {
    case DetectMode::cluster_cidr:
      detector.cidrs = theirs.cluster_cidrs.items;
      if (detector.cidrs.empty()) detector.mode = DetectMode::none;
      break;
    case DetectMode::bridge_interface:
      detector.interface = theirs.bridge_interface.value_or({});
      break;
    case DetectMode::interface_name_prefix:
      detector.interface = theirs.interface_name_prefix.value_or({});
      break;
    case DetectMode::node_cidr:
    case DetectMode::none:
      break;
  }
  const bool by_interface =
      detector.mode == DetectMode::bridge_interface || detector.mode == DetectMode::interface_name_prefix;
  if (by_interface && detector.interface.empty()) detector.mode = DetectMode::none;
  return detector;
}

// Where pods live: as the profile says; else the range by which a document already tells pods apart; else the default.
std::vector<net::Prefix> pod_cidrs(const Documents& documents) {
  const auto& [ours, theirs, cidrs] = documents;
  if (ours.pod_cidrs.given) return ours.pod_cidrs.items;
  const DetectMode mode = ours.detect_mode.value_or(DetectMode::cluster_cidr);
  if (mode == DetectMode::cluster_cidr && !ours.detect_cidrs.items.empty()) return ours.detect_cidrs.items;
  if (!theirs.cluster_cidrs.items.empty()) return theirs.cluster_cidrs.items;
  return {default_pod_cidr};
}

void take_detector(const Documents& documents, Profile& profile, base::Diagnostics& diagnostics) {
  const auto& [ours, theirs, cidrs] = documents;
  const bool given = ours.detect_mode.given() || ours.detect_cidrs.given || ours.detect_interface.given() ||
                     ours.detect_prefix.given();
  if (!given && theirs.present) {
    profile.detector = kube_proxy_detector(theirs);
    profile.detect_cidrs_given = true;
    return;
  }
  profile.detector = profile_detector(ours, profile.pod_cidrs, diagnostics);
  profile.detect_cidrs_given = ours.detect_cidrs.given;
  if (ours.detect_mode.given() && theirs.detect_mode.given() && *ours.detect_mode != *theirs.detect_mode) {
    note_override(ours.detect_mode.place(), theirs.detect_mode.place(), diagnostics);
  }
  if (ours.detect_cidrs.given && theirs.cluster_cidrs.given && ours.detect_cidrs.items != theirs.cluster_cidrs.items) {
    note_override(ours.detect_cidrs.place, theirs.cluster_cidrs.place, diagnostics);
  }
}

}  // namespace

std::string_view to_string(Dialect dialect) {
  return dialect == Dialect::nftables ? "nftables" : "iptables";
}

Profile merge_profile(const manifest::Input& input, base::Diagnostics& diagnostics) {
  Documents documents = read_documents(input, diagnostics);
  Profile profile;
  take_scalars(documents, profile, diagnostics);
  take_node_port_addresses(documents, profile, diagnostics);
  take_service_cidrs(documents, profile, diagnostics);
  profile.pod_cidrs = pod_cidrs(documents);
  profile.pod_cidrs_given = documents.profile.pod_cidrs.given;
  take_detector(documents, profile, diagnostics);
  profile.load_balancers = std::move(documents.profile.load_balancers);
  profile.reserved_ports =
      documents.profile.reserved_ports_given ? std::move(documents.profile.reserved_ports) : default_reserved_ports();
  profile.zones = std::move(documents.profile.zones);
  profile.ingress_controllers = std::move(documents.profile.ingress_controllers);
  profile.ingress_controllers_given = documents.profile.ingress_controllers_given;
  profile.nodes_given = std::ranges::any_of(input.objects, [](const manifest::Object& object) {
    const auto* document = std::get_if<manifest::ClusterProfile>(&object.body);
    return std::holds_alternative<manifest::Node>(object.body) ||
           (document != nullptr && document->nodes && !document->nodes->empty());
  });
  return profile;
}

void widen_pod_cidrs(Profile& profile, const std::vector<net::Family>& families) {
  if (profile.pod_cidrs_given) return;
  for (const net::Family family : families) {
    if (std::ranges::any_of(profile.pod_cidrs, [&](const net::Prefix& p) { return p.family() == family; })) continue;
    const net::Prefix& range = family == net::Family::ipv4 ? default_pod_cidr : default_pod_cidr_v6;
    const bool follows = profile.detector.mode == DetectMode::cluster_cidr && !profile.detect_cidrs_given;
    profile.pod_cidrs.push_back(range);
    if (follows) profile.detector.cidrs = profile.pod_cidrs;
  }
}

}  // namespace portcullis::cluster

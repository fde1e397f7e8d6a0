#include "compiler/cluster/profile_documents.hpp"

#include <fmt/format.h>

namespace portcullis::cluster {

namespace {

constexpr Word<Dialect> dialects[] = {{"nftables", Dialect::nftables}, {"iptables", Dialect::iptables}};
constexpr Word<ForwardPolicy> forward_policies[] = {{"ACCEPT", ForwardPolicy::accept}, {"DROP", ForwardPolicy::drop}};
constexpr Word<bool> host_port_words[] = {{"emit", true}, {"cni", false}};
constexpr Word<bool> ip_modes[] = {{"VIP", true}, {"Proxy", false}};
constexpr Word<bool> ways[] = {{"nodePort", true}, {"vip", false}};
constexpr Word<DetectMode> detect_modes[] = {{"ClusterCIDR", DetectMode::cluster_cidr},
                                             {"NodeCIDR", DetectMode::node_cidr},
                                             {"BridgeInterface", DetectMode::bridge_interface},
                                             {"InterfaceNamePrefix", DetectMode::interface_name_prefix},
                                             {"none", DetectMode::none}};
constexpr Word<std::string_view> flavours[] = {{"api", "api"},         {"nginx", "nginx"},
                                               {"haproxy", "haproxy"}, {"haproxy-ingress", "haproxy-ingress"},
                                               {"traefik", "traefik"}, {"gce", "gce"}};

// Places inside one document: `at("spec.dialect", field)`.
class Document {
 public:
  Document(base::ObjectRef object, SourceSpan span) : object_(std::move(object)), span_(span) {}

  [[nodiscard]] SettingPlace at(std::string field, SourceSpan span) const {
    return {object_, std::move(field), span.known() ? span : span_};
  }
  template <class T>
  [[nodiscard]] SettingPlace at(std::string field, const manifest::Field<T>& value) const {
    return at(std::move(field), value ? value->span : SourceSpan{});
  }

 private:
  base::ObjectRef object_;
  SourceSpan span_;
};

template <class T>
std::optional<T> given(const manifest::Field<T>& field) {
  return field ? std::optional<T>(field->value) : std::nullopt;
}

void read_prefixes(const std::vector<manifest::Text>& items, const Document& document, const std::string& field,
                   ListSetting<net::Prefix>& list, base::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto place = document.at(fmt::format("{}[{}]", field, i), items[i].span);
    if (const auto prefix = read_prefix(items[i], place, diagnostics)) list.add(*prefix);
  }
}

void read_prefixes(const std::optional<manifest::TextList>& text, const Document& document, const std::string& field,
                   ListSetting<net::Prefix>& list, base::Diagnostics& diagnostics) {
  if (!text) return;
  list.open(document.at(field, text->place));
  read_prefixes(text->items, document, field, list, diagnostics);
}

// CIDRs, or the one word `primary`.
void read_node_port_addresses(const std::vector<manifest::Text>& items, SourceSpan span, const Document& document,
                              const std::string& field, ListSetting<net::Prefix>& list, bool& primary,
                              base::Diagnostics& diagnostics) {
  list.open(document.at(field, span));
  std::vector<manifest::Text> cidrs;
  for (const manifest::Text& item : items) {
    if (item.value == "primary") {
      primary = true;
    } else {
      cidrs.push_back(item);
    }
  }
  read_prefixes(cidrs, document, field, list, diagnostics);
  if (primary && !list.items.empty()) {
    report_invalid(diagnostics, document.at(field, span), "`primary` stands beside CIDRs",
                   "`primary` stands alone; it is used, the CIDRs are not");
    list.items.clear();
  }
}

std::optional<int> read_bit(const manifest::Field<std::int64_t>& field, const SettingPlace& place,
                            base::Diagnostics& diagnostics) {
  if (!field) return {};
  if (field->value >= 0 && field->value <= 31) return static_cast<int>(field->value);
  report_invalid(diagnostics, place, fmt::format("`{}` is no bit of a packet mark", field->value), "bits are 0 to 31");
  return {};
}

LoadBalancerPool read_balancer(const manifest::ProfileLoadBalancer& given_balancer, const Document& document,
                               const std::string& field, base::Diagnostics& diagnostics) {
  LoadBalancerPool balancer;
  balancer.span = given_balancer.place;
  if (given_balancer.name) balancer.name = given_balancer.name->value;
  if (given_balancer.load_balancer_class) balancer.load_balancer_class = given_balancer.load_balancer_class->value;
  if (given_balancer.pool) {
    balancer.pool = read_pool(*given_balancer.pool, document.at(field + ".pool", given_balancer.pool), diagnostics);
  }
  if (const auto vip = read_word(given_balancer.ip_mode, ip_modes,
                                 document.at(field + ".ipMode", given_balancer.ip_mode), diagnostics)) {
    balancer.vip = *vip;
  }
  if (const auto way =
          read_word(given_balancer.via, ways, document.at(field + ".via", given_balancer.via), diagnostics)) {
    balancer.via_node_port = *way;
  }
  return balancer;
}

std::optional<ReservedPort> read_reserved(const manifest::ProfileReservedPort& entry, const Document& document,
                                          const std::string& field, base::Diagnostics& diagnostics) {
  ReservedPort reserved;
  reserved.span = entry.place;
  if (!entry.port) {
    report_invalid(diagnostics, document.at(field + ".port", entry.place), "a reserved port without a number", {});
    return {};
  }
  const auto first = read_port(*entry.port, document.at(field + ".port", entry.port), diagnostics);
  if (!first) return {};
  reserved.first = reserved.last = *first;
  if (entry.end_port) {
    const SettingPlace place = document.at(field + ".endPort", entry.end_port);
    const auto last = read_port(*entry.end_port, place, diagnostics);
    if (last && *last < *first)
      report_invalid(diagnostics, place, fmt::format("`{}` is before `{}`", *last, *first), {});
    if (last && *last >= *first) reserved.last = *last;
  }
  if (entry.protocol)
    reserved.protocol = read_protocol(*entry.protocol, document.at(field + ".protocol", entry.protocol), diagnostics);
  reserved.what = entry.what ? entry.what->value : "reserved";
  return reserved;
}

void read_detector(const manifest::ClusterProfile& document, const Document& place, ProfileSettings& settings,
                   base::Diagnostics& diagnostics) {
  const auto mode_place = place.at("spec.detectLocal.mode", document.detect_local_mode);
  settings.detect_mode.give(read_word(document.detect_local_mode, detect_modes, mode_place, diagnostics), mode_place,
                            diagnostics);
  settings.detect_interface.give(given(document.detect_local_interface),
                                 place.at("spec.detectLocal.interface", document.detect_local_interface), diagnostics);
  settings.detect_prefix.give(given(document.detect_local_prefix),
                              place.at("spec.detectLocal.prefix", document.detect_local_prefix), diagnostics);
  read_prefixes(document.detect_local_cidrs, place, "spec.detectLocal.cidrs", settings.detect_cidrs, diagnostics);
}

IngressController read_controller(const manifest::ProfileIngressController& entry, const Document& document,
                                  const std::string& field, base::Diagnostics& diagnostics) {
  IngressController controller;
  controller.span = entry.place;
  if (entry.ingress_class) controller.ingress_class = entry.ingress_class->value;
  const auto flavour = document.at(field + ".flavour", entry.flavour);
  controller.flavour = read_word(entry.flavour, flavours, flavour, diagnostics).value_or(std::string_view{});
  if (entry.entry) controller.entry = entry.entry->value;
  for (const manifest::KeyValue& option : entry.options.entries)
    controller.options.insert_or_assign(option.key.value, option.value.value);
  return controller;
}

void read_controllers(const manifest::ClusterProfile& document, const Document& place, ProfileSettings& settings,
                      base::Diagnostics& diagnostics) {
  if (!document.ingress_controllers) return;
  settings.ingress_controllers_given = true;
  const auto& list = *document.ingress_controllers;
  for (std::size_t i = 0; i < list.size(); ++i) {
    settings.ingress_controllers.push_back(
        read_controller(list[i], place, fmt::format("spec.ingressControllers[{}]", i), diagnostics));
  }
}

void read_scalars(const manifest::ClusterProfile& document, const Document& place, ProfileSettings& settings,
                  base::Diagnostics& diagnostics) {
  const auto dialect = place.at("spec.dialect", document.dialect);
  settings.dialect.give(read_word(document.dialect, dialects, dialect, diagnostics), dialect, diagnostics);
  if (document.kubernetes_version) {
    const auto version = place.at("spec.kubernetesVersion", document.kubernetes_version);
    settings.kubernetes_minor.give(read_version(*document.kubernetes_version, version, diagnostics), version,
                                   diagnostics);
  }
  const auto forward = place.at("spec.forwardPolicy", document.forward_policy);
  settings.forward_policy.give(read_word(document.forward_policy, forward_policies, forward, diagnostics), forward,
                               diagnostics);
  const auto host_ports = place.at("spec.hostPorts", document.host_ports);
  settings.emit_host_ports.give(read_word(document.host_ports, host_port_words, host_ports, diagnostics), host_ports,
                                diagnostics);
  settings.masquerade_all.give(given(document.masquerade_all), place.at("spec.masqueradeAll", document.masquerade_all),
                               diagnostics);
  settings.localhost_node_ports.give(given(document.localhost_node_ports),
                                     place.at("spec.localhostNodePorts", document.localhost_node_ports), diagnostics);
  settings.conntrack_tcp_be_liberal.give(given(document.conntrack_tcp_be_liberal),
                                         place.at("spec.conntrackTCPBeLiberal", document.conntrack_tcp_be_liberal),
                                         diagnostics);
  const auto bit = place.at("spec.masqueradeBit", document.masquerade_bit);
  settings.masquerade_bit.give(read_bit(document.masquerade_bit, bit, diagnostics), bit, diagnostics);
  if (document.node_port_range) {
    const auto range = place.at("spec.nodePortRange", document.node_port_range);
    settings.node_ports.give(read_port_range(*document.node_port_range, range, diagnostics), range, diagnostics);
  }
}

void read_lists(const manifest::ClusterProfile& document, const Document& place, ProfileSettings& settings,
                base::Diagnostics& diagnostics) {
  read_prefixes(document.service_cidrs, place, "spec.serviceCIDRs", settings.service_cidrs, diagnostics);
  read_prefixes(document.pod_cidrs, place, "spec.podCIDRs", settings.pod_cidrs, diagnostics);
  if (const auto& list = document.node_port_addresses) {
    read_node_port_addresses(list->items, list->place, place, "spec.nodePortAddresses", settings.node_port_cidrs,
                             settings.node_port_primary, diagnostics);
  }
  if (const auto& list = document.load_balancers) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      settings.load_balancers.push_back(
          read_balancer((*list)[i], place, fmt::format("spec.loadBalancers[{}]", i), diagnostics));
    }
  }
  if (const auto& list = document.reserved_ports) {
    settings.reserved_ports_given = true;
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto reserved = read_reserved((*list)[i], place, fmt::format("spec.reservedPorts[{}]", i), diagnostics);
      if (reserved) settings.reserved_ports.push_back(std::move(*reserved));
    }
  }
  if (!document.zones) return;
  for (const manifest::ProfileZone& zone : *document.zones) {
    ListSetting<net::Prefix> cidrs;
    read_prefixes(zone.cidrs, place, "spec.zones." + zone.name.value, cidrs, diagnostics);
    auto& known = settings.zones[zone.name.value];
    known.insert(known.end(), cidrs.items.begin(), cidrs.items.end());
  }
}

std::optional<Dialect> read_mode(const manifest::Field<std::string>& mode, const SettingPlace& place,
                                 base::Diagnostics& diagnostics) {
  // kube-proxy takes an empty mode for iptables (ProxyModeIPTables is the platform default on Linux).
  if (mode && mode->value.empty()) return {};
  return read_word(mode, dialects, place, diagnostics);
}

}  // namespace

void read_profile(const manifest::ClusterProfile& document, ProfileSettings& settings, base::Diagnostics& diagnostics) {
  base::ObjectRef object{"ClusterProfile", {}, document.metadata.name ? document.metadata.name->value : std::string{}};
  const Document place(std::move(object), document.place);
  read_scalars(document, place, settings, diagnostics);
  read_lists(document, place, settings, diagnostics);
  read_controllers(document, place, settings, diagnostics);
  read_detector(document, place, settings, diagnostics);
}

void read_kube_proxy(const manifest::KubeProxyConfiguration& document, KubeProxySettings& settings,
                     base::Diagnostics& diagnostics) {
  settings.present = true;
  const Document place({"KubeProxyConfiguration", {}, {}}, document.place);
  const auto mode = place.at("mode", document.mode);
  settings.dialect.give(read_mode(document.mode, mode, diagnostics), mode, diagnostics);
  settings.iptables_masquerade_all.give(given(document.iptables_masquerade_all),
                                        place.at("iptables.masqueradeAll", document.iptables_masquerade_all),
                                        diagnostics);
  settings.nftables_masquerade_all.give(given(document.nftables_masquerade_all),
                                        place.at("nftables.masqueradeAll", document.nftables_masquerade_all),
                                        diagnostics);
  const auto iptables_bit = place.at("iptables.masqueradeBit", document.iptables_masquerade_bit);
  settings.iptables_masquerade_bit.give(read_bit(document.iptables_masquerade_bit, iptables_bit, diagnostics),
                                        iptables_bit, diagnostics);
  const auto nftables_bit = place.at("nftables.masqueradeBit", document.nftables_masquerade_bit);
  settings.nftables_masquerade_bit.give(read_bit(document.nftables_masquerade_bit, nftables_bit, diagnostics),
                                        nftables_bit, diagnostics);
  settings.localhost_node_ports.give(given(document.localhost_node_ports),
                                     place.at("iptables.localhostNodePorts", document.localhost_node_ports),
                                     diagnostics);
  settings.conntrack_tcp_be_liberal.give(given(document.tcp_be_liberal),
                                         place.at("conntrack.tcpBeLiberal", document.tcp_be_liberal), diagnostics);

  const auto detect = place.at("detectLocalMode", document.detect_local_mode);
  if (document.detect_local_mode && !document.detect_local_mode->value.empty()) {
    settings.detect_mode.give(read_word(document.detect_local_mode, detect_modes, detect, diagnostics), detect,
                              diagnostics);
  }
  const auto bridge = place.at("detectLocal.bridgeInterface", document.bridge_interface);
  settings.bridge_interface.give(given(document.bridge_interface), bridge, diagnostics);
  const auto prefix = place.at("detectLocal.interfaceNamePrefix", document.interface_name_prefix);
  settings.interface_name_prefix.give(given(document.interface_name_prefix), prefix, diagnostics);
  if (document.cluster_cidr && !document.cluster_cidr->value.empty()) {
    settings.cluster_cidrs.open(place.at("clusterCIDR", document.cluster_cidr));
    for (const net::Prefix& cidr : read_pool(*document.cluster_cidr, settings.cluster_cidrs.place, diagnostics))
      settings.cluster_cidrs.add(cidr);
  }
  if (!document.node_port_addresses.empty()) {
    read_node_port_addresses(document.node_port_addresses, document.node_port_addresses_place, place,
                             "nodePortAddresses", settings.node_port_cidrs, settings.node_port_primary, diagnostics);
  }
}

}  // namespace portcullis::cluster

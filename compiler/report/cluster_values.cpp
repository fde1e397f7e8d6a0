#include "compiler/report/cluster_values.hpp"

#include <string>

#include <fmt/format.h>

namespace portcullis::report {

namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json port_or_null(std::uint16_t port) {
  return port == 0 ? Json(nullptr) : Json(port);
}

template <class Located>
Json addresses(const std::vector<Located>& all) {
  Json out = Json::array();
  for (const Located& one : all) out.push_back(one.address.text());
  return out;
}

Json texts(const std::vector<std::string>& all) {
  Json out = Json::array();
  for (const std::string& one : all) out.push_back(one);
  return out;
}

// Keys are pushed in this order onto an empty object; looking each one up first would cost more than everything else
// here.
Json endpoint_value(const cluster::Endpoint& e) {
  Json out = Json::object();
  auto& fields = out.get_ref<Json::object_t&>();
  fields.reserve(11);
  fields.emplace_back("address", net::endpoint_text(e.address, e.port));
  fields.emplace_back("ready", e.ready);
  fields.emplace_back("serving", e.serving);
  fields.emplace_back("terminating", e.terminating);
  fields.emplace_back("node", text_or_null(e.node));
  fields.emplace_back("zone", text_or_null(e.zone));
  fields.emplace_back("forZones", texts(e.for_zones));
  fields.emplace_back("forNodes", texts(e.for_nodes));
  fields.emplace_back("pod", text_or_null(e.pod));
  fields.emplace_back("planned", e.planned);
  // Contradicting entries for the same address and port (PC2100).
  if (!e.alternatives.empty()) {
    Json nodes = Json::array();
    for (const cluster::Endpoint& other : e.alternatives) nodes.push_back(text_or_null(other.node));
    fields.emplace_back("alternativeNodes", std::move(nodes));
  }
  return out;
}

Json target_port(const manifest::IntOrString& port) {
  return port.is_number ? Json(port.number) : Json(port.text);
}

Json port_value(const cluster::ServicePort& port) {
  Json endpoints = Json::array();
  for (const cluster::Endpoint& e : port.endpoints) endpoints.push_back(endpoint_value(e));
  Json out{{"name", port.name},
           {"protocol", net::to_string(port.protocol)},
           {"port", port.port},
           {"nodePort", port_or_null(port.node_port)},
           {"targetPort", target_port(port.target_port)}};
  out["endpoints"] = std::move(endpoints);
  return out;
}

// Paths, in this value, of what planning filled in.
Json planned_paths(const cluster::Service& s) {
  Json out = Json::array();
  for (std::size_t i = 0; i < s.cluster_ips.size(); ++i) {
    if (s.cluster_ips[i].planned) out.push_back(fmt::format("clusterIPs[{}]", i));
  }
  for (std::size_t i = 0; i < s.load_balancer_ips.size(); ++i) {
    if (s.load_balancer_ips[i].planned) out.push_back(fmt::format("loadBalancerIPs[{}]", i));
  }
  for (std::size_t i = 0; i < s.ports.size(); ++i) {
    if (s.ports[i].node_port_planned) out.push_back(fmt::format("ports[{}].nodePort", i));
  }
  if (s.health_check_node_port_planned) out.push_back("health.port");
  return out;
}

Json health_value(const cluster::Cluster& cluster, const cluster::Service& service) {
  const std::optional<cluster::Health> health = cluster::health(cluster, service);
  if (!health) return nullptr;
  Json nodes = Json::object();
  for (const auto& [node, answer] : health->nodes) {
    nodes[node] = {{"status", answer.status}, {"localEndpoints", answer.local_endpoints}};
  }
  Json out{{"port", health->port}};
  out["nodes"] = std::move(nodes);
  return out;
}

}  // namespace

Json node_value(const cluster::Node& node) {
  Json cidrs = Json::array();
  for (const net::Prefix& prefix : node.pod_cidrs) cidrs.push_back(prefix.text());
  Json all = Json::array();
  for (const net::Address& address : node.addresses) all.push_back(address.text());
  Json out{{"name", node.name}, {"zone", text_or_null(node.zone)}};
  out["addresses"] = std::move(all);
  out["podCIDRs"] = std::move(cidrs);
  out["planned"] = node.planned;
  return out;
}

Json service_value(const cluster::Cluster& cluster, const cluster::Service& service) {
  Json ports = Json::array();
  for (const cluster::ServicePort& port : service.ports) ports.push_back(port_value(port));
  Json out{{"namespace", service.ns}, {"name", service.name}, {"type", cluster::to_string(service.type)}};
  out["clusterIPs"] = addresses(service.cluster_ips);
  out["externalIPs"] = addresses(service.external_ips);
  out["loadBalancerIPs"] = addresses(service.load_balancer_ips);
  out["headless"] = service.headless;
  if (!service.external_name.empty()) out["externalName"] = service.external_name;
  out["ports"] = std::move(ports);
  out["health"] = health_value(cluster, service);
  out["planned"] = planned_paths(service);
  return out;
}

Json claim_value(const cluster::Claim& claim) {
  Json owners = Json::array();
  for (const cluster::ClaimOwner& owner : claim.owners) owners.push_back(owner.name);
  Json out{{"kind", cluster::to_string(claim.kind)}, {"key", claim.key}};
  out["owners"] = std::move(owners);
  out["conflict"] = claim.conflict;
  return out;
}

Json conntrack_value(const cluster::ConntrackRule& rule) {
  Json keep = Json::array();
  for (const auto& [address, port] : rule.keep) keep.push_back(net::endpoint_text(address, port));
  Json out{{"proto", "UDP"}, {"dst", rule.dst ? Json(rule.dst->text()) : Json(nullptr)}, {"dport", rule.dport}};
  out["keep"] = std::move(keep);
  out["owner"] = rule.owner;
  return out;
}

}  // namespace portcullis::report

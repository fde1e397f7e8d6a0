#include "compiler/cluster/nodes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/cluster/node_plan.hpp"
#include "compiler/cluster/profile_values.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view zone_label = "topology.kubernetes.io/zone";

void add_once(std::vector<net::Address>& addresses, const net::Address& address) {
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

std::optional<net::Address>& primary(Node& node, net::Family family) {
  return family == net::Family::ipv4 ? node.primary_v4 : node.primary_v6;
}

void set_zone(Node& node) {
  const auto label = node.labels.find(std::string(zone_label));
  if (label != node.labels.end()) node.zone = label->second;
}

// The primary address is the first InternalIP of its family, else the first ExternalIP (reference 1.4); both are taken
// to be on an interface.
void take_addresses(const manifest::Node& object, Node& node) {
  for (const std::string_view type : {"InternalIP", "ExternalIP"}) {
    for (const manifest::NodeAddress& entry : object.addresses) {
      if (!entry.type || entry.type->value != type || !entry.address) continue;
      const auto address = net::Address::parse_sloppy(entry.address->value);
      if (!address) continue;
      add_once(node.addresses, *address);
      auto& first = primary(node, address->family());
      if (!first) first = address;
    }
  }
}

std::string text_of(const manifest::Field<std::string>& field) {
  return field ? field->value : std::string{};
}

Node from_object(const Given<manifest::Node>& given) {
  const manifest::Node& object = *given.body;
  Node node;
  node.name = given.name;
  node.span = object.metadata.name ? object.metadata.name->span : object.place;
  for (const manifest::KeyValue& label : object.metadata.labels.entries)
    node.labels[label.key.value] = label.value.value;
  set_zone(node);
  take_addresses(object, node);
  for (const manifest::Text& text : object.pod_cidrs) {
    if (const auto cidr = net::Prefix::parse_sloppy(text.value)) node.pod_cidrs.push_back(*cidr);
  }
  if (node.pod_cidrs.empty() && object.pod_cidr) {
    if (const auto cidr = net::Prefix::parse_sloppy(object.pod_cidr->value)) node.pod_cidrs.push_back(*cidr);
  }
  for (const manifest::Taint& taint : object.taints) {
    node.taints.push_back({text_of(taint.key), text_of(taint.value), text_of(taint.effect)});
  }
  if (object.unschedulable && object.unschedulable->value)
    node.taints.push_back({"node.kubernetes.io/unschedulable", {}, "NoSchedule"});
  return node;
}

// One entry of spec.nodes, read into fields that are empty where it says nothing.
class ProfileNodeReader {
 public:
  ProfileNodeReader(base::ObjectRef object, std::string field, base::Diagnostics& diagnostics)
      : object_(std::move(object)), field_(std::move(field)), diagnostics_(diagnostics) {}

  [[nodiscard]] Node read(const manifest::ProfileNode& entry) const {
    Node node;
    node.span = entry.name ? entry.name->span : entry.place;
    if (entry.name) node.name = entry.name->value;
    if (node.name.empty()) report_invalid(diagnostics_, at("name", entry.place), "a node without a name", {});
    for (const manifest::KeyValue& label : entry.labels.entries) node.labels[label.key.value] = label.value.value;
    set_zone(node);
    if (entry.zone) node.zone = entry.zone->value;
    node.addresses = addresses(entry.addresses, "addresses");
    for (const net::Address& address : addresses(entry.primary, "primary")) {
      auto& first = primary(node, address.family());
      if (!first) first = address;
      add_once(node.addresses, address);
    }
    for (const net::Address& address : node.addresses) {
      auto& first = primary(node, address.family());
      if (!first) first = address;
    }
    for (std::size_t i = 0; i < entry.pod_cidrs.size(); ++i) {
      const auto place = at(fmt::format("podCIDRs[{}]", i), entry.pod_cidrs[i].span);
      if (const auto cidr = read_prefix(entry.pod_cidrs[i], place, diagnostics_)) node.pod_cidrs.push_back(*cidr);
    }
    for (std::size_t i = 0; i < entry.host_ports.size(); ++i) {
      if (auto host_port = read(entry.host_ports[i], fmt::format("hostPorts[{}]", i)))
        node.host_ports.push_back(std::move(*host_port));
    }
    return node;
  }

 private:
  [[nodiscard]] SettingPlace at(const std::string& field, SourceSpan span) const {
    return {object_, field_ + "." + field, span};
  }

  [[nodiscard]] std::vector<net::Address> addresses(const std::vector<manifest::Text>& items,
                                                    const std::string& field) const {
    std::vector<net::Address> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto place = at(fmt::format("{}[{}]", field, i), items[i].span);
      if (const auto address = read_address(items[i], place, diagnostics_)) add_once(out, *address);
    }
    return out;
  }

  [[nodiscard]] std::optional<HostPort> read(const manifest::ProfileHostPort& entry, const std::string& field) const {
    HostPort out;
    out.span = entry.place;
    if (!entry.pod_ip || !entry.container_port || !entry.host_port) {
      report_invalid(diagnostics_, at(field, entry.place), "a host port needs podIP, containerPort and hostPort", {});
      return {};
    }
    const auto pod_ip = read_address(*entry.pod_ip, at(field + ".podIP", entry.pod_ip->span), diagnostics_);
    const auto container_port =
        read_port(*entry.container_port, at(field + ".containerPort", entry.container_port->span), diagnostics_);
    const auto host_port = read_port(*entry.host_port, at(field + ".hostPort", entry.host_port->span), diagnostics_);
    if (!pod_ip || !container_port || !host_port) return {};
    out.pod_ip = *pod_ip;
    out.container_port = *container_port;
    out.host_port = *host_port;
    if (entry.pod_net)
      out.pod_net = read_prefix(*entry.pod_net, at(field + ".podNet", entry.pod_net->span), diagnostics_);
    if (entry.protocol) {
      const auto protocol = read_protocol(*entry.protocol, at(field + ".protocol", entry.protocol->span), diagnostics_);
      if (!protocol) return {};
      out.protocol = *protocol;
    }
    if (entry.host_ip && !entry.host_ip->value.empty()) {
      const auto place = at(field + ".hostIP", entry.host_ip->span);
      out.host_ip = read_address(*entry.host_ip, place, diagnostics_);
      if (!out.host_ip) return {};
      if (out.host_ip->family() != out.pod_ip.family()) {
        report_invalid(diagnostics_, place, "the host address and the pod's are of different families",
                       "portmap maps inside one family");
        return {};
      }
    }
    out.owner = "profile " + net::endpoint_text(out.pod_ip, out.container_port);
    return out;
  }

  base::ObjectRef object_;
  std::string field_;
  base::Diagnostics& diagnostics_;
};

void merge_into(Node& node, Node&& over) {
  if (!over.zone.empty()) node.zone = std::move(over.zone);
  if (!over.addresses.empty()) {
    node.addresses = std::move(over.addresses);
    node.primary_v4 = over.primary_v4;
    node.primary_v6 = over.primary_v6;
  }
  if (!over.pod_cidrs.empty()) node.pod_cidrs = std::move(over.pod_cidrs);
  for (auto& [key, value] : over.labels) node.labels[key] = std::move(value);
  std::ranges::move(over.host_ports, std::back_inserter(node.host_ports));
}

// What every kubelet says of a Linux node, for nodes of which only a profile speaks.
void add_kubelet_labels(Node& node) {
  node.labels.try_emplace("kubernetes.io/hostname", node.name);
  node.labels.try_emplace("kubernetes.io/os", "linux");
  if (!node.zone.empty()) node.labels.try_emplace(std::string(zone_label), node.zone);
}

std::vector<Node> three_nodes() {
  std::vector<Node> nodes;
  for (const char* name : {"node-a", "node-b", "node-c"}) {
    Node node;
    node.name = name;
    node.planned = true;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace

std::vector<Node> resolve_nodes(const Inventory& inventory, const Profile& profile,
                                const std::vector<net::Family>& families, base::Diagnostics& diagnostics) {
  std::vector<Node> nodes;
  for (const Given<manifest::Node>& given : inventory.nodes) {
    if (!given.name.empty()) nodes.push_back(from_object(given));
  }
  for (const Given<manifest::ClusterProfile>& document : inventory.profiles) {
    if (!document.body->nodes) continue;
    for (std::size_t i = 0; i < document.body->nodes->size(); ++i) {
      const ProfileNodeReader reader({"ClusterProfile", {}, std::string(document.name)},
                                     fmt::format("spec.nodes[{}]", i), diagnostics);
      Node node = reader.read((*document.body->nodes)[i]);
      if (!node.name.empty()) nodes.push_back(std::move(node));
    }
  }
  std::ranges::stable_sort(nodes, {}, &Node::name);  // stable: the object stands before the profile's words about it
  std::vector<Node> merged;
  for (Node& node : nodes) {
    if (!merged.empty() && merged.back().name == node.name) {
      merge_into(merged.back(), std::move(node));
    } else {
      merged.push_back(std::move(node));
    }
  }
  if (merged.empty()) merged = three_nodes();
  for (Node& node : merged) add_kubelet_labels(node);
  plan_nodes(merged, profile, families, diagnostics);
  return merged;
}

}  // namespace portcullis::cluster

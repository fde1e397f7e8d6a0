#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "tests/cases/cases.hpp"
#include "tests/cases/json.hpp"

namespace portcullis::cases {
namespace {

[[noreturn]] void fail(const YAML::Node& node, const std::string& what) {
  throw std::runtime_error(fmt::format("line {}: {}", node.Mark().line + 1, what));
}

// A node that shares nothing with either of both.
YAML::Node merge(const YAML::Node& base, const YAML::Node& over) {
  if (!over.IsDefined() || over.IsNull()) return YAML::Clone(base);
  if (!base.IsDefined() || !base.IsMap() || !over.IsMap()) return YAML::Clone(over);
  YAML::Node merged = YAML::Clone(base);
  for (const auto& item : over) {
    const auto& key = item.first.Scalar();
    const YAML::Node& constant = base;
    merged[key] = merge(constant[key], item.second);
  }
  return merged;
}

std::string text_at(const YAML::Node& map, const char* key) {
  const auto value = map[key];
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : std::string();
}

template <typename T>
T value_at(const YAML::Node& map, const char* key, T absent) {
  const auto value = map[key];
  return value.IsDefined() && !value.IsNull() ? value.as<T>() : absent;
}

net::Address address(const YAML::Node& node) {
  const auto parsed = net::Address::parse(node.Scalar());
  if (!parsed) fail(node, "`" + node.Scalar() + "` is no address");
  return *parsed;
}

net::Protocol protocol_at(const YAML::Node& map, const char* key, net::Protocol absent) {
  const auto value = map[key];
  if (!value.IsDefined()) return absent;
  const auto parsed = net::parse_protocol(value.Scalar());
  if (!parsed) fail(value, "`" + value.Scalar() + "` is no protocol");
  return *parsed;
}

// `10.40.1.5:8080`, `[fd40::1]:8080`.
Target endpoint(const YAML::Node& node, bool masquerade) {
  const auto& text = node.Scalar();
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) fail(node, "`" + text + "` is no endpoint");
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto parsed = net::Address::parse(host);
  if (!parsed) fail(node, "`" + text + "` is no endpoint");
  return {.address = *parsed, .port = YAML::Node(text.substr(colon + 1)).as<std::uint16_t>(), .masquerade = masquerade};
}

ir::Fate::Kind kind(const YAML::Node& node) {
  using enum ir::Fate::Kind;
  static const std::initializer_list<std::pair<std::string_view, ir::Fate::Kind>> kinds{
      {"dnat", dnat}, {"accept", accept}, {"none", none}, {"reject", reject}, {"drop", drop}};
  for (const auto& [word, value] : kinds)
    if (node.Scalar() == word) return value;
  fail(node, "`" + node.Scalar() + "` is no fate");
}

Expectation expectation(const YAML::Node& node) {
  Expectation expect{.kind = kind(node["fate"]), .to = {}};
  const auto to = node["to"];
  if (to.IsDefined() && to.IsMap()) {
    for (const auto& item : to) expect.to.push_back(endpoint(item.first, item.second.as<bool>()));
  } else if (to.IsDefined()) {
    for (const auto& item : to) expect.to.push_back(endpoint(item, value_at(node, "masq", false)));
  }
  std::sort(expect.to.begin(), expect.to.end());
  if ((expect.kind == ir::Fate::Kind::dnat) == expect.to.empty()) fail(node, "`to` goes with `dnat` and only with it");
  return expect;
}

net::Packet packet(const YAML::Node& node, const Environment& environment) {
  net::Packet packet;
  const auto from = net::parse_packet_from(text_at(node, "from"));
  if (!from) fail(node, "`from` is missing or unknown");
  packet.from = *from;
  packet.src = address(node["src"]);
  packet.dst = address(node["dst"]);
  packet.protocol = protocol_at(node, "proto", net::Protocol::tcp);
  packet.sport = value_at<std::uint16_t>(node, "sport", 0);
  packet.dport = value_at<std::uint16_t>(node, "dport", 0);
  packet.iif = text_at(node, "iif");
  if (packet.iif.empty() && packet.from == net::PacketFrom::pod) packet.iif = environment.pod_interface;
  if (const auto state = node["ct_state"]; state.IsDefined()) {
    const auto parsed = net::parse_conntrack_state(state.Scalar());
    if (!parsed) fail(state, "`" + state.Scalar() + "` is no conntrack state");
    packet.ct_state = *parsed;
  }
  return packet;
}

// A misspelt key would be a test that tests less than it says.
void only_keys(const YAML::Node& map, std::initializer_list<std::string_view> known) {
  for (const auto& item : map)
    if (std::find(known.begin(), known.end(), item.first.Scalar()) == known.end())
      fail(item.first, "unknown key `" + item.first.Scalar() + "`");
}

Row row(const YAML::Node& node, const Environment& environment) {
  only_keys(node, {"from", "src", "dst", "proto", "sport", "dport", "iif", "ct_state", "sticky", "expect"});
  Row row;
  row.packet = packet(node, environment);
  row.sticky = value_at(node, "sticky", false);
  row.line = node.Mark().line + 1;
  const auto expect = node["expect"];
  if (expect["fate"].IsDefined()) {
    row.nftables = row.iptables = expectation(expect);
    return row;
  }
  only_keys(expect, {"nftables", "iptables"});
  if (expect["nftables"].IsDefined()) row.nftables = expectation(expect["nftables"]);
  if (expect["iptables"].IsDefined()) row.iptables = expectation(expect["iptables"]);
  return row;
}

Environment environment(const YAML::Node& env) {
  Environment environment;
  const auto node = env["node"];
  environment.node_name = text_at(node, "name");
  for (const auto& item : node["ips"]) environment.addresses.push_back(address(item));
  environment.localhost_node_ports = value_at(env, "localhostNodePorts", true);
  environment.conntrack_tcp_be_liberal = value_at(env, "conntrackTCPBeLiberal", false);
  environment.forward_drop = text_at(env, "forwardPolicy") == "DROP";
  const auto detector = env["detectLocal"];
  const auto mode = detector.IsDefined() ? text_at(detector, "mode") : "";
  if (mode == "BridgeInterface") environment.pod_interface = text_at(detector, "interface");
  if (mode == "InterfaceNamePrefix") environment.pod_interface = text_at(detector, "prefix") + "0";
  return environment;
}

// Merging leaves the default's cidrs beside another mode: a profile holds only what its mode means.
YAML::Node detector(const YAML::Node& merged) {
  YAML::Node result;
  const auto mode = text_at(merged, "mode");
  result["mode"] = mode;
  const auto keep = [&](const char* key) {
    if (merged[key].IsDefined()) result[key] = merged[key];
  };
  if (mode == "ClusterCIDR" || mode == "NodeCIDR") keep("cidrs");
  if (mode == "BridgeInterface") keep("interface");
  if (mode == "InterfaceNamePrefix") keep("prefix");
  return result;
}

std::string profile_spec(const YAML::Node& env) {
  YAML::Node spec;
  spec["reservedPorts"] = YAML::Node(YAML::NodeType::Sequence);
  for (const char* key : {"masqueradeAll", "nodePortAddresses", "localhostNodePorts", "conntrackTCPBeLiberal",
                          "serviceCIDRs", "forwardPolicy"})
    if (env[key].IsDefined()) spec[key] = env[key];
  if (env["detectLocal"].IsDefined()) spec["detectLocal"] = detector(env["detectLocal"]);
  YAML::Node node;
  const auto from = env["node"];
  node["name"] = from["name"];
  node["addresses"] = from["ips"];
  node["primary"] = from["primary"];
  if (from["zone"].IsDefined()) node["zone"] = from["zone"];
  if (env["hostPorts"].IsDefined()) node["hostPorts"] = env["hostPorts"];
  spec["nodes"].push_back(node);
  return to_json(spec);
}

std::string object(const YAML::Node& as_read) {
  YAML::Node object = YAML::Clone(as_read);
  const auto kind = text_at(object, "kind");
  if (!object["apiVersion"].IsDefined()) object["apiVersion"] = kind == "EndpointSlice" ? "discovery.k8s.io/v1" : "v1";
  if (kind != "Node" && !object["metadata"]["namespace"].IsDefined()) object["metadata"]["namespace"] = "default";
  return to_json(object);
}

void read_resolved(const YAML::Node& node, Case& item) {
  if (const auto health = node["health"]; health.IsDefined()) {
    item.health = Health{.port = health["port"].as<std::uint16_t>(), .status = {}, .local_endpoints = {}};
    if (!health["status"].IsNull()) item.health->status = health["status"].as<int>();
    if (health["localEndpoints"].IsDefined()) item.health->local_endpoints = health["localEndpoints"].as<int>();
  }
  for (const auto& conflict : node["conflicts"]) {
    item.conflicts.push_back({.kind = text_at(conflict, "kind"), .key = text_at(conflict, "key"), .owners = {}});
    for (const auto& owner : conflict["owners"]) item.conflicts.back().owners.push_back(owner.Scalar());
  }
  for (const auto& entry : node["conntrack"])
    item.connections.push_back({.protocol = protocol_at(entry, "proto", net::Protocol::udp),
                                .original_destination = address(entry["orig_dst"]),
                                .reply_source = address(entry["reply_src"]),
                                .original_port = entry["orig_dport"].as<std::uint16_t>(),
                                .remove = entry["delete"].as<bool>()});
  for (const auto& entry : node["endpoints"])
    item.endpoints.push_back({.service = text_at(entry, "service"),
                              .port = text_at(entry, "port"),
                              .address = text_at(entry, "address"),
                              .node = text_at(entry, "node"),
                              .zone = text_at(entry, "zone"),
                              .ready = value_at(entry, "ready", false),
                              .serving = value_at(entry, "serving", false),
                              .terminating = value_at(entry, "terminating", false)});
}

Case read_case(const YAML::Node& node, const YAML::Node& default_environment) {
  const auto env = merge(default_environment, node["env"]);
  Case item;
  item.id = text_at(node, "id");
  item.theme = text_at(node, "theme");
  item.title = text_at(node, "title");
  item.line = node.Mark().line + 1;
  item.environment = environment(env);
  item.profile_spec = profile_spec(env);
  for (const auto& as_read : node["objects"]) item.objects.push_back(object(as_read));
  for (const auto& entry : node["packets"]) item.rows.push_back(row(entry, item.environment));
  read_resolved(node, item);
  return item;
}

}  // namespace

CaseFile read(const std::string& path) {
  try {
    const YAML::Node root = YAML::LoadFile(path);
    const auto default_environment = root["environments"][text_at(root, "default_environment")];
    CaseFile file;
    for (const auto& node : root["cases"]) file.cases.push_back(read_case(node, default_environment));
    return file;
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

}  // namespace portcullis::cases

#include "verifier/obligations/difference_zones.hpp"

#include <algorithm>

#include "compiler/net/prefix_algebra.hpp"
#include "verifier/obligations/likely.hpp"

namespace portcullis::obligations {

namespace {

// The node of either version.
const cluster::Node* node_of(const Setting& setting, const std::string& name) {
  const cluster::Node* node = setting.after.node(name);
  return node != nullptr ? node : setting.before.node(name);
}

void add_pods(const cluster::Cluster& cluster, net::PrefixSet& pods) {
  for (const net::Prefix& p : cluster.profile.pod_cidrs) pods.add(p);
  for (const cluster::Node& node : cluster.nodes) {
    for (const net::Prefix& p : node.pod_cidrs) pods.add(p);
  }
  for (const cluster::Pod& pod : cluster.pods) {
    if (pod.host_network) continue;
    for (const net::Address& a : pod.addresses) pods.add(net::Prefix::host(a));
  }
}

void add_nodes(const cluster::Cluster& cluster, net::PrefixSet& nodes) {
  for (const cluster::Node& node : cluster.nodes) {
    for (const net::Address& a : node.addresses) nodes.add(net::Prefix::host(a));
  }
}

}  // namespace

Zones::Zones(const Setting& setting) : setting_(setting), before_(setting.before), after_(setting.after) {
  for (const cluster::Cluster* c : {&setting.before, &setting.after}) {
    add_pods(*c, pods_);
    add_nodes(*c, nodes_);
  }
  pods_ = net::subtract(pods_, nodes_);
  for (const net::Family family : net::all_families) add_sets(family);
}

void Zones::add_sets(net::Family family) {
  std::vector<net::PrefixSet> all{pods_, nodes_};
  all.insert(all.end(), setting_.sources.begin(), setting_.sources.end());
  for (const net::PrefixSet& set : all) {
    specialise::SourceIn in;
    for (const auto& [first, last] : net::runs(net::of_family(set, family))) in.intervals.push_back({first, last});
    auto& kept = sets_[family == net::Family::ipv4 ? 0 : 1];
    if (!in.intervals.empty() && std::ranges::find(kept, in) == kept.end()) kept.push_back(std::move(in));
  }
}

Zone Zones::of(const net::Packet& packet) const {
  if (packet.from == net::PacketFrom::node || nodes_.contains(packet.src)) return Zone::nodes;
  return pods_.contains(packet.src) ? Zone::pods : Zone::internet;
}

std::optional<net::PacketFrom> Zones::start(const net::Address& source, const std::string& node, bool from_node) const {
  const cluster::Node* here = node_of(setting_, node);
  if (here != nullptr && here->is_local(source)) {
    if (from_node) return net::PacketFrom::node;
    return {};
  }
  if (from_node) return {};
  const net::PacketFrom from = after_.origin_of(source, setting_.after.node(node));
  return from == net::PacketFrom::node ? net::PacketFrom::external : from;
}

std::span<const net::Address> Zones::likely(const std::string& node, net::Family family) {
  const auto [at, fresh] = likely_.try_emplace({node, family});
  if (fresh) {
    const cluster::Cluster& cluster = setting_.after.node(node) != nullptr ? setting_.after : setting_.before;
    at->second = likely_sources(cluster, family, cluster.node(node));
  }
  return at->second;
}

std::string Zones::workload(const net::Address& address, bool in_after) const {
  const trace::Atlas& atlas = in_after ? after_ : before_;
  const cluster::Pod* pod = atlas.pod_at(address);
  return pod == nullptr ? address.text() : pod->workload.text();
}

}  // namespace portcullis::obligations

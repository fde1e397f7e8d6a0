#include "verifier/obligations/demanded.hpp"

#include <algorithm>

#include "compiler/net/prefix_algebra.hpp"
#include "verifier/obligations/reach_targets.hpp"

namespace portcullis::obligations {

Demanded::Demanded(const policy::Bound& bound, const cluster::Cluster& cluster) {
  Network network(cluster);
  Targets targets(network);
  for (const policy::Obligation& obligation : bound.obligations) {
    const auto* question = std::get_if<policy::ReachableQuestion>(&obligation.question);
    if (question == nullptr) continue;
    One& one = all_.emplace_back(One{question->from, {}});
    const auto add = [&](const Key& key) { one.keys.emplace(key.destination, key.protocol, key.port); };
    for (const net::Family family : net::all_families) {
      for (const Demand& demand : targets.wishes(question->to, family)) {
        for (const Key& key : demand.keys) {
          add(key);
          for (const Arrival& arrival : network.from_outside(key).arrivals) add(arrival.key);
        }
      }
    }
  }
}

bool Demanded::holds(const net::Packet& packet) const {
  return std::ranges::any_of(all_, [&](const One& one) {
    return one.keys.contains({packet.dst, packet.protocol, packet.dport}) &&
           std::ranges::any_of(one.from->groups,
                               [&](const policy::SourceGroup& group) { return group.addresses.contains(packet.src); });
  });
}

std::vector<net::PrefixSet> Demanded::sources() const {
  std::vector<net::PrefixSet> out;
  for (const One& one : all_) {
    net::PrefixSet set;
    for (const policy::SourceGroup& group : one.from->groups) set = net::unite(set, group.addresses);
    out.push_back(std::move(set));
  }
  return out;
}

}  // namespace portcullis::obligations

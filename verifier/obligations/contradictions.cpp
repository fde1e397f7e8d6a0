#include "verifier/obligations/contradictions.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "compiler/net/prefix_algebra.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/obligations/reach_targets.hpp"

namespace portcullis::obligations {

namespace {

using Keys = std::set<std::tuple<net::Address, net::Protocol, std::uint16_t>>;

struct Forbidden {
  std::size_t obligation = 0;
  policy::SharedSources from;
  std::map<net::Family, Keys> keys;
};

class Search {
 public:
  Search(const policy::Bound& bound, const cluster::Cluster& cluster)
      : bound_(bound), network_(cluster), targets_(network_) {}

  std::vector<Contradiction> run() {
    for (std::size_t i = 0; i < bound_.obligations.size(); ++i) {
      const policy::Question& question = bound_.obligations[i].question;
      if (const auto* u = std::get_if<policy::UnreachableQuestion>(&question)) forbid(i, u->from, u->to);
      if (const auto* o = std::get_if<policy::OnlyQuestion>(&question)) forbid(i, o->others, o->to);
    }
    if (forbidden_.empty()) return {};
    for (std::size_t i = 0; i < bound_.obligations.size(); ++i) {
      const auto* r = std::get_if<policy::ReachableQuestion>(&bound_.obligations[i].question);
      if (r != nullptr) demand(i, *r);
    }
    return std::move(out_);
  }

 private:
  void forbid(std::size_t obligation, const policy::SharedSources& from, const policy::Destination& to) {
    Forbidden one{obligation, from, {}};
    for (const net::Family family : net::all_families) {
      for (const Demand& demand : targets_.demands(to, family)) {
        for (const Key& key : demand.keys) one.keys[family].emplace(key.destination, key.protocol, key.port);
      }
    }
    forbidden_.push_back(std::move(one));
  }

  void demand(std::size_t obligation, const policy::ReachableQuestion& question) {
    std::map<net::Family, std::vector<Demand>> wishes;
    for (const net::Family family : net::all_families) wishes[family] = targets_.wishes(question.to, family);
    std::set<const policy::Statement*> told;  // a sentence that forbids many things is told once
    for (const Forbidden& other : forbidden_) {
      const policy::Statement* sentence = bound_.obligations[other.obligation].sentence.get();
      if (told.contains(sentence)) continue;
      const auto packet = meet(*question.from, wishes, other);
      if (!packet) continue;
      told.insert(sentence);
      out_.push_back({obligation, other.obligation, *packet});
    }
  }

  std::optional<net::Packet> meet(const policy::Sources& from, const std::map<net::Family, std::vector<Demand>>& wishes,
                                  const Forbidden& other) {
    for (const auto& [family, demands] : wishes) {
      const auto keys = other.keys.find(family);
      if (keys == other.keys.end()) continue;
      const auto all_forbidden = [&](const Demand& demand) {
        return std::ranges::all_of(
            demand.keys, [&](const Key& k) { return keys->second.contains({k.destination, k.protocol, k.port}); });
      };
      const auto demanded = std::ranges::find_if(demands, all_forbidden);
      if (demanded == demands.end()) continue;
      if (auto source = common_source(from, *other.from, family)) {
        net::Packet packet = packet_to(demanded->keys.front());
        packet.from = source->from;
        packet.src = source->src;
        if (packet.protocol != net::Protocol::icmp) packet.sport = client_port;
        return packet;
      }
    }
    return {};
  }

  // Who is a source of both, if anybody.
  [[nodiscard]] std::optional<net::Packet> common_source(const policy::Sources& a, const policy::Sources& b,
                                                         net::Family family) const {
    for (const policy::SourceGroup& x : a.groups) {
      for (const policy::SourceGroup& y : b.groups) {
        if (x.origin != y.origin || x.node != y.node) continue;
        const net::PrefixSet both = net::of_family(net::intersect(x.addresses, y.addresses), family);
        if (both.empty()) continue;
        const cluster::Node* node = network_.cluster().node(x.node);
        net::Packet packet;
        packet.src = likely_within(both, family, likely_sources(network_.cluster(), family, node)).front();
        packet.from = x.origin == policy::Origin::outside ? net::PacketFrom::external
                      : x.origin == policy::Origin::pods  ? net::PacketFrom::pod
                                                          : net::PacketFrom::node;
        return packet;
      }
    }
    return {};
  }

  const policy::Bound& bound_;
  Network network_;
  Targets targets_;
  std::vector<Forbidden> forbidden_;
  std::vector<Contradiction> out_;
};

}  // namespace

std::vector<Contradiction> contradictions(const policy::Bound& bound, const cluster::Cluster& cluster) {
  const auto any_demands = [](const policy::Obligation& o) {
    return std::holds_alternative<policy::ReachableQuestion>(o.question);
  };
  if (std::ranges::none_of(bound.obligations, any_demands)) return {};
  return Search(bound, cluster).run();
}

}  // namespace portcullis::obligations

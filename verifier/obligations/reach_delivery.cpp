#include "verifier/obligations/reach_delivery.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "compiler/net/prefix_algebra.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::obligations {

namespace {

using verdict::Proof;
using verdict::Standing;

// More sets of lost nodes that turn out to be none are not looked at.
constexpr std::size_t most_sets = 64;
// So many keys are told of a packet that none of them delivers.
constexpr std::size_t most_told = 3;

const cluster::ServicePort* port_of(const policy::Destination& destination) {
  const auto* service = std::get_if<policy::ServiceDestination>(&destination);
  return service == nullptr ? nullptr : service->port;
}

std::vector<const cluster::ServicePort*> ports_of(const policy::Destination& destination) {
  std::vector<const cluster::ServicePort*> out;
  if (const auto* port = port_of(destination)) out.push_back(port);
  if (const auto* at = std::get_if<policy::AddressDestination>(&destination)) {
    for (const policy::Frontend& f : at->frontends) out.push_back(f.service_port);
  }
  return out;
}

template <class Is>
bool any_endpoint(const policy::Destination& destination, const Is& is) {
  return std::ranges::any_of(ports_of(destination), [&](const cluster::ServicePort* port) {
    return std::ranges::any_of(port->endpoints, is);
  });
}

bool has_hints(const cluster::Endpoint& e) {
  return !e.for_nodes.empty() || !e.for_zones.empty();
}
// When nodes are lost, rules compiled anew choose among the endpoints that a node had before, or among all. Only where
// a hint names a node and not its zone, an endpoint that the node had no use for can come in between.
bool strays(const cluster::Cluster& cluster, const cluster::Endpoint& e) {
  return !e.for_zones.empty() && std::ranges::any_of(e.for_nodes, [&](const std::string& name) {
    const cluster::Node* node = cluster.node(name);
    return node != nullptr && std::ranges::find(e.for_zones, node->zone) == e.for_zones.end();
  });
}
// Used when no endpoint is ready.
bool stands_by(const cluster::Endpoint& e) {
  return !e.ready && e.serving && e.terminating;
}

Goal goal_of(Aspect aspect) {
  switch (aspect) {
    case Aspect::loses_source:
      return Goal::loss_of_source;
    case Aspect::keeps_source:
      return Goal::kept_source;
    case Aspect::delivered:
    case Aspect::may_deliver:
      break;
  }
  return Goal::delivery;
}

void leave_open(Proof& proof, const std::string& why) {
  proof.standing = Standing::unknown;
  if (proof.reason.empty()) proof.reason = why;
}

std::string plural(std::size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

struct Delivery::Group {
  const policy::SourceGroup* group = nullptr;
  net::Family family{};
  const cluster::Node* node = nullptr;  // of the senders; null: outside, or nobody knows
  WayJudge::ZoneId zone = 0;
};

struct Delivery::Family {
  Family(Network& network, smt::Session& session, net::Family f, Method method)
      : ways(network, f, store), judge(session, store, f, method) {}
  WayStore store;
  Ways ways;
  WayJudge judge;
};

struct Delivery::Losses {
  Losses(const Network& whole, std::vector<std::uint32_t> lost)
      : nodes(std::move(lost)), cluster(without_nodes(whole, nodes)), network(cluster) {
    network.take_listeners_of(whole);
  }
  std::vector<std::uint32_t> nodes;
  cluster::Cluster cluster;
  Network network;
};

Delivery::Delivery(Network& network, smt::Session& session, Method method)
    : network_(network), session_(session), method_(method), targets_(network) {}
Delivery::~Delivery() = default;

Delivery::Family& Delivery::family(net::Family family) {
  auto& kept = families_[family == net::Family::ipv4 ? 0 : 1];
  if (kept == nullptr) kept = std::make_unique<Family>(network_, session_, family, method_);
  return *kept;
}

std::vector<Delivery::Group> Delivery::groups(const policy::Sources& sources, net::Family f) {
  std::vector<Group> out;
  for (const policy::SourceGroup& group : sources.groups) {
    const bool any = std::ranges::any_of(group.addresses.prefixes(), [&](const auto& p) { return p.family() == f; });
    if (!any) continue;
    const auto [at, fresh] = zones_.try_emplace({&group, f}, 0);
    if (fresh) at->second = family(f).judge.zone(group.addresses);
    const cluster::Node* node = group.node.empty() ? nullptr : network_.cluster().node(group.node);
    out.push_back({&group, f, node, at->second});
  }
  return out;
}

std::vector<WayId> Delivery::ways(const Group& group, const std::vector<Key>& keys) {
  return ways(family(group.family).ways, group, group.node, keys);
}

std::vector<WayId> Delivery::ways(Ways& ways, const Group& group, const cluster::Node* sender,
                                  const std::vector<Key>& keys) {
  std::vector<WayId> out;
  out.reserve(keys.size());
  for (const Key& key : keys) {
    if (sender == nullptr) {
      out.push_back(ways.from_outside(key));
    } else {
      out.push_back(group.group->origin == policy::Origin::pods ? ways.from_pod(*sender, key)
                                                                : ways.from_node(*sender, key));
    }
  }
  return out;
}

net::Packet Delivery::packet(const Group& group, const Key& key, const net::Address& source) const {
  net::Packet packet = packet_to(key);
  packet.src = source;
  if (key.protocol != net::Protocol::icmp) packet.sport = client_port;
  if (group.node != nullptr) {
    packet.from = group.group->origin == policy::Origin::pods ? net::PacketFrom::pod : net::PacketFrom::node;
  }
  return packet;
}

std::vector<net::Address> Delivery::sources(const Group& group, const net::Address& found) const {
  std::vector<net::Address> out =
      likely_within(group.group->addresses, group.family, likely_sources(network_.cluster(), group.family, group.node));
  out.push_back(found);
  return out;
}

// ---- reachable

void Delivery::reachable(const policy::ReachableQuestion& question, Proof& proof) {
  proof.standing = Standing::vacuous;
  std::size_t asked = 0;
  for (const net::Family f : net::all_families) {
    const std::vector<Group> senders = groups(*question.from, f);
    if (senders.empty()) continue;
    for (const Demand& demand : targets_.wishes(question.to, f)) {
      for (const Group& group : senders) {
        ++asked;
        if (proof.standing == Standing::vacuous) proof.standing = Standing::proved;
        if (undelivered(group, demand, proof) || lost(group, demand, question, proof)) return;
      }
    }
  }
  proof.decided = plural(asked, "kind") + " of packets";
  if (asked == 0) proof.reason = fmt::format("{} has no address in a family of the sources", name_of(question.to));
}

// Whether that settles it.
bool Delivery::undelivered(const Group& group, const Demand& demand, Proof& proof) {
  const Answer answer = family(group.family).judge.find_undelivered(group.zone, ways(group, demand.keys));
  if (answer.answer == smt::Answer::unsatisfiable) return false;
  if (answer.answer == smt::Answer::unknown) {
    leave_open(proof, answer.reason);
    return false;
  }
  std::optional<std::string> open;
  for (const net::Address& source : sources(group, *answer.source)) {
    open.reset();
    if (replay_undelivered(group, demand, source, proof, open)) return true;
  }
  if (!open) throw verdict::ReplayDisagrees("some packet from " + answer.source->text() + " should not be delivered");
  leave_open(proof, *open);
  return false;
}

bool Delivery::replay_undelivered(const Group& group, const Demand& demand, const net::Address& source, Proof& proof,
                                  std::optional<std::string>& open) {
  std::string told;
  std::string node;
  for (std::size_t i = 0; i < demand.keys.size(); ++i) {
    const net::Packet p = packet(group, demand.keys[i], source);
    const Played played = play(network_, p, group.group->origin, group.node, Goal::failure);
    if (played.surely) return false;
    if (played.undefined) {
      open = fmt::format("{}: {}", p.text(), played.failure);
      return false;
    }
    if (i == 0) node = played.node;
    if (i < most_told) told += fmt::format("{}{}: {}", i == 0 ? "" : "; ", p.text(), played.failure);
  }
  if (demand.keys.size() > most_told) told += fmt::format("; and {} others", demand.keys.size() - most_told);
  proof.standing = Standing::refuted;
  proof.reason = told;
  proof.witness = packet(group, demand.keys.front(), source);
  proof.node = node;
  return true;
}

bool Delivery::lost(const Group& group, const Demand& demand, const policy::ReachableQuestion& question, Proof& proof) {
  if (question.surviving == 0) return false;
  WayJudge& judge = family(group.family).judge;
  const std::vector<WayId> all = ways(group, demand.keys);
  std::optional<std::uint32_t> sender;
  if (group.node != nullptr) sender = static_cast<std::uint32_t>(group.node - network_.cluster().nodes.data());
  std::vector<std::vector<std::uint32_t>> known;
  for (std::uint32_t most = 1; most <= question.surviving; ++most) {
    while (true) {
      const Answer answer = judge.find_lost(group.zone, all, most, sender, known);
      if (answer.answer == smt::Answer::unsatisfiable) break;
      if (answer.answer == smt::Answer::unknown) {
        leave_open(proof, answer.reason);
        return false;
      }
      for (const net::Address& source : sources(group, *answer.source)) {
        const Answer other{answer.answer, {}, source, answer.lost};
        if (replay_lost(group, demand, other, any_endpoint(question.to, has_hints), proof)) return true;
      }
      if (!any_endpoint(question.to, stands_by) && !any_endpoint(question.to, has_hints))
        throw verdict::ReplayDisagrees("the loss of nodes should stop " +
                                       packet(group, demand.keys.front(), *answer.source).text());
      // Rules compiled anew deliver this source's packets; and everybody's?
      const std::optional<bool> fails = fails_anew(group, demand, answer.lost, proof);
      if (!fails) return false;
      if (*fails) return true;
      known.push_back(answer.lost);
      if (known.size() < most_sets) continue;
      leave_open(proof, fmt::format("more than {} sets of lost nodes leave endpoints that stand by", most_sets));
      return false;
    }
  }
  if (any_endpoint(question.to, [&](const cluster::Endpoint& e) { return strays(network_.cluster(), e); }))
    return lost_one_by_one(group, demand, question.surviving, sender, proof);
  return false;
}

std::optional<bool> Delivery::fails_anew(const Group& group, const Demand& demand,
                                         const std::vector<std::uint32_t>& lost, Proof& proof) {
  Losses& left = without(lost);
  Family anew(left.network, session_, group.family, method_);
  const cluster::Node* sender = group.node == nullptr ? nullptr : left.cluster.node(group.node->name);
  // By a static route nothing gets through when a node is lost: the route may be through that one.
  std::vector<Key> keys;
  std::ranges::copy_if(demand.keys, std::back_inserter(keys),
                       [&](const Key& key) { return sender != nullptr || !network_.from_outside(key).fixed; });
  const Answer answer =
      anew.judge.find_undelivered(anew.judge.zone(group.group->addresses), ways(anew.ways, group, sender, keys));
  if (answer.answer == smt::Answer::unsatisfiable) return false;
  if (answer.answer == smt::Answer::unknown) {
    leave_open(proof, answer.reason);
    return {};
  }
  for (const net::Address& source : sources(group, *answer.source)) {
    if (replay_lost(group, demand, {answer.answer, {}, source, lost}, true, proof)) return true;
  }
  throw verdict::ReplayDisagrees("the loss of nodes should stop " +
                                 packet(group, demand.keys.front(), *answer.source).text());
}

// Every set of at most `most` nodes but the sender's, if they are not too many.
bool Delivery::lost_one_by_one(const Group& group, const Demand& demand, std::uint32_t most,
                               std::optional<std::uint32_t> sender, Proof& proof) {
  const auto nodes = static_cast<std::uint32_t>(network_.cluster().nodes.size());
  std::vector<std::vector<std::uint32_t>> sets{{}};
  for (std::size_t i = 0; i < sets.size() && sets.size() <= most_sets; ++i) {
    const std::vector<std::uint32_t> set = sets[i];
    if (set.size() == most) continue;
    for (std::uint32_t n = set.empty() ? 0 : set.back() + 1; n < nodes; ++n) {
      if (n == sender) continue;
      sets.push_back(set);
      sets.back().push_back(n);
    }
  }
  if (sets.size() > most_sets) {
    leave_open(proof,
               "an endpoint has a hint for a node and none for its zone, and there are too many sets of lost "
               "nodes to try each");
    return false;
  }
  for (const std::vector<std::uint32_t>& set : sets) {
    if (set.empty()) continue;
    const std::optional<bool> fails = fails_anew(group, demand, set, proof);
    if (!fails || *fails) return fails.value_or(false);
  }
  return false;
}

Delivery::Losses& Delivery::without(const std::vector<std::uint32_t>& lost) {
  if (losses_ == nullptr || losses_->nodes != lost) losses_ = std::make_unique<Losses>(network_, lost);
  return *losses_;
}

// With topology hints, rules that are compiled anew may have other endpoints.
bool Delivery::replay_lost(const Group& group, const Demand& demand, const Answer& answer, bool hints, Proof& proof) {
  // What is told: a way that no static route is part of, if there is one.
  std::string told;
  const Key* shown = &demand.keys.front();
  bool told_fixed = true;
  for (const Key& key : demand.keys) {
    const net::Packet p = packet(group, key, *answer.source);
    Played played = play(network_, p, group.group->origin, group.node, Goal::failure, answer.lost);
    const bool fixed = group.node == nullptr && network_.from_outside(key).fixed;
    if (played.emptied || (hints && !fixed)) {
      Losses& left = without(answer.lost);
      const cluster::Node* sender = group.node == nullptr ? nullptr : left.cluster.node(group.node->name);
      played = play(left.network, p, group.group->origin, sender, Goal::failure);
    }
    if (played.surely) return false;
    if (!told.empty() && (fixed || !told_fixed)) continue;
    told = played.failure;
    told_fixed = fixed;
    shown = &key;
  }
  std::vector<std::string> names;
  for (const std::uint32_t n : answer.lost) {
    names.push_back(network_.cluster().nodes[n].name);
    proof.placement.emplace_back("lost", names.back());
    proof.related.push_back({"lost", network_.cluster().nodes[n].span});
  }
  const net::Packet p = packet(group, *shown, *answer.source);
  proof.standing = Standing::refuted;
  proof.reason = fmt::format("without {} {} is not delivered: {}{}", base::list_text(names), p.text(), told,
                             demand.keys.size() == 1 ? "" : ", and by no other address either");
  proof.witness = p;
  proof.node = names.front();
  return true;
}

// ---- unreachable, only, preserves source

void Delivery::unreachable(const policy::Sources& from, const policy::Destination& to, Proof& proof) {
  chance(from, to, Aspect::may_deliver, proof);
}

void Delivery::preserves_source(const policy::PreservesSourceQuestion& question, Proof& proof) {
  chance(*question.from, question.to, Aspect::loses_source, proof);
}

void Delivery::keeps_source(const policy::Sources& from, const policy::Destination& to, Proof& proof) {
  chance(from, to, Aspect::keeps_source, proof);
}

void Delivery::loses_source(const policy::Sources& from, const policy::Destination& to, Proof& proof) {
  chance(from, to, Aspect::loses_source, proof);
}

void Delivery::chance(const policy::Sources& from, const policy::Destination& to, Aspect aspect, Proof& proof) {
  proof.standing = Standing::vacuous;
  std::size_t asked = 0;
  for (const net::Family f : net::all_families) {
    const std::vector<Group> senders = groups(from, f);
    if (senders.empty()) continue;
    std::vector<Key> keys;
    for (const Demand& demand : targets_.demands(to, f))
      keys.insert(keys.end(), demand.keys.begin(), demand.keys.end());
    if (keys.empty()) continue;
    for (const Group& group : senders) {
      ++asked;
      if (proof.standing == Standing::vacuous) proof.standing = Standing::proved;
      const Answer answer = family(f).judge.find_chance(group.zone, ways(group, keys), aspect);
      if (answer.answer == smt::Answer::unknown) leave_open(proof, answer.reason);
      if (answer.answer == smt::Answer::satisfiable && shown_chance(group, keys, *answer.source, aspect, proof)) return;
    }
  }
  proof.decided = plural(asked, "kind") + " of packets";
  if (asked == 0) proof.reason = fmt::format("{} has no address in a family of the sources", name_of(to));
}

bool Delivery::shown_chance(const Group& group, const std::vector<Key>& keys, const net::Address& found, Aspect aspect,
                            Proof& proof) {
  std::optional<std::string> open;
  for (const net::Address& source : sources(group, found)) {
    open.reset();
    if (replay_chance(group, keys, source, aspect, proof, open)) return true;
  }
  if (!open) throw verdict::ReplayDisagrees("no packet from " + found.text() + " shows what the solver has found");
  leave_open(proof, *open);
  return false;
}

bool Delivery::replay_chance(const Group& group, const std::vector<Key>& keys, const net::Address& source,
                             Aspect aspect, Proof& proof, std::optional<std::string>& open) {
  for (const Key& key : keys) {
    const net::Packet p = packet(group, key, source);
    const Played played = play(network_, p, group.group->origin, group.node, goal_of(aspect));
    const bool shows = aspect == Aspect::loses_source   ? played.loses_source
                       : aspect == Aspect::keeps_source ? played.keeps_source
                                                        : played.perhaps;
    if (shows) {
      proof.standing = Standing::refuted;
      proof.witness = p;
      proof.node = aspect == Aspect::loses_source ? played.lost_at : played.node;
      proof.reason =
          aspect == Aspect::loses_source
              ? fmt::format("{} is masqueraded by {}: {}", p.text(), played.lost_at, played.delivery)
              : fmt::format("{}: {}", p.text(), aspect == Aspect::keeps_source ? played.kept : played.delivery);
      return true;
    }
    if (played.undefined && !open) open = fmt::format("{}: {}", p.text(), played.failure);
  }
  return false;
}

// ---- liveness

// One way after the other: most frontends are reached by the first, and programs of nodes that nobody asks are not
// built.
bool Delivery::anybody_reaches(const std::vector<Key>& keys, net::Family f, Proof& proof) {
  const WayJudge::ZoneId everywhere = family(f).judge.zone(net::PrefixSet({net::everything(f)}));
  const auto reaches = [&](WayId way) {
    const Answer answer = family(f).judge.find_chance(everywhere, {way}, Aspect::may_deliver);
    if (answer.answer == smt::Answer::unknown) leave_open(proof, answer.reason);
    return answer.answer == smt::Answer::satisfiable;
  };
  Ways& ways = family(f).ways;
  for (const Key& key : keys) {
    const Way way = network_.from_outside(key);
    if (way.kind == Way::Kind::received) return true;
    for (const Arrival& arrival : way.arrivals) {
      if (reaches(ways.at(arrival))) return true;
    }
  }
  for (const cluster::Node& node : network_.cluster().nodes) {
    for (const Key& key : keys) {
      if (reaches(ways.from_pod(node, key)) || reaches(ways.from_node(node, key))) return true;
    }
  }
  return false;
}

}  // namespace portcullis::obligations

#include "verifier/obligations/reach_replay.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace portcullis::obligations {

namespace {

class Player {
 public:
  Player(Network& network, Goal goal, std::span<const std::uint32_t> lost)
      : network_(network), goal_(goal), lost_(lost) {}

  struct State {
    net::Packet packet;
    std::string by;          // machines so far, in words
    std::string from, at;    // the first and the last of them
    std::string masquerade;  // the first that masqueraded it
    bool routed = false;     // to this machine, by a static route
  };

  void follow(const Way& way, const State& state) {
    switch (way.kind) {
      case Way::Kind::ends:
        return fail(way.why, state);
      case Way::Kind::received:
        return deliver(state);
      case Way::Kind::arrives:
        break;
    }
    const auto through = std::ranges::find_if(way.arrivals, [&](const Arrival& a) { return gone(a.node); });
    if (way.fixed && through != way.arrivals.end())
      return fail(fmt::format("all of it hangs on the node of a static route, here {}", through->node->name), state);
    bool any = false;
    for (const Arrival& arrival : way.arrivals) {
      if (found()) return;
      if (gone(arrival.node)) continue;
      any = true;
      State next = state;
      next.packet.dst = arrival.key.destination;
      next.packet.dport = arrival.key.port;
      next.packet.from = net::PacketFrom::external;
      next.packet.iif.clear();
      next.routed = way.fixed;
      meet(*arrival.node, std::move(next));
    }
    if (!any) fail(fmt::format("{} is lost", way.arrivals.front().node->name), state);
  }

  void meet(const cluster::Node& node, State state) {
    state.by += (state.by.empty() ? "" : ", ") + node.name + (state.routed ? " (a static route)" : "");
    state.at = node.name;
    if (state.from.empty()) state.from = node.name;
    // What it looks like here; which machine it comes from makes no difference.
    const Look look{&node, state.packet, state.masquerade};
    const auto [at, fresh] = met_.try_emplace(look, true);
    if (!fresh) {
      if (at->second) fail("it goes round between machines", state);
      return;
    }
    decide(node, state);
    met_.at(look) = false;
  }

  [[nodiscard]] Played take() { return std::move(played_); }

 private:
  struct Look {
    Look(const cluster::Node* n, const net::Packet& packet, std::string masquerade)
        : node(n), from(packet.from), src(packet.src), dst(packet.dst), port(packet.dport), by(std::move(masquerade)) {}
    const cluster::Node* node;
    net::PacketFrom from;
    net::Address src, dst;
    std::uint16_t port;
    std::string by;
    auto operator<=>(const Look&) const = default;
  };

  void decide(const cluster::Node& node, const State& state) {
    const ir::Fate fate = network_.rules(node, state.packet.family()).fate(state.packet);
    switch (fate.kind) {
      case ir::Fate::Kind::conflict:
        return leave_open(fmt::format("several owners on {}: which of them gets it is not defined", node.name), state);
      case ir::Fate::Kind::reject:
      case ir::Fate::Kind::drop:
        return fail(fmt::format("{} {}s it", node.name, to_string(fate.kind) == "drop" ? "drop" : "reject"), state);
      case ir::Fate::Kind::none:
      case ir::Fate::Kind::accept:
        return pass(node, fate.then, fate.masquerade, state);
      case ir::Fate::Kind::dnat: {
        const bool all_gone =
            std::ranges::all_of(fate.targets, [&](const ir::Target& t) { return gone(network_.home(t.address)); });
        if (all_gone) {
          played_.emptied = true;
          return fail(fmt::format("{} has no endpoint for it that is left", node.name), state);
        }
        // Who looks for a delivery finds it soonest on the same machine.
        const bool nearest_first = goal_ == Goal::delivery;
        if (nearest_first) choose(fate.targets, node, state, true);
        choose(fate.targets, node, state, nearest_first ? std::optional(false) : std::nullopt);
      }
    }
  }

  // On to the targets on this machine, or to the others, or to all.
  void choose(const std::vector<ir::Target>& targets, const cluster::Node& node, const State& state,
              std::optional<bool> here) {
    for (const ir::Target& target : targets) {
      if (found()) return;
      const cluster::Node* home = network_.home(target.address);
      if (gone(home) || (here && *here != (home == &node))) continue;
      State next = state;
      next.packet.dst = target.address;
      next.packet.dport = target.port;
      pass(node, target.then, target.masquerade, std::move(next));
    }
  }

  [[nodiscard]] bool gone(const cluster::Node* node) const {
    if (node == nullptr || lost_.empty()) return false;
    return std::ranges::binary_search(lost_, static_cast<std::uint32_t>(node - network_.cluster().nodes.data()));
  }

  [[nodiscard]] bool found() const {
    switch (goal_) {
      case Goal::everything:
        return false;
      case Goal::failure:
        return !played_.surely;
      case Goal::delivery:
        return played_.perhaps;
      case Goal::loss_of_source:
        return played_.loses_source;
      case Goal::kept_source:
        return played_.keeps_source;
    }
    return false;
  }

  // Past the rules of a node.
  void pass(const cluster::Node& node, ir::Then then, bool masquerade, State state) {
    const bool visible = then == ir::Then::forward || state.packet.from == net::PacketFrom::node;
    if (masquerade && visible && state.masquerade.empty()) state.masquerade = node.name;
    switch (then) {
      case ir::Then::reject:
      case ir::Then::drop:
        return fail(fmt::format("{} sends it to {} and refuses it there", node.name, destination(state)), state);
      case ir::Then::local:
        if (network_.listens(node, key(state))) return deliver(state);
        return fail(fmt::format("nothing listens at {} on {}", destination(state), node.name), state);
      case ir::Then::forward:
        break;
    }
    if (masquerade) {
      if (const auto ours = trace::main_address(node, state.packet.family())) state.packet.src = *ours;
    }
    follow(network_.from_node(node, key(state)), state);
  }

  static Key key(const State& state) { return {state.packet.dst, state.packet.protocol, state.packet.dport}; }
  static std::string destination(const State& state) {
    return net::endpoint_text(state.packet.dst, state.packet.dport);
  }

  void fail(const std::string& why, const State& state) {
    played_.surely = false;
    if (!played_.failure.empty()) return;
    played_.failure = why;
    failed_ = true;
    played_.node = state.at;
  }
  void leave_open(const std::string& why, const State& state) {
    played_.undefined = true;
    fail(why, state);
  }
  void deliver(const State& state) {
    played_.perhaps = true;
    if (played_.delivery.empty()) {
      played_.delivery = fmt::format("{} gets it{}{}", destination(state), state.by.empty() ? "" : ", by ", state.by);
      if (!failed_) played_.node = state.from;
    }
    if (state.masquerade.empty() && !played_.keeps_source) {
      played_.keeps_source = true;
      played_.kept = fmt::format("{} gets it{}{}", destination(state), state.by.empty() ? "" : ", by ", state.by);
    }
    if (state.masquerade.empty() || played_.loses_source) return;
    played_.loses_source = true;
    played_.delivery = fmt::format("{} gets it, by {}", destination(state), state.by);
    played_.lost_at = state.masquerade;
  }
  Network& network_;
  Goal goal_;
  std::span<const std::uint32_t> lost_;
  Played played_;
  std::map<Look, bool> met_;  // true: still on the way
  bool failed_ = false;
};

}  // namespace

Played play(Network& network, net::Packet packet, policy::Origin origin, const cluster::Node* node, Goal goal,
            std::span<const std::uint32_t> lost) {
  Player player(network, goal, lost);
  if (origin == policy::Origin::outside || node == nullptr) {
    packet.from = net::PacketFrom::external;
    const Key key{packet.dst, packet.protocol, packet.dport};
    player.follow(network.from_outside(key), {packet, {}, {}, {}, {}, false});
  } else {
    packet.from = origin == policy::Origin::pods ? net::PacketFrom::pod : net::PacketFrom::node;
    player.meet(*node, {packet, {}, {}, {}, {}, false});
  }
  return player.take();
}

}  // namespace portcullis::obligations

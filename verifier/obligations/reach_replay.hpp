// One packet played through with the interpreter, node by node, whatever chance chooses. What the solver says about
// ways is believed only after this.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "compiler/policy/bound.hpp"
#include "verifier/obligations/reach_network.hpp"

namespace portcullis::obligations {

struct Played {
  bool surely = true;         // delivered whatever chance chooses
  bool perhaps = false;       // … for some choices
  bool loses_source = false;  // some delivered packet was masqueraded on its way
  bool keeps_source = false;  // some delivered packet was not
  bool undefined = false;     // two owners of a key
  bool emptied = false;       // every endpoint of some balance was lost: other rules may decide then
  // In words, each of the first such way that was met; empty if there is none.
  std::string failure;   // `node-a rejects it`
  std::string delivery;  // `10.0.1.2:8080 gets it, by node-a`
  std::string kept;      // like `delivery`, of the first that was not masqueraded
  std::string lost_at;   // the node that masquerades a packet that is delivered
  std::string node;      // that decided: of the failure if there is one, else of the delivery
};

// What is looked for; what follows is not played once it is found.
enum class Goal : std::uint8_t { everything, failure, delivery, loss_of_source, kept_source };

// `node` is where senders of `origin` are; null: outside, or nobody knows.
// `lost` are nodes that are gone, ascending indexes into Cluster::nodes; rules are taken as having the rest of their
// endpoints.
[[nodiscard]] Played play(Network& network, net::Packet packet, policy::Origin origin, const cluster::Node* node,
                          Goal goal = Goal::everything, std::span<const std::uint32_t> lost = {});

}  // namespace portcullis::obligations

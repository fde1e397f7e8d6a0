// Where a packet is, on one part of a run of a ruleset: what a walk holds in its variables, as a value that can be
// split.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "backends/netfilter/model.hpp"
#include "compiler/net/address.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

// NFT_JUMP_STACK_SIZE.
inline constexpr std::size_t max_jumps = 16;

struct RunState {
  struct Frame {
    netfilter::ChainId chain = 0;
    std::uint32_t rule = 0;
  };
  std::array<Frame, max_jumps + 1> stack;
  std::uint8_t depth = 0;
  std::uint16_t statement = 0;  // of the rule on top

  netfilter::Hook hook = netfilter::Hook::prerouting;
  std::uint16_t next_base = 0;  // of the hook's base chains
  netfilter::ChainId base = 0;  // the base chain that runs
  bool looped = false, translated = false, translated_here = false, dnat = false, accepted = false, masquerade = false;
  net::Address destination;
  std::uint16_t port = 0;
  EndpointId endpoint = none;  // of translated
  std::uint32_t mark = 0, priority = 0;
  LabelId label = none;
  std::optional<std::uint32_t> seconds;

  std::optional<std::uint32_t> random;   // what the next random number is
  std::optional<std::uint32_t> element;  // what the next look-up finds

  // Off the base chain, on to the next one with another destination.
  void translate(const net::Address& address, std::uint16_t to_port, EndpointId to) {
    destination = address;
    port = to_port;
    endpoint = to;
    translated = translated_here = true;
    label = none;
    seconds.reset();
    accepted = false;
    depth = 0;
    random.reset();
    element.reset();
  }
};

}  // namespace portcullis::specialise

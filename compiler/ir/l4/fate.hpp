// What becomes of a packet: the common language of the interpreter, the rulesets' evaluators, the kernel tests and the
// prover.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/net/address.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::ir {

// Session affinity memory: which sources an endpoint's label remembers (time-outs are the caller's: forget() what is
// too old).
class Memory {
 public:
  void remember(const net::Address& source, const std::string& label) { entries_.emplace(source, label); }
  void forget(const net::Address& source, const std::string& label) { entries_.erase({source, label}); }
  [[nodiscard]] bool recalls(const net::Address& source, const std::string& label) const {
    return entries_.contains({source, label});
  }

 private:
  std::set<std::pair<net::Address, std::string>> entries_;
};

// What becomes of the packet after nat.
enum class Then : std::uint8_t {
  local,    // handed to this node
  forward,  // leaves it
  reject,
  drop,
};

struct Target {
  net::Address address;
  std::uint16_t port = 0;
  std::uint32_t weight = 1;
  bool masquerade = false;  // the decision: marked, or a hairpin that postrouting masquerades
  Then then = Then::forward;
  std::string label;  // affinity memory that is renewed when this one is chosen; empty without affinity
  bool operator==(const Target&) const = default;
};

struct Fate {
  enum class Kind : std::uint8_t { dnat, accept, none, reject, drop, conflict };
  Kind kind = Kind::none;
  std::vector<Target> targets;  // of dnat, sorted by `address:port` as a string; probability = weight / sum of weights
  bool masquerade = false;      // of none, accept: marked all the same
  Then then = Then::forward;    // of none, accept
  std::optional<std::uint32_t> affinity_seconds;  // the flow's endpoint is remembered for so long
  bool operator==(const Fate&) const = default;
};
[[nodiscard]] std::string_view to_string(Fate::Kind kind);
// One line, stable: `dnat 10.40.1.5:8080* 10.40.2.5:8080`, `reject`.
[[nodiscard]] std::string text(const Fate& fate);

// Whether two fates of `packet` are the same to everybody who can watch (design 1.2): masquerade is compared only where
// the packet reaches postrouting, that is unless it arrived on an interface and ends on this node, or is refused.
[[nodiscard]] bool equal(const Fate& a, const Fate& b, const net::Packet& packet);

}  // namespace portcullis::ir

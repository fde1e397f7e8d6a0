// What a netfilter model does with a packet: ir::Fate by the kernel's own rules, and nothing of the IR's.
//
//   from an interface  prerouting → input (destination local) | forward → postrouting
//   from this node     output → postrouting → (destination local) prerouting with iif lo → input
//
// Kernel facts that this file stands on (net/netfilter/nf_nat_core.c, nf_tables_core.c, net/ipv4/route.c):
// - nat chains see the first packet of a flow only, all of a hook at one place (dstnat −100, srcnat 100) whatever their
// priority says, and the
//   first that translates ends them; a looped packet is not translated again. The source is translated after everything
//   else.
// - `accept` ends its base chain, `drop` and `reject` end the packet, the end of a base chain is its policy.
// - the destination after translation decides between input and forward; ct status has `dnat` only if the tuple
// changed.
// - mark and priority start at 0 and live as long as the packet.
// Two simplifications, both the IR's too: RELATED packets meet no nat chains, and a looped packet that was masqueraded
// shows its old source to input (which local address the kernel takes is not known here).
//
// A random choice is enumerated, not sampled: each branch has an exact rational weight.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::netfilter {

// What rules ask the node for.
struct NodeFacts {
  std::vector<net::Address> local_addresses;  // sorted; loopback is understood
  // The interface that a pod's packet is taken to come in by if the packet does not say (a node whose detector looks at
  // interfaces).
  std::string pod_interface;
  [[nodiscard]] bool is_local(const net::Address& address) const;
};
[[nodiscard]] NodeFacts facts(const ir::Program& program);

// Work for one packet, the worst branch of its random choices: rules looked at, and look-ups in named or anonymous sets
// and maps.
struct Cost {
  std::uint32_t rules = 0;
  std::uint32_t lookups = 0;
  bool operator==(const Cost&) const = default;
};

// The matches that are not known and hold, each at the hook where it is asked; all others do not.
using Answers = std::set<std::pair<OpaqueId, Hook>>;

// Which rules of the text decide. What is not known is nowhere: a policy, or a text without places.
struct Because {
  base::SourceSpan rule;              // translates, refuses or accepts
  base::SourceSpan element;           // that it found in a set or map
  base::SourceSpan masquerade;        // the rule that gives the packet another source
  std::vector<base::SourceSpan> way;  // rules, or elements of verdict maps, that led to `rule`, in order
};

struct Evaluation {
  ir::Fate fate;             // weights without a common factor
  std::string not_modelled;  // why the fate is not known; empty if it is
  // The reason is that no program means that: whether the packet is translated, or for how long it is remembered, is
  // left to chance; or it is remembered twice, or without being translated.
  bool torn = false;
  // Of a translation: one for each of fate.targets. Else one, or none where no rule decides.
  std::vector<Because> because;
  Cost cost;
};

// Look-up indexes over a model, built once; the model must outlive it. Thread-safe for readers.
class Evaluator {
 public:
  explicit Evaluator(const Model& model);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  // Without `answers` a packet that meets a match that is not known has no known fate.
  [[nodiscard]] Evaluation evaluate(const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory = {},
                                    const Answers* answers = nullptr) const;
  // The fate, or InternalError: for our own text, which is modelled completely.
  [[nodiscard]] ir::Fate fate(const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portcullis::netfilter

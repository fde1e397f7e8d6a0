// What became of an obligation: a statement about the cluster or its rulesets, and how far it is proved. Every
// obligation of this room answers with a Proof, whatever it asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::verdict {

enum class Standing {
  proved,   // holds, under the assumptions
  refuted,  // there is a counterexample: the witness, or the placement
  unknown,  // neither was found within the limits, or something that is not modelled could change the answer
  vacuous,  // nothing meets its conditions, so that it says nothing
};
// `proved`, `refuted`, `unknown`, `vacuous`.
[[nodiscard]] std::string_view to_string(Standing standing);

struct Proof {
  std::string name;       // stable and short: `no-conflicts.frontends`, or a sentence of a policy with its line
  std::string statement;  // what is claimed, one sentence
  Standing standing = Standing::unknown;
  std::string reason;                      // why it is refuted, unknown or vacuous, one sentence; empty when proved
  std::vector<std::string> except;         // what the statement leaves out: exceptions of the sentence, waivers
  std::optional<net::Packet> witness;      // refuted: a packet that shows it; replayed by the interpreter
  std::optional<ir::l7::Request> request;  // likewise, of a statement about requests
  std::string node;                        // where the witness shows it; empty where that is no matter of a node
  // Refuted: which pods stand where (`pod or workload`, `node`), or which nodes are gone (`lost`, `node`), if that is
  // the witness.
  std::vector<std::pair<std::string, std::string>> placement;
  std::vector<base::Related> related;    // everybody who takes part, with the line that says so; who decides first
  std::vector<std::string> assumptions;  // under which the verdict holds; printed with it
  std::string decided;                   // how: `20687 claims compared, 30 groups judged`
  std::uint64_t queries = 0;             // put to the solver
  std::uint64_t steps = 0;               // that the solver took
  std::string code = "PC6001";           // of the finding that a refutation is
  base::SourceSpan span;                 // of the sentence that asks; unknown where nobody had to ask
  std::string waived;                    // refuted, and somebody lives with it: until when and why; empty: nobody
  std::vector<std::string> dead;         // what no packet reaches of the ruleset that is asked about, if that was asked
};

}  // namespace portcullis::verdict

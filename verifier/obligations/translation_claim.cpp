#include "verifier/obligations/translation_claim.hpp"

#include <utility>

#include <fmt/format.h>

namespace portcullis::obligations {

verdict::Proof translation_claim(std::string name, const ir::Program& program, const netfilter::Model& model) {
  verdict::Proof proof;
  proof.name = std::move(name);
  proof.statement = fmt::format("the ruleset of node {} means what the program means, for every {} packet",
                                program.node, net::to_string(program.family));
  proof.node = program.node;
  proof.assumptions = {
      "a packet that comes in carries neither the masquerade mark nor a priority of ours",
      "a packet that comes in does not come in by lo",
      "packets are whole, and of TCP, UDP, SCTP or ICMP",
      "sets and lists of the kernel do not overflow",
      "a choice counts as even where it misses by less than n/2^31 of itself",
  };
  if (!model.opaque.empty())
    proof.assumptions.emplace_back(
        "a match that is not known says the same of a packet whenever one rule asks it at one hook, whatever endpoint "
        "was chosen");
  return proof;
}

}  // namespace portcullis::obligations

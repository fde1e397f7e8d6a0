// PC4xxx: policy text. PC5xxx: what a backend cannot do.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto limits_rules = std::to_array<Rule>({
    {.code = "PC4001",
     .name = "policy-syntax",
     .severity = Severity::error,
     .explanation = "A sentence of a policy cannot be parsed."},
    {.code = "PC5001",
     .name = "foreign-forward-drop",
     .severity = Severity::error,
     .explanation = "The dialect asks to accept packets that another table of the node drops, which the chosen backend "
                    "cannot undo.",
     .fix = "Use the iptables backend on this node, or let the other table accept the traffic.",
     .reported = true},
    {.code = "PC5002",
     .name = "affinity-capacity",
     .severity = Severity::info,
     .explanation =
         "The backend remembers a bounded number of clients for session affinity; beyond it the oldest are forgotten.",
     .fix = "Enough for most Services; raise the limit where the hint says how.",
     .reported = true},
    {.code = "PC5003",
     .name = "sctp-unavailable",
     .severity = Severity::warning,
     .explanation = "A Service port needs SCTP, which the node's kernel may not have.",
     .fix = "Make sure that the node loads the modules that the head of the ruleset lists.",
     .reported = true},
    {.code = "PC5010",
     .name = "ir-text",
     .severity = Severity::error,
     .explanation = "A file that should hold a program in its text form (`compile --to ir` writes it) has a line that "
                    "is no line of one.",
     .fix = "Write the line as `compile --to ir` would.",
     .reported = true},
    {.code = "PC5012",
     .name = "iptables-text",
     .severity = Severity::error,
     .explanation = "A dump of iptables rules has a line that cannot be read: a match, target, option or value that is "
                    "not known. Leaving it out would change what the rules mean.",
     .fix = "Take the dump with `iptables-save`; leave out tables that have nothing to do with Services.",
     .reported = true},
    {.code = "PC5013",
     .name = "iptables-inexpressible",
     .severity = Severity::error,
     .explanation = "iptables has no words for something that the cluster asks for.",
     .fix = "Use the nftables backend, or change the value.",
     .reported = true},
    {.code = "PC5014",
     .name = "nftables-text",
     .severity = Severity::error,
     .explanation = "A dump of nftables rules has a line that cannot be read: a statement, expression or value that is "
                    "not known. Leaving it out would change what the rules mean.",
     .fix = "Take the dump with `nft list ruleset`; leave out tables that have nothing to do with Services.",
     .reported = true},
    {.code = "PC5015",
     .name = "nftables-inexpressible",
     .severity = Severity::error,
     .explanation = "nftables has no form, or not enough room, for something that the cluster asks for.",
     .fix = "Use the iptables backend, or change the value.",
     .reported = true},
});

}  // namespace portcullis::base

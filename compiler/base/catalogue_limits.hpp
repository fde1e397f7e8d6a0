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
                    "cannot undo."},
    {.code = "PC5002",
     .name = "affinity-capacity",
     .severity = Severity::info,
     .explanation =
         "The backend remembers a bounded number of clients for session affinity; beyond it the oldest are forgotten."},
    {.code = "PC5003",
     .name = "sctp-unavailable",
     .severity = Severity::warning,
     .explanation = "A Service port needs SCTP, which the node's kernel may not have."},
    {.code = "PC5010",
     .name = "ir-text",
     .severity = Severity::error,
     .explanation = "A file that should hold a program in its text form (`compile --to ir` writes it) has a line that "
                    "is no line of one.",
     .fix = "Write the line as `compile --to ir` would.",
     .reported = true},
});

}  // namespace portcullis::base

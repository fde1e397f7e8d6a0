// PC4xxx: sentences of a policy, and waivers.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto sentence_rules = std::to_array<Rule>({
    {.code = "PC4001",
     .name = "policy-syntax",
     .severity = Severity::error,
     .explanation = "A sentence of a policy cannot be read: a word stands where another one is expected, or is no "
                    "value of its kind. The other sentences are read all the same.",
     .fix = "The finding names what could stand there; docs/policy.md has the language on one page.",
     .policy = R"(reachable from internet to service shop/web prt 80)",
     .policy_fixed = R"(reachable from internet to service shop/web port 80)",
     .reported = true},
    {.code = "PC4002",
     .name = "policy-name-unknown",
     .severity = Severity::error,
     .explanation = "A zone, namespace, Service, pod, node, port, Ingress host or path, kind or code that a policy "
                    "names is not in the input.",
     .fix = "Correct the name, or give the command the manifests that hold the object.",
     .policy = R"(reachable from internet to service shop/webb port http)",
     .policy_fixed = R"(reachable from internet to service shop/web port http)",
     .reported = true},
    {.code = "PC4003",
     .name = "policy-selects-nothing",
     .severity = Severity::error,
     .explanation =
         "A selector or a `*` of a policy matches nothing: the sentence would hold only because it speaks of nothing.",
     .fix = "Correct the labels or the pattern; remove the sentence if what it was about is gone.",
     .policy = R"(unreachable from internet to services where teir == "db")",
     .policy_fixed = R"(unreachable from internet to services where tier == "db")",
     .reported = true},
    {.code = "PC4004",
     .name = "policy-port-name-unknown",
     .severity = Severity::error,
     .explanation = "A policy names a port, and no Service or container that it speaks of has a port of that name.",
     .fix = "Use the name or the number of a port that the finding lists.",
     .policy = R"(reachable from shop to service shop/db port postgres
zone shop = pods in namespace shop)",
     .policy_fixed = R"(reachable from shop to service shop/db port pg
zone shop = pods in namespace shop)",
     .reported = true},
    {.code = "PC4005",
     .name = "waiver-expired",
     .severity = Severity::error,
     .explanation = "The last day of a waiver has passed (UTC).",
     .fix = "Mend what was waived, or decide anew until when it may stay.",
     .policy = R"(waive PC3107 on service shop/web until 2026-01-31 because "moves to the gateway")",
     .policy_fixed = R"(waive PC3107 on service shop/web until 2027-01-31 because "moves to the gateway")",
     .reported = true},
    {.code = "PC4006",
     .name = "waiver-unused",
     .severity = Severity::warning,
     .explanation =
         "A waiver matches no finding of a full run: what it was for is gone, or it names another code or object.",
     .fix = "Remove the sentence.",
     .reported = true},
    {.code = "PC4007",
     .name = "zones-overlap",
     .severity = Severity::info,
     .explanation =
         "Two zones that a sentence uses as alternatives share an address: one of them says less than it seems to.",
     .fix = "Leave one out, or take the shared addresses away with `except`.",
     .policy = R"(only 203.0.113.0/24, 203.0.113.7 reaches service ops/grafana)",
     .policy_fixed = R"(only 203.0.113.0/24 reaches service ops/grafana)",
     .reported = true},
    {.code = "PC4008",
     .name = "policy-contradiction",
     .severity = Severity::error,
     .explanation =
         "Two sentences of a policy can never both hold: one demands that a packet gets through that the other "
         "forbids. The finding names such a packet. Reported by `check`.",
     .fix = "Take what is demanded out of what is forbidden, with `except` or a narrower selector.",
     .policy = R"(reachable from internet to service shop/web
unreachable from internet to service * in namespace shop)",
     .policy_fixed = R"(reachable from internet to service shop/web
unreachable from internet to service * in namespace shop where tier == "db")",
     .reported = true},
    {.code = "PC4009",
     .name = "zone-redefined",
     .severity = Severity::error,
     .explanation = "A zone is defined twice, or has the name of a zone of the profile.",
     .fix = "Give one of them another name, or join both in one definition.",
     .policy = R"(zone office = 203.0.113.0/24
zone office = 198.51.100.0/24)",
     .policy_fixed = R"(zone office = 203.0.113.0/24, 198.51.100.0/24)",
     .reported = true},
    {.code = "PC4010",
     .name = "surviving-too-many",
     .severity = Severity::error,
     .explanation = "A sentence asks to survive the loss of as many nodes as there are, or more.",
     .fix = "Ask for fewer nodes; if the cluster has more than the input says, give them in a profile.",
     .policy = R"(reachable from internet to service shop/web surviving any 3 nodes)",
     .policy_fixed = R"(reachable from internet to service shop/web surviving any 2 nodes)",
     .reported = true},
});

}  // namespace portcullis::base

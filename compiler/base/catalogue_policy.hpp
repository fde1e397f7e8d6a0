// PC34xx: NetworkPolicy.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto policy_rules = std::to_array<Rule>({
    {.code = "PC3401",
     .name = "policy-selects-nothing",
     .severity = Severity::warning,
     .explanation = "The pod selector of a NetworkPolicy matches no pod of its namespace."},
    {.code = "PC3402",
     .name = "policy-peer-matches-nothing",
     .severity = Severity::warning,
     .explanation = "A peer of a NetworkPolicy matches no pod or no namespace."},
    {.code = "PC3403",
     .name = "policy-port-unused",
     .severity = Severity::warning,
     .explanation = "A rule admits a port that none of its pods has."},
    {.code = "PC3404",
     .name = "policy-allows-everything",
     .severity = Severity::info,
     .explanation = "A rule admits all traffic of its direction."},
    {.code = "PC3405",
     .name = "policy-types-inconsistent",
     .severity = Severity::warning,
     .explanation = "policyTypes and the rules that are written do not agree."},
    {.code = "PC3406",
     .name = "policy-blocks-dns",
     .severity = Severity::warning,
     .explanation = "Pods are isolated for egress and nothing lets them reach cluster DNS."},
    {.code = "PC3407",
     .name = "policy-blocks-service-path",
     .severity = Severity::warning,
     .explanation = "A workload is exposed, but its policies admit no source that could use the way."},
    {.code = "PC3408",
     .name = "pod-without-policy",
     .severity = Severity::info,
     .explanation = "No NetworkPolicy selects the pod."},
    {.code = "PC3409",
     .name = "peer-indentation",
     .severity = Severity::warning,
     .explanation =
         "Two peers stand where one peer with both selectors was probably meant: a hyphen too many widens the rule."},
    {.code = "PC3410",
     .name = "policy-on-host-network",
     .severity = Severity::warning,
     .explanation = "The policy selects only host-network pods, to which policies do not apply."},
    {.code = "PC3411",
     .name = "policy-ipblock-of-service",
     .severity = Severity::warning,
     .explanation = "An address block names Service addresses, which a policy never sees."},
    {.code = "PC3412",
     .name = "policy-redundant",
     .severity = Severity::info,
     .explanation = "The policy changes the fate of no packet."},
});

}  // namespace portcullis::base

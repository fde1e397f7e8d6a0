// PC33xx: Gateway API.
#pragma once

#include <array>

#include "compiler/base/catalogue.hpp"

namespace portcullis::base {

inline constexpr auto gateway_rules = std::to_array<Rule>({
    {.code = "PC3301",
     .name = "route-backend-missing",
     .severity = Severity::error,
     .explanation = "A route names a Service or port that does not exist."},
    {.code = "PC3302",
     .name = "route-parent-missing",
     .severity = Severity::warning,
     .explanation = "A route names a Gateway or listener that does not exist."},
    {.code = "PC3303",
     .name = "route-not-admitted",
     .severity = Severity::error,
     .explanation = "The listener does not admit the route, so the route serves nothing."},
    {.code = "PC3304",
     .name = "reference-not-granted",
     .severity = Severity::error,
     .explanation = "A reference crosses namespaces and no ReferenceGrant allows it."},
    {.code = "PC3305",
     .name = "gateway-class-unknown",
     .severity = Severity::info,
     .explanation = "A Gateway names a GatewayClass that the input does not have."},
    {.code = "PC3306",
     .name = "route-rule-shadowed",
     .severity = Severity::warning,
     .explanation = "A match of a route can never win."},
    {.code = "PC3307",
     .name = "all-weights-zero",
     .severity = Severity::warning,
     .explanation = "All backends of a rule have weight 0, so that every request fails."},
});

}  // namespace portcullis::base

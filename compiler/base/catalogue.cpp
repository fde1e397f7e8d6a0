#include "compiler/base/catalogue.hpp"

#include <algorithm>
#include <array>

#include "compiler/base/catalogue_allocation.hpp"
#include "compiler/base/catalogue_endpoints.hpp"
#include "compiler/base/catalogue_exposure.hpp"
#include "compiler/base/catalogue_gateway.hpp"
#include "compiler/base/catalogue_ingress.hpp"
#include "compiler/base/catalogue_ingress_tls.hpp"
#include "compiler/base/catalogue_limits.hpp"
#include "compiler/base/catalogue_manifest.hpp"
#include "compiler/base/catalogue_objects.hpp"
#include "compiler/base/catalogue_planning.hpp"
#include "compiler/base/catalogue_policy.hpp"
#include "compiler/base/catalogue_sentences.hpp"
#include "compiler/base/catalogue_service.hpp"
#include "compiler/base/catalogue_service_traffic.hpp"
#include "compiler/base/catalogue_workload.hpp"

namespace portcullis::base {

namespace {

template <std::size_t... sizes>
constexpr auto concatenate(const std::array<Rule, sizes>&... blocks) {
  std::array<Rule, (sizes + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(blocks.begin(), blocks.end(), at)), ...);
  return all;
}

constexpr auto rules = concatenate(manifest_rules, service_rules, service_traffic_rules, allocation_rules, object_rules,
                                   planning_rules, endpoints_rules, exposure_rules, ingress_rules, ingress_tls_rules,
                                   gateway_rules, policy_rules, workload_rules, sentence_rules, limits_rules);

// Lookup is a binary search, and a code names one rule for ever.
static_assert(std::adjacent_find(rules.begin(), rules.end(),
                                 [](const Rule& a, const Rule& b) { return a.code >= b.code; }) == rules.end(),
              "the catalogue is sorted by code and names no code twice");

}  // namespace

std::span<const Rule> catalogue() {
  return rules;
}

const Rule* find_rule(std::string_view code_or_name) {
  const auto found = std::ranges::lower_bound(rules, code_or_name, {}, &Rule::code);
  if (found != rules.end() && found->code == code_or_name) return &*found;
  const auto named = std::ranges::find(rules, code_or_name, &Rule::name);
  return named == rules.end() ? nullptr : &*named;
}

}  // namespace portcullis::base

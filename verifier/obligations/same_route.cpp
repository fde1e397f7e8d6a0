#include "verifier/obligations/same_route.hpp"

#include <algorithm>
#include <variant>

namespace portcullis::obligations {

namespace {

using specialise::Key;

const ir::Ranges* pre_ranges(const ir::Program& program, const Key& key) {
  const ir::RouteKey wanted{key.destination, key.protocol, key.port};
  const auto found = std::ranges::lower_bound(program.pre, wanted, std::less<>{}, &ir::RangeCheck::key);
  return found == program.pre.end() || found->key != wanted ? nullptr : &program.ranges[found->ranges];
}

bool is_entry(const ir::Pool& pool, const Key& key) {
  return std::ranges::any_of(
      pool.entries, [&](const ir::PoolEntry& e) { return e.address == key.destination && e.port == key.port; });
}

bool same_balance(const ir::Balance& a, const ir::Balance& b, bool with_masquerade) {
  ir::Balance other = b;
  if (!with_masquerade) other.masquerade = a.masquerade;
  return a == other;
}

}  // namespace

SameRoute::SameRoute(const ir::Program& program, const specialise::ProgramSide& side)
    : program_(program), side_(side), looks_at_marks_(std::ranges::any_of(program.checks, [](const ir::Check& c) {
        return std::holds_alternative<ir::Marked>(c.match);
      })) {}

bool SameRoute::holds(const Key& left, const Key& right, bool with_source) const {
  return same(side_.route(left), side_.route(right), left, right, with_source);
}

bool SameRoute::holds_elsewhere(const Key& left, const Key& right, bool with_source) const {
  return same(side_.route_elsewhere(left), side_.route_elsewhere(right), left, right, with_source);
}

bool SameRoute::same(const ir::Route* a, const ir::Route* b, const Key& left, const Key& right,
                     bool with_source) const {
  if (left.protocol != right.protocol) return false;
  if (a == nullptr || b == nullptr || !a->rivals.empty() || !b->rivals.empty()) return false;
  if (a->outcomes.size() != b->outcomes.size()) return false;
  if (pre_ranges(program_, left) != pre_ranges(program_, right)) return false;
  const bool with_masquerade = with_source || looks_at_marks_;
  for (std::size_t i = 0; i < a->outcomes.size(); ++i) {
    const ir::GuardedOutcome &x = a->outcomes[i], &y = b->outcomes[i];
    const auto *p = std::get_if<ir::Balance>(&x.outcome), *q = std::get_if<ir::Balance>(&y.outcome);
    if (p == nullptr || q == nullptr || x.source != y.source || x.ranges != y.ranges) return false;
    if (!same_balance(*p, *q, with_masquerade)) return false;
    const ir::Pool& pool = program_.pools[p->pool];
    if (is_entry(pool, left) || is_entry(pool, right)) return false;
  }
  return true;
}

bool is_alike_on_all_nodes(const cluster::Service& service, const cluster::ServicePort& port) {
  return service.external_policy == cluster::TrafficPolicy::cluster &&
         service.internal_policy == cluster::TrafficPolicy::cluster &&
         std::ranges::all_of(port.endpoints, [](const cluster::Endpoint& e) {
           return e.for_nodes.empty() && e.for_zones.empty() && e.alternatives.empty();
         });
}

}  // namespace portcullis::obligations

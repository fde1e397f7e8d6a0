#include "backends/ebpf/classes.hpp"

#include <algorithm>
#include <tuple>

#include "compiler/base/error.hpp"

namespace portcullis::ebpf {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// Tables see the first packet of a flow; the checks of other states are the companion's, or accept what passes anyway.
bool asks_new_flows(const ir::Check& check) {
  return check.states == ir::States::fresh || check.states == ir::States::any;
}

Verdict verdict_of(ir::Verdict verdict) {
  switch (verdict) {
    case ir::Verdict::accept:
      return Verdict::none;
    case ir::Verdict::reject:
      return Verdict::reject;
    case ir::Verdict::drop:
      return Verdict::drop;
  }
  return Verdict::none;
}

}  // namespace

Planner::Planner(const ir::Program& program) : program_(program) {
  for (const ir::RangeCheck& r : program.pre) pre_.emplace(r.key, r.ranges);
  for (std::uint32_t i = 0; i < program.checks.size(); ++i) {
    const ir::Check& check = program.checks[i];
    if (check.foreign || !asks_new_flows(check)) continue;
    std::visit(Overloaded{
                   [&](const ir::ToFrontend& to) { frontend_checks_[to.key].push_back(i); },
                   [&](const ir::ToNodePort& to) { node_port_checks_[{to.protocol, to.port}].push_back(i); },
                   [&](const ir::ToAddress& to) { address_checks_[to.address].push_back(i); },
                   [&](const auto&) { general_checks_.push_back(i); },
               },
               check.match);
  }
}

Plans Planner::plans(const Destination& destination) const {
  Plans out;
  Asked asked;
  for (unsigned bits = 0; bits < PCL_CLASSES; ++bits) out.of[bits] = plan(destination, bits, asked);
  out.ranges = asked.ranges;
  out.several_ranges = asked.several;
  return out;
}

Plan Planner::plan(const Destination& to, unsigned bits, Asked& asked) const {
  const bool pod = (bits & PCL_CLASS_POD) != 0, self = (bits & PCL_CLASS_SELF) != 0;
  const bool in_ranges = (bits & PCL_CLASS_RANGE) != 0;
  const auto applies = [&](const ir::GuardedOutcome& g) {
    switch (g.source) {
      case ir::SourceIs::any:
        return true;
      case ir::SourceIs::pod:
        return pod;
      case ir::SourceIs::node:
        return self;
      case ir::SourceIs::inside:
        asked.ask(g.ranges);
        return in_ranges;
      case ir::SourceIs::outside:
        asked.ask(g.ranges);
        return !in_ranges;
    }
    return false;
  };
  if (to.protocol) {
    if (const auto found = pre_.find({to.address, *to.protocol, to.port}); found != pre_.end()) {
      asked.ask(found->second);
      if (!in_ranges) return {Verdict::drop, false, nullptr};
    }
  }
  for (const ir::Route* route : candidates(to)) {
    const auto chosen = std::ranges::find_if(route->outcomes, applies);
    if (chosen == route->outcomes.end())
      throw base::InternalError("route without an unguarded outcome: " + route->owner);
    if (std::holds_alternative<ir::Fall>(chosen->outcome)) continue;
    const auto* balance = std::get_if<ir::Balance>(&chosen->outcome);
    if (balance == nullptr) break;
    const bool masquerade =
        balance->masquerade == ir::Masquerade::always || (balance->masquerade == ir::Masquerade::off_cluster && !pod);
    return {Verdict::dnat, masquerade, balance};
  }
  return {refusal({to, (bits & PCL_CLASS_OUT) != 0, false, false, in_ranges}, asked), false, nullptr};
}

const ir::Route* Planner::find(ir::Table table, const ir::RouteKey& key) const {
  const auto found = std::ranges::lower_bound(program_.routes, std::tie(table, key), std::less<>{},
                                              [](const ir::Route& r) { return std::tie(r.table, r.key); });
  if (found == program_.routes.end() || found->table != table || found->key != key) return nullptr;
  return &*found;
}

std::vector<const ir::Route*> Planner::candidates(const Destination& to) const {
  std::vector<const ir::Route*> routes;
  if (!to.protocol) return routes;
  const auto add = [&](const ir::Route* route) {
    if (route != nullptr) routes.push_back(route);
  };
  const ir::RouteKey exact{to.address, *to.protocol, to.port}, anywhere{{}, *to.protocol, to.port};
  add(find(ir::Table::service, exact));
  if (program_.accepts_node_port(to.address)) add(find(ir::Table::node_port, anywhere));
  if (program_.is_local(to.address)) {
    add(find(ir::Table::host_port, exact));
    add(find(ir::Table::host_port, anywhere));
  }
  return routes;
}

Planner::Refused Planner::refused(const ir::Pool& pool, const ir::PoolEntry& entry) const {
  Refused out;
  Asked asked;
  const Destination to{entry.address, pool.protocol, entry.port, false};
  for (unsigned i = 0; i < out.by.size(); ++i) {
    const bool process = (i & 2U) != 0, marked = (i & 1U) != 0;
    out.by[i] = refusal({to, process, true, marked, false}, asked);
  }
  out.asks_ranges = asked.ranges.has_value();
  return out;
}

Verdict Planner::refusal(const Seen& seen, Asked& asked) const {
  const bool ends_here = program_.is_local(seen.to.address);
  std::array<bool ir::Hooks::*, 2> hooks{};
  std::size_t count = 0;
  if (seen.out) hooks[count++] = &ir::Hooks::output;
  if (ends_here) {
    hooks[count++] = &ir::Hooks::input;
  } else if (!seen.out) {
    hooks[count++] = &ir::Hooks::forward;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const ir::Check* check = first_match(seen, hooks[i], asked);
    if (check != nullptr && check->verdict != ir::Verdict::accept) return verdict_of(check->verdict);
  }
  return Verdict::none;
}

const ir::Check* Planner::first_match(const Seen& seen, bool ir::Hooks::* hook, Asked& asked) const {
  std::uint32_t best = UINT32_MAX;
  const auto consider = [&](const Indexes& indexes) {
    for (const std::uint32_t i : indexes) {
      if (i >= best) return;  // ascending
      const ir::Check& check = program_.checks[i];
      if (!(check.hooks.*hook) || !matches(check, seen, asked)) continue;
      best = i;
      return;
    }
  };
  consider(general_checks_);
  if (const auto found = address_checks_.find(seen.to.address); found != address_checks_.end()) consider(found->second);
  if (seen.to.protocol) {
    const auto exact = frontend_checks_.find({seen.to.address, *seen.to.protocol, seen.to.port});
    if (exact != frontend_checks_.end()) consider(exact->second);
    const auto node_port = node_port_checks_.find({*seen.to.protocol, seen.to.port});
    if (node_port != node_port_checks_.end()) consider(node_port->second);
  }
  return best == UINT32_MAX ? nullptr : &program_.checks[best];
}

bool Planner::matches(const ir::Check& check, const Seen& seen, Asked& asked) const {
  const net::Address& to = seen.to.address;
  return std::visit(
      Overloaded{
          [](const ir::AnyPacket&) { return true; },
          [&](const ir::ToFrontend& frontend) {
            if (!frontend.unless_from) return true;
            asked.ask(*frontend.unless_from);
            return !seen.in_ranges;
          },
          [&](const ir::ToNodePort& port) {
            return port.any_local ? program_.is_local(to) : program_.accepts_node_port(to);
          },
          [](const ir::ToAddress&) { return true; },
          [&](const ir::ToPrefix& prefix) { return prefix.prefix.contains(to); },
          [&](const ir::Marked&) { return seen.marked; },
          [&](const ir::Martian&) { return to.is_loopback() && !seen.to.source_is_loopback && !seen.translated; },
      },
      check.match);
}

}  // namespace portcullis::ebpf

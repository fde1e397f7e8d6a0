#include "backends/iptables/routes.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "backends/iptables/names.hpp"

namespace portcullis::iptables {

namespace {

bool may_stop(const std::vector<ir::GuardedOutcome>& outcomes) {
  return std::ranges::any_of(outcomes, [](const auto& g) { return std::holds_alternative<ir::Stop>(g.outcome); });
}

std::string comment_of(const ir::Route& route) {
  return comment_text(route.owner + ' ' + std::string(to_string(route.kind)));
}

}  // namespace

AddressTypeMatch local_destination() {
  return {AddressTypeMatch::Which::destination, false};
}

net::Prefix loopback(net::Family family) {
  if (family == net::Family::ipv4) return {net::Address::v4(0x7F000000), 8};
  std::array<std::uint8_t, 16> one{};
  one.back() = 1;
  return net::Prefix::host(net::Address::v6(one));
}

std::vector<Rule> for_accepted_addresses(const ir::Program& program, const Rule& rule) {
  std::vector<Rule> out;
  if (program.accepted.every_local) {
    Rule& r = out.emplace_back(rule);
    r.matches.emplace_back(local_destination());
    if (!program.accepted.loopback) r.destination = AddressMatch{loopback(program.family), true};
    return out;
  }
  for (const net::Address& a : program.accepted.addresses) {
    out.emplace_back(rule).destination = AddressMatch{net::Prefix::host(a), false};
  }
  return out;
}

Routes::Routes(const ir::Program& program, TableBuilder& nat)
    : program_(program), nat_(nat), pools_(program, nat), guards_(program, nat) {}

void Routes::build() {
  if (program_.routes.empty()) return;
  top_ = nat_.chain(std::string(chain_prefix) + "NAT");
  nat_.jump_from("PREROUTING", {}, top_);
  nat_.jump_from("OUTPUT", {}, top_);
  for (const ir::Route& r : program_.routes) {
    if (may_stop(r.outcomes) && may_stop(reachable(program_, r.outcomes)))
      stops_[{r.key.protocol, r.key.port}].push_back(&r);
  }
  add_services();
  add_node_ports();
  add_host_ports();
}

void Routes::add_services() {
  std::vector<Leaf> leaves;
  leaves.reserve(program_.routes.size());
  for (const ir::Route& r : program_.routes) {
    if (r.table != ir::Table::service) continue;
    add_leaves(r, leaves);
  }
  TreeBuilder(nat_, program_.family, Forest::frontends).enter_by_address(top_, std::move(leaves));
}

void Routes::add_node_ports() {
  std::vector<Leaf> leaves;
  for (const ir::Route& r : program_.routes) {
    if (r.table != ir::Table::node_port) continue;
    add_leaves(r, leaves);
  }
  if (leaves.empty()) return;
  if (program_.accepted.every_local) {
    // The range of ports first: the address type costs a route look-up.
    TreeBuilder(nat_, program_.family, Forest::frontends)
        .enter_by_port(top_, std::move(leaves), for_accepted_addresses(program_, {}).front());
    return;
  }
  if (program_.accepted.addresses.empty()) return;
  const ChainId ports = nat_.chain(std::string(chain_prefix) + "NODEPORTS");
  for (Rule& r : for_accepted_addresses(program_, jump_to(ports))) nat_.add(top_, std::move(r));
  TreeBuilder(nat_, program_.family, Forest::frontends).enter_by_port(ports, std::move(leaves), {});
}

// A host port on one address comes before a host port on every address (ir::Interpreter::candidates).
void Routes::add_host_ports() {
  std::vector<Leaf> by_address, by_port;
  for (const ir::Route& r : program_.routes) {
    if (r.table != ir::Table::host_port) continue;
    add_leaves(r, r.key.address ? by_address : by_port);
  }
  TreeBuilder(nat_, program_.family, Forest::host_ports).enter_by_address(top_, std::move(by_address));
  Rule local;
  local.matches.emplace_back(local_destination());
  if (!by_port.empty())
    TreeBuilder(nat_, program_.family, Forest::host_ports).enter_by_port(top_, std::move(by_port), local);
}

void Routes::add_leaves(const ir::Route& route, std::vector<Leaf>& leaves) {
  const std::vector<ir::GuardedOutcome> outcomes = reachable(program_, route.outcomes);
  const std::vector<const ir::Route*> stops = stops_before(route);
  const auto* balance = std::get_if<ir::Balance>(&outcomes.front().outcome);
  if (outcomes.size() == 1 && balance != nullptr && stops.empty()) {
    if (auto mark = pools_.mark(*balance)) leaves.push_back(leaf(route, std::move(*mark)));
    leaves.push_back(leaf(route, go_to(pools_.chain(*balance))));
    return;
  }
  const std::optional<ChainId> to = chain_of(route, outcomes);
  if (to) leaves.push_back(leaf(route, go_to(stops.empty() ? *to : behind_stops(route, stops, *to))));
}

// `rule` for the packets of the route's key.
Leaf Routes::leaf(const ir::Route& route, Rule rule) const {
  Leaf l{{}, route.key.protocol, route.key.port, std::move(rule)};
  l.rule.protocol = protocol_match(route.key.protocol, program_.family);
  l.rule.matches.emplace_back(destination_ports(route.key.protocol, route.key.port, route.key.port));
  if (route.key.address) {
    l.prefix = net::Prefix::host(*route.key.address);
    l.rule.destination = AddressMatch{l.prefix, false};
    if (route.table == ir::Table::host_port) l.rule.matches.emplace_back(local_destination());
  }
  l.rule.comment = comment_of(route);
  return l;
}

// Nothing if the route translates no packet.
std::optional<ChainId> Routes::chain_of(const ir::Route& route, const std::vector<ir::GuardedOutcome>& outcomes) {
  if (outcomes.size() > 1) return frontend_chain(route, outcomes);
  const auto* balance = std::get_if<ir::Balance>(&outcomes.front().outcome);
  return balance == nullptr ? std::optional<ChainId>{} : pools_.entry(*balance);
}

// External, balancer and node-port routes of one Service port mostly share their outcomes.
std::optional<ChainId> Routes::frontend_chain(const ir::Route& route, const std::vector<ir::GuardedOutcome>& outcomes) {
  std::vector<Known>& known = frontends_[route.owner];
  const auto same = std::ranges::find(known, outcomes, &Known::outcomes);
  if (same != known.end()) return same->chain;
  std::string stem = frontend_stem(route.key, program_.family);
  for (const ir::GuardedOutcome& g : outcomes) {
    if (const auto* balance = std::get_if<ir::Balance>(&g.outcome)) stem = pools_.home(balance->pool);
  }
  const ChainId chain = nat_.chain(stem, Kind::frontend);
  known.push_back({outcomes, chain});
  guards_.fill(
      chain, outcomes,
      [this](const ir::Outcome& o) -> Target {
        if (const auto* balance = std::get_if<ir::Balance>(&o)) return Jump{pools_.entry(*balance), true};
        return Return{};
      },
      comment_text(route.owner));
  return chain;
}

// ---- stops

// Whether a packet that `stop` has stopped could match the later `route`.
bool Routes::can_reach(const ir::Route& stop, const ir::Route& route) const {
  if (stop.table > route.table) return false;
  // In the table of host ports the one with an address comes first; keys of other tables are disjoint.
  if (stop.table == route.table && (stop.table != ir::Table::host_port || !stop.key.address || route.key.address))
    return false;
  const bool one_address = stop.key.address && route.key.address;
  if (one_address) return *stop.key.address == *route.key.address;
  if (route.table == ir::Table::node_port && !program_.accepted.every_local)
    return std::ranges::binary_search(program_.accepted.addresses, *stop.key.address);
  return true;
}

std::vector<const ir::Route*> Routes::stops_before(const ir::Route& route) const {
  std::vector<const ir::Route*> out;
  const auto found = stops_.find({route.key.protocol, route.key.port});
  if (found == stops_.end()) return out;
  std::ranges::copy_if(found->second, std::back_inserter(out),
                       [&](const ir::Route* stop) { return can_reach(*stop, route); });
  return out;
}

// `to`, behind the exceptions that stopped packets are.
ChainId Routes::behind_stops(const ir::Route& route, const std::vector<const ir::Route*>& stops, ChainId to) {
  const ChainId chain = nat_.chain(frontend_stem(route.key, program_.family), Kind::exception);
  std::vector<Leaf> leaves;
  for (const ir::Route* stop : stops) {
    for (Rule& r : exceptions(*stop, route, to)) {
      if (stop->key.address) {
        leaves.push_back({net::Prefix::host(*stop->key.address), {}, 0, std::move(r)});
      } else {
        nat_.add(chain, std::move(r));
      }
    }
  }
  Rule on = go_to(to);
  on.comment = comment_of(route);
  TreeBuilder(nat_, program_.family, Forest::frontends).grow_by_address(chain, std::move(leaves), std::move(on));
  return chain;
}

std::vector<Rule> Routes::exceptions(const ir::Route& stop, const ir::Route& route, ChainId to) {
  Rule r = to_target(Return{});
  r.comment = comment_text(stop.owner + " has none here");
  const std::vector<ir::GuardedOutcome> outcomes = reachable(program_, stop.outcomes);
  const bool falls =
      std::ranges::any_of(outcomes, [](const auto& g) { return std::holds_alternative<ir::Fall>(g.outcome); });
  if (falls) {  // only some packets of this key are stopped
    const ChainId some = nat_.chain(frontend_stem(route.key, program_.family), Kind::exception);
    guards_.fill(
        some, outcomes,
        [to](const ir::Outcome& o) -> Target {
          if (std::holds_alternative<ir::Fall>(o)) return Jump{to, true};
          return Return{};
        },
        comment_of(route));
    r.target = Jump{some, true};
  }
  if (!stop.key.address) return for_accepted_addresses(program_, r);
  r.destination = AddressMatch{net::Prefix::host(*stop.key.address), false};
  return {std::move(r)};
}

}  // namespace portcullis::iptables

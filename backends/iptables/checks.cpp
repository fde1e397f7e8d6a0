#include "backends/iptables/checks.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "backends/iptables/guards.hpp"
#include "backends/iptables/names.hpp"
#include "backends/iptables/routes.hpp"
#include "backends/netfilter/value.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::iptables {

namespace {

namespace state = netfilter::state;
namespace status = netfilter::status;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// What makes neighbours a tree.
enum class Shape : std::uint8_t { simple, frontend, accepted_port, local_port, address };

Shape shape_of(const ir::Check& check) {
  return std::visit(
      Overloaded{
          [](const ir::ToFrontend&) { return Shape::frontend; },
          [](const ir::ToNodePort& to) { return to.any_local ? Shape::local_port : Shape::accepted_port; },
          [](const ir::ToAddress&) { return Shape::address; },
          [](const ir::AnyPacket&) { return Shape::simple; },
          [](const ir::ToPrefix&) { return Shape::simple; },
          [](const ir::Marked&) { return Shape::simple; },
          [](const ir::Martian&) { return Shape::simple; },
      },
      check.match);
}

std::vector<Match> matches_of(ir::States states) {
  switch (states) {
    case ir::States::fresh:
      return {StateMatch{state::fresh, false}};
    case ir::States::any:
      return {};
    case ir::States::invalid:
      return {StateMatch{state::invalid, false}};
    case ir::States::established_or_related:
      return {StateMatch{state::established | state::related, false}};
  }
  return {};
}

// The run of equal values of `of` that begins at `begin`.
template <class Range, class Projection>
std::size_t end_of_run(const Range& range, std::size_t begin, Projection of) {
  std::size_t end = begin;
  while (end < range.size() && of(range[end]) == of(range[begin])) ++end;
  return end;
}

}  // namespace

void Checks::build() {
  add_hook("INPUT", &ir::Hooks::input);
  add_hook("FORWARD", &ir::Hooks::forward);
  add_hook("OUTPUT", &ir::Hooks::output);
}

void Checks::add_hook(std::string_view built_in, bool ir::Hooks::* hook) {
  Indexes all;
  for (std::uint32_t i = 0; i < program_.checks.size(); ++i) {
    const ir::Check& c = program_.checks[i];
    // A foreign policy is somebody else's: it is in the program so that fates are right, not to be emitted.
    if (c.hooks.*hook && !c.foreign) all.push_back(i);
  }
  if (all.empty()) return;
  const ChainId top = filter_.chain(std::string(chain_prefix) + std::string(built_in));
  const auto states = [&](std::uint32_t i) { return program_.checks[i].states; };
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = end_of_run(all, begin, states);
    add_group(
        top, Indexes(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)));
    begin = end;
  }
  filter_.jump_from(built_in, {}, top);
}

// Checks of one state, at the end of `from`.
void Checks::add_group(ChainId from, const Indexes& group) {
  const ir::Check& first = program_.checks[group.front()];
  if (first.states == ir::States::any || (group.size() == 1 && shape_of(first) == Shape::simple)) {
    add_run(from, group, matches_of(first.states));
    return;
  }
  const ChainId chain = group_chain(group);
  Rule r = jump_to(chain);
  r.matches = matches_of(first.states);
  filter_.add(from, std::move(r));
}

ChainId Checks::group_chain(const Indexes& group) {
  const auto known = groups_.find(group);
  if (known != groups_.end()) return known->second;
  const ChainId chain = filter_.chain(std::string(chain_prefix) + "CHECK");
  groups_.emplace(group, chain);
  add_run(chain, group, {});
  return chain;
}

// `state`: what simple checks have to test of it, because nobody has yet.
void Checks::add_run(ChainId chain, std::span<const std::uint32_t> run, const std::vector<Match>& state) {
  const auto shape = [&](std::uint32_t i) { return shape_of(program_.checks[i]); };
  for (std::size_t begin = 0; begin < run.size();) {
    const std::size_t end = end_of_run(run, begin, shape);
    const auto part = run.subspan(begin, end - begin);
    switch (shape(part.front())) {
      case Shape::simple:
        for (const std::uint32_t i : part) add_simple(chain, program_.checks[i], state);
        break;
      case Shape::frontend:
        TreeBuilder(filter_, program_.family, Forest::frontends).enter_by_address(chain, leaves(part));
        break;
      case Shape::address:
        TreeBuilder(filter_, program_.family, Forest::hygiene).enter_by_address(chain, leaves(part));
        break;
      case Shape::local_port: {
        Rule local;
        local.matches.emplace_back(local_destination());
        TreeBuilder(filter_, program_.family, Forest::frontends).enter_by_port(chain, leaves(part), local);
        break;
      }
      case Shape::accepted_port: {
        const std::vector<Rule> accepted = for_accepted_addresses(program_, {});
        if (accepted.empty()) break;
        if (accepted.size() == 1) {
          TreeBuilder(filter_, program_.family, Forest::frontends).enter_by_port(chain, leaves(part), accepted.front());
          break;
        }
        const ChainId ports = filter_.chain(std::string(chain_prefix) + "NODEPORTS");
        for (Rule r : accepted) {
          r.target = Jump{ports, false};
          filter_.add(chain, std::move(r));
        }
        TreeBuilder(filter_, program_.family, Forest::frontends).enter_by_port(ports, leaves(part), {});
        break;
      }
    }
    begin = end;
  }
}

std::vector<Leaf> Checks::leaves(std::span<const std::uint32_t> run) {
  std::vector<Leaf> out;
  out.reserve(run.size());
  for (const std::uint32_t i : run) out.push_back(leaf(program_.checks[i]));
  return out;
}

Leaf Checks::leaf(const ir::Check& check) {
  Leaf l{{}, {}, 0, to_target(verdict(check))};
  l.rule.comment = comment_text(check.owner);
  const auto port = [&](net::Protocol protocol, std::uint16_t number) {
    l.protocol = protocol;
    l.port = number;
    l.rule.protocol = protocol_match(protocol, program_.family);
    l.rule.matches.emplace_back(destination_ports(protocol, number, number));
  };
  const auto address = [&](const net::Address& a) {
    l.prefix = net::Prefix::host(a);
    l.rule.destination = AddressMatch{l.prefix, false};
  };
  if (const auto* to = std::get_if<ir::ToFrontend>(&check.match)) {
    address(*to->key.address);
    port(to->key.protocol, to->key.port);
  } else if (const auto* node_port = std::get_if<ir::ToNodePort>(&check.match)) {
    port(node_port->protocol, node_port->port);
  } else {
    address(std::get<ir::ToAddress>(check.match).address);
  }
  return l;
}

void Checks::add_simple(ChainId chain, const ir::Check& check, std::vector<Match> state) {
  Rule r = to_target(verdict(check));
  r.comment = comment_text(check.owner);
  r.matches = std::move(state);
  if (const auto* prefix = std::get_if<ir::ToPrefix>(&check.match)) {
    if (prefix->prefix.length() > 0) r.destination = AddressMatch{prefix->prefix, false};
  } else if (std::holds_alternative<ir::Marked>(check.match)) {
    r.matches.emplace_back(MarkMatch{program_.mark, program_.mark, false});
  } else if (std::holds_alternative<ir::Martian>(check.match)) {
    r.source = AddressMatch{loopback(program_.family), true};
    r.destination = AddressMatch{loopback(program_.family), false};
    r.matches.emplace_back(StateMatch{state::related | state::established | status::dnat, true});
  }
  filter_.add(chain, std::move(r));
}

Target Checks::verdict(const ir::Check& check) {
  const auto* to = std::get_if<ir::ToFrontend>(&check.match);
  if (to == nullptr || !to->unless_from) return verdict(check.verdict);
  // A source that is inside comes back and meets the next rule of this key.
  const auto key = std::pair(*to->unless_from, check.verdict);
  auto known = ranges_.find(key);
  if (known == ranges_.end()) {
    const ChainId chain =
        add_range_chain(filter_, program_.family, program_.ranges[*to->unless_from], verdict(check.verdict));
    known = ranges_.emplace(key, chain).first;
  }
  return Jump{known->second, false};
}

Target Checks::verdict(ir::Verdict verdict) const {
  switch (verdict) {
    case ir::Verdict::accept:
      return Accept{};
    case ir::Verdict::drop:
      return Drop{};
    case ir::Verdict::reject:
      return Reject{reject_types(program_.family).front()};
  }
  throw base::InternalError("no such verdict");
}

}  // namespace portcullis::iptables

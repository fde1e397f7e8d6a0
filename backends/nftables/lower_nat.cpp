// Routes: key → (class, group) in one look-up; the class is a chain for all routes of one shape.
#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/lower_family.hpp"
#include "backends/nftables/scratch.hpp"

namespace portcullis::nftables {

namespace {

// What an interface can be called, as far as nft's text can say it (no quotes, and `*` is a wildcard).
bool nameable(std::string_view interface) {
  return !interface.empty() && std::ranges::all_of(interface, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-@:").find(c) != std::string_view::npos;
  });
}

}  // namespace

void FamilyLowering::lower_routes() {
  if (const auto* i = std::get_if<ir::InterfaceDetector>(&program_.detector); i != nullptr && !nameable(i->name)) {
    diagnostics_.add("PC5002", fmt::format("`{}` cannot be an interface's name in nftables", i->name), {});
  }
  const auto count = [&](KeySpace space) {
    return static_cast<std::size_t>(
        std::ranges::count_if(program_.routes, [&](const ir::Route& r) { return key_space(r) == space; }));
  };
  for (const KeySpace space : {KeySpace::service, KeySpace::node_port, KeySpace::host_port_at, KeySpace::host_port}) {
    make_.elements(sets_.routes[static_cast<std::size_t>(space)]).reserve(count(space));
  }
  for (const ir::Route& route : program_.routes) add_route(route);
  lower_dispatch();
}

void FamilyLowering::add_route(const ir::Route& route) {
  if (!route.rivals.empty()) {
    diagnostics_.add("PC5002", fmt::format("`{}` and `{}` both claim one key", route.owner, route.rivals.front()),
                     route.origin.span);
    return;
  }
  std::optional<std::uint32_t> group;
  for (const ir::GuardedOutcome& g : route.outcomes) {
    const auto* balance = std::get_if<ir::Balance>(&g.outcome);
    if (balance == nullptr) continue;
    const std::uint32_t number = groups_.number(*balance, route.key.protocol);
    if (group && *group != number) {
      diagnostics_.add("PC5002", fmt::format("a route of `{}` balances over two pools", route.owner),
                       route.origin.span);
      return;
    }
    group = number;
  }
  const std::uint32_t value = scratch::routes | class_of(route) << scratch::class_shift | group.value_or(0);
  Elements e = make_.elements(sets_.routes[static_cast<std::size_t>(key_space(route))]);
  if (route.key.address) e.key(*route.key.address);
  e.key(make_.number(route.key.protocol)).key(route.key.port).value(value);
  e.comment(fmt::format("{} {}", route.owner, to_string(route.kind)));
  add_guard_elements(route);
}

// The class's number; a new one gets its chain and its interval of scratch values.
std::uint32_t FamilyLowering::class_of(const ir::Route& route) {
  Shape s = shape(program_, route);
  if (const auto found = classes_.find(s); found != classes_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(classes_.size());
  if (number == scratch::max_classes) {
    diagnostics_.add("PC5003", fmt::format("more than {} shapes of routes", scratch::max_classes), route.origin.span);
  }
  if (number >= scratch::max_classes) return 0;
  const ChainId chain = class_chain(s);
  const std::uint32_t low = scratch::routes | number << scratch::class_shift;
  Elements e = make_.elements(sets_.classes);
  e.key(low, low | ((1U << scratch::class_shift) - 1));
  // A route that falls must come back to try the next table; one that ends without translation must not.
  e.verdict({s.falls() ? Verdict::Kind::jump : Verdict::Kind::go_to, chain});
  classes_.emplace(std::move(s), number);
  return number;
}

ChainId FamilyLowering::class_chain(const Shape& shape) {
  const ChainId chain = make_.chain(shape.chain_name());
  const auto balances = [](const Step& s) {
    return s.does == Step::Does::cluster_set || s.does == Step::Does::local_set;
  };
  if (std::ranges::any_of(shape.steps, balances)) make_.rule(chain, {Maker::scratch_and(scratch::without_class)});
  for (const Step& step : shape.steps) class_step(chain, shape, step);
  return chain;
}

void FamilyLowering::class_step(ChainId chain, const Shape& shape, const Step& step) {
  const std::optional<Statements> applies = guard(shape, step);
  if (!applies) return;
  const auto rule = [&](Statements more) {
    Statements all = *applies;
    std::ranges::move(more, std::back_inserter(all));
    make_.rule(chain, std::move(all));
  };
  switch (step.does) {
    case Step::Does::fall:
      return rule({Maker::decide(Verdict::Kind::back)});
    case Step::Does::stop:
      // In a chain that was jumped to, only the base chain's end is no way back.
      return rule({Maker::decide(shape.falls() ? Verdict::Kind::accept : Verdict::Kind::back)});
    case Step::Does::cluster_set:
    case Step::Does::local_set:
      break;
  }
  Statements balance;
  if (step.masquerade == ir::Masquerade::off_cluster) {
    Statements mark;
    if (auto other = from_pod(true)) mark.push_back(std::move(*other));
    mark.push_back(Maker::set_mark_bit(program_.mark));
    rule(std::move(mark));
  } else if (step.masquerade == ir::Masquerade::always) {
    balance.push_back(Maker::set_mark_bit(program_.mark));
  }
  if (step.does == Step::Does::local_set) balance.push_back(Maker::scratch_or(scratch::local_bit));
  balance.push_back(Maker::decide({Maker::field(Field::priority)}, sets_.balance));
  rule(std::move(balance));
}

// Nothing: the guard never holds.
std::optional<Statements> FamilyLowering::guard(const Shape& shape, const Step& step) {
  switch (step.source) {
    case ir::SourceIs::any:
      return Statements{};
    case ir::SourceIs::pod:
      if (auto pod = from_pod(false)) return Statements{std::move(*pod)};
      return {};
    case ir::SourceIs::node:
      return Statements{Maker::local(Field::fib_source_type)};
    case ir::SourceIs::inside:
    case ir::SourceIs::outside: {
      std::vector<Term> key = has_address(*shape.space) ? make_.frontend_key() : Maker::port_key();
      key.push_back(make_.source());
      return Statements{
          Maker::in(std::move(key), guard_set(*shape.space, step.ranges), step.source == ir::SourceIs::outside)};
    }
  }
  return {};
}

// The detector's test, or its contrary. Nothing: it never takes a packet for a pod's.
std::optional<Statement> FamilyLowering::from_pod(bool negated) const {
  if (const auto* cidr = std::get_if<ir::CidrDetector>(&program_.detector)) return make_.from(cidr->cidr, negated);
  const auto* interface = std::get_if<ir::InterfaceDetector>(&program_.detector);
  if (interface == nullptr || interface->name.size() > 15 || !nameable(interface->name)) return {};
  return Maker::interface(interface->name, interface->is_prefix, negated);
}

// ---- guards by source ranges: (key of the route, source)

SetId FamilyLowering::guard_set(KeySpace space, std::uint8_t ordinal) {
  const std::string name =
      fmt::format("sources_{}{}", map_name(space), ordinal == 0 ? "" : fmt::format("_{}", ordinal));
  std::vector<Declared> key;
  if (has_address(space)) key.push_back(make_.address_type("daddr"));
  key.push_back(make_.protocol_type());
  key.push_back(make_.port_type());
  return declare(name, with_source(std::move(key)), {netfilter::Set::Data::none, true});
}

void FamilyLowering::add_guard_elements(const ir::Route& route) {
  std::uint8_t ordinal = 0;
  for (const ir::GuardedOutcome& g : route.outcomes) {
    if (g.source != ir::SourceIs::inside && g.source != ir::SourceIs::outside) continue;
    Elements e = make_.elements(guard_set(key_space(route), ordinal++));
    const ir::Ranges& ranges = program_.ranges[g.ranges];
    for (const net::Prefix& p : ranges.sources.prefixes()) {
      if (p.family() != program_.family) continue;
      if (route.key.address) e.key(*route.key.address);
      e.key(make_.number(route.key.protocol)).key(route.key.port).key(p);
      e.comment(ranges.name);
    }
  }
}

// ---- the three tables in order

void FamilyLowering::lower_dispatch() {
  const auto dispatch = [&](Statements where, KeySpace space) {
    const SetId map = sets_.routes[static_cast<std::size_t>(space)];
    if (make_.model().sets[map].size() == 0) return;
    where.push_back(Maker::scratch(has_address(space) ? make_.frontend_key() : Maker::port_key(), map));
    where.push_back(Maker::decide({Maker::field(Field::priority)}, sets_.classes));
    make_.rule(services_, std::move(where));
  };
  dispatch({}, KeySpace::service);
  dispatch(at_accepted_address(), KeySpace::node_port);
  dispatch({Maker::local(Field::fib_destination_type)}, KeySpace::host_port_at);
  dispatch({Maker::local(Field::fib_destination_type)}, KeySpace::host_port);
}

}  // namespace portcullis::nftables

// pre and check: source ranges before translation, refusals after it.
#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/check_layers.hpp"
#include "backends/nftables/lower_family.hpp"

namespace portcullis::nftables {

namespace {

const char* hooks_name(const ir::Hooks& h) {
  if (h.input)
    return h.forward ? (h.output ? "input_forward_output" : "input_forward") : (h.output ? "input_output" : "input");
  return h.forward ? (h.output ? "forward_output" : "forward") : "output";
}

// Nothing: every state.
Statements state_guard(ir::States states) {
  switch (states) {
    case ir::States::fresh:
      return {Maker::state(netfilter::state::fresh)};
    case ir::States::any:
      return {};
    case ir::States::invalid:
      return {Maker::state(netfilter::state::invalid)};
    case ir::States::established_or_related:
      return {Maker::state(netfilter::state::established | netfilter::state::related)};
  }
  return {};
}

}  // namespace

// ---- source ranges: dropped if the frontend has ranges and (frontend, source) is not in one of them

FamilyLowering::RangePair FamilyLowering::range_pair() {
  const std::string suffix = range_pairs_++ == 0 ? "" : fmt::format("_{}", range_pairs_);
  return {declare("ranged" + suffix, frontend_types(), {}),
          declare("allowed" + suffix, with_source(frontend_types()), {netfilter::Set::Data::none, true})};
}

void FamilyLowering::add_range_check(const RangePair& pair, const ir::RouteKey& key, ir::RangesId ranges,
                                     const std::string& owner) {
  Elements ranged = make_.elements(pair.ranged), allowed = make_.elements(pair.allowed);
  ranged.key(*key.address).key(make_.number(key.protocol)).key(key.port);
  ranged.comment(owner);
  for (const net::Prefix& p : program_.ranges[ranges].sources.prefixes()) {
    if (p.family() != program_.family) continue;
    allowed.key(*key.address).key(make_.number(key.protocol)).key(key.port).key(p);
    allowed.comment(owner);
  }
}

Statements FamilyLowering::outside_ranges(const RangePair& pair) const {
  std::vector<Term> with_source = make_.frontend_key();
  with_source.push_back(make_.source());
  return {Maker::in(make_.frontend_key(), pair.ranged), Maker::in(std::move(with_source), pair.allowed, true)};
}

void FamilyLowering::lower_ranges() {
  if (program_.pre.empty()) return;
  const RangePair pair = range_pair();
  const ir::RouteKey* last = nullptr;
  for (const ir::RangeCheck& r : program_.pre) {
    if (last == nullptr || *last != r.key) add_range_check(pair, r.key, r.ranges, r.owner);
    last = &r.key;
  }
  const auto refuse = [&](Statements first) {
    first.push_back(Maker::state(netfilter::state::fresh));
    std::ranges::move(outside_ranges(pair), std::back_inserter(first));
    first.push_back(Maker::decide(Verdict::Kind::drop));
    return first;
  };
  // What comes in by lo has been asked at output already, before translation.
  make_.rule(ranges_prerouting_, refuse({Maker::interface("lo", false, true)}));
  make_.rule(ranges_output_, refuse({}));
}

// ---- checks

Statement FamilyLowering::verdict_of(ir::Verdict verdict) const {
  switch (verdict) {
    case ir::Verdict::accept:
      return Maker::decide(Verdict::Kind::accept);
    case ir::Verdict::drop:
      return Maker::decide(Verdict::Kind::drop);
    case ir::Verdict::reject:
      return netfilter::Reject{};
  }
  return netfilter::Reject{};
}

void FamilyLowering::check_rule(const ir::Hooks& hooks, const Statements& first, Statements rest) {
  Statements all = first;
  std::ranges::move(rest, std::back_inserter(all));
  if (hooks.input) make_.rule(filter_[0], all);
  if (hooks.forward) make_.rule(filter_[1], all);
  if (hooks.output) make_.rule(filter_[2], std::move(all));
}

// A name of its own for each part: parts of one kind and hooks that other checks stand between are counted.
SetId FamilyLowering::check_set(const char* what, const ir::Hooks& hooks, std::vector<Declared> key,
                                Maker::SetOptions options) {
  const std::string name = fmt::format("check_{}_{}", what, hooks_name(hooks));
  const std::uint32_t turn = ++check_sets_[name];
  return declare(turn == 1 ? name : fmt::format("{}_{}", name, turn), std::move(key), options);
}

void FamilyLowering::lower_checks() {
  for (const CheckLayer& layer : check_layers(program_)) {
    for (const CheckPart& part : layer.parts) check_part(layer, part);
  }
}

void FamilyLowering::check_part(const CheckLayer& layer, const CheckPart& part) {
  const Statements states = state_guard(layer.states);
  const ir::Check& only = *part.checks.front();
  switch (layer.kind) {
    case CheckKind::any_packet:
      return check_rule(part.hooks, states, {verdict_of(only.verdict)});
    case CheckKind::prefix:
      return check_rule(part.hooks, states,
                        {make_.to(std::get<ir::ToPrefix>(only.match).prefix), verdict_of(only.verdict)});
    case CheckKind::marked:
      check_rule(part.hooks, states, {Maker::marked(program_.mark), verdict_of(only.verdict)});
      // A hairpin is masqueraded without the mark.
      for (Statements& hairpin : hairpins()) {
        hairpin.push_back(verdict_of(only.verdict));
        check_rule(part.hooks, states, std::move(hairpin));
      }
      return;
    case CheckKind::martian:
      return check_martian(layer.states, only);
    case CheckKind::frontend_ranges:
      return check_ranges(states, part);
    case CheckKind::address:
      return check_addresses(states, part);
    case CheckKind::frontend:
    case CheckKind::node_port:
    case CheckKind::local_port:
      return check_by_map(layer.kind, states, part);
  }
}

void FamilyLowering::check_by_map(CheckKind kind, const Statements& states, const CheckPart& part) {
  const bool frontend = kind == CheckKind::frontend;
  const char* what = frontend ? "frontends" : kind == CheckKind::node_port ? "node_ports" : "local_ports";
  std::vector<Declared> types = frontend_types();
  if (!frontend) types.erase(types.begin());
  const SetId map = check_set(what, part.hooks, std::move(types), {netfilter::Set::Data::verdicts, false});
  Elements e = make_.elements(map);
  e.reserve(part.checks.size());
  for (const ir::Check* check : part.checks) {
    if (const auto* to = std::get_if<ir::ToFrontend>(&check->match)) {
      e.key(*to->key.address).key(make_.number(to->key.protocol)).key(to->key.port);
    } else {
      const auto& port = std::get<ir::ToNodePort>(check->match);
      e.key(make_.number(port.protocol)).key(port.port);
    }
    switch (check->verdict) {
      case ir::Verdict::accept:
        e.verdict({Verdict::Kind::accept, 0});
        break;
      case ir::Verdict::drop:
        e.verdict({Verdict::Kind::drop, 0});
        break;
      case ir::Verdict::reject:
        e.verdict({Verdict::Kind::go_to, refuse_});
        break;  // reject is no verdict that a map can hold
    }
    e.comment(check->owner);
  }
  Statements where;
  if (kind == CheckKind::node_port) where = at_accepted_address();
  if (kind == CheckKind::local_port) where = {Maker::local(Field::fib_destination_type)};
  where.push_back(Maker::decide(frontend ? make_.frontend_key() : Maker::port_key(), map));
  check_rule(part.hooks, states, std::move(where));
}

void FamilyLowering::check_ranges(const Statements& states, const CheckPart& part) {
  const RangePair pair = range_pair();
  for (const ir::Check* check : part.checks) {
    const auto& to = std::get<ir::ToFrontend>(check->match);
    add_range_check(pair, to.key, *to.unless_from, check->owner);
  }
  Statements rest = outside_ranges(pair);
  rest.push_back(verdict_of(part.verdict));
  check_rule(part.hooks, states, std::move(rest));
}

void FamilyLowering::check_addresses(const Statements& states, const CheckPart& part) {
  const SetId set = check_set("addresses", part.hooks, {make_.address_type("daddr")}, {});
  Elements e = make_.elements(set);
  e.reserve(part.checks.size());
  for (const ir::Check* check : part.checks) {
    e.key(std::get<ir::ToAddress>(check->match).address);
    e.comment(check->owner);
  }
  check_rule(part.hooks, states, {Maker::in({make_.destination()}, set), verdict_of(part.verdict)});
}

// An invalid packet has no conntrack entry, so `ct status` can't be asked; it has not been translated either.
void FamilyLowering::check_martian(ir::States states, const ir::Check& check) {
  const net::Prefix prefix = *net::Prefix::parse(make_.v4() ? "127.0.0.0/8" : "::1/128");
  const auto rule = [&](Statements first) {
    first.push_back(make_.to(prefix));
    first.push_back(make_.from(prefix, true));
    first.push_back(verdict_of(check.verdict));
    check_rule(check.hooks, {}, std::move(first));
  };
  if (states == ir::States::any || states == ir::States::invalid) rule({Maker::state(netfilter::state::invalid)});
  if (states == ir::States::any || states == ir::States::fresh) {
    rule({Maker::state(netfilter::state::fresh), translated(true)});
  }
}

// ---- translated packets

Statement FamilyLowering::translated(bool negated) {
  return netfilter::Match{{Maker::field(Field::ct_status)}, netfilter::AnyBit{netfilter::status::dnat}, negated};
}

// Whoever translated the packet to its own sender: `ct status dnat` has the kernel's say that it was translated, which
// it has not where the frontend is the endpoint itself.
std::vector<Statements> FamilyLowering::hairpins() {
  std::vector<Statements> out;
  out.push_back({translated(), Maker::in(hairpin_key(), sets_.hairpin)});
  if (make_.model().sets[sets_.hairpin_same].size() > 0)
    out.push_back({translated(true), Maker::in(hairpin_key(), sets_.hairpin_same)});
  return out;
}

std::vector<Term> FamilyLowering::hairpin_key() const {
  return {make_.source(), make_.destination(), Maker::field(Field::protocol), Maker::field(Field::destination_port)};
}

}  // namespace portcullis::nftables

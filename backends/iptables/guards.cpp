#include "backends/iptables/guards.hpp"

#include <utility>

#include <fmt/format.h>

#include "backends/iptables/names.hpp"
#include "backends/iptables/tree.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::iptables {

namespace {

using ir::SourceIs;

// Kernel: IFNAMSIZ 16 with its end.
constexpr std::size_t longest_interface = 15;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

Passes decided(bool holds, bool wanted) {
  return holds == wanted ? Passes::all : Passes::none;
}

Passes narrow_by_interface(Rule& rule, const ir::InterfaceDetector& detector, bool pods) {
  // No interface has a longer name; of a prefix this long there is one.
  if (detector.name.size() > longest_interface) return decided(false, pods);
  const bool is_prefix = detector.is_prefix && detector.name.size() < longest_interface;
  rule.matches.emplace_back(InterfaceMatch{false, detector.name, is_prefix, !pods});
  return Passes::some;
}

AddressTypeMatch local_source() {
  return {AddressTypeMatch::Which::source, false};
}

Rule with(Target target, const std::string& comment) {
  Rule r = to_target(std::move(target));
  r.comment = comment;
  return r;
}

std::vector<Leaf> leaves_of(const net::PrefixSet& sources, const Rule& rule) {
  std::vector<Leaf> leaves;
  for (const net::Prefix& p : sources.prefixes()) {
    Rule r = rule;
    r.source = AddressMatch{p, false};
    leaves.push_back({p, {}, 0, std::move(r)});
  }
  return leaves;
}

}  // namespace

Passes narrow_by_detector(Rule& rule, const ir::Detector& detector, bool pods) {
  return std::visit(Overloaded{
                        [&](const ir::NoDetector&) { return decided(false, pods); },
                        [&](const ir::CidrDetector& d) {
                          if (d.cidr.length() == 0) return decided(true, pods);
                          rule.source = AddressMatch{d.cidr, !pods};
                          return Passes::some;
                        },
                        [&](const ir::InterfaceDetector& d) { return narrow_by_interface(rule, d, pods); },
                    },
                    detector);
}

std::vector<ir::GuardedOutcome> reachable(const ir::Program& program, std::span<const ir::GuardedOutcome> outcomes) {
  std::vector<ir::GuardedOutcome> out;
  for (const ir::GuardedOutcome& g : outcomes) {
    Passes passes = Passes::some;
    Rule scratch;
    switch (g.source) {
      case SourceIs::any:
        passes = Passes::all;
        break;
      case SourceIs::pod:
        passes = narrow_by_detector(scratch, program.detector, true);
        break;
      case SourceIs::node:
        break;
      case SourceIs::inside:
        if (program.ranges[g.ranges].sources.empty()) passes = Passes::none;
        break;
      case SourceIs::outside:
        if (program.ranges[g.ranges].sources.empty()) passes = Passes::all;
        break;
    }
    if (passes == Passes::none) continue;
    out.push_back(g);
    if (passes == Passes::all) {
      out.back().source = SourceIs::any;
      return out;
    }
  }
  throw base::InternalError("route without an unguarded outcome");
}

void GuardChains::fill(ChainId chain, std::span<const ir::GuardedOutcome> outcomes, const Meaning& meaning,
                       const std::string& comment) {
  for (; !outcomes.empty(); outcomes = outcomes.subspan(1)) {
    const ir::GuardedOutcome& g = outcomes.front();
    Target target = meaning(g.outcome);
    Rule r = with(std::move(target), comment);
    switch (g.source) {
      case SourceIs::any:
        if (!std::holds_alternative<Return>(r.target)) table_.add(chain, std::move(r));
        return;
      case SourceIs::pod:
        if (narrow_by_detector(r, program_.detector, true) == Passes::some) table_.add(chain, std::move(r));
        break;
      case SourceIs::node:
        r.matches.emplace_back(local_source());
        table_.add(chain, std::move(r));
        break;
      case SourceIs::inside:
      case SourceIs::outside: {
        const auto& prefixes = program_.ranges[g.ranges].sources.prefixes();
        if (prefixes.size() > 1) return branch_on_ranges(chain, outcomes, meaning, comment);
        r.source = AddressMatch{prefixes.front(), g.source == SourceIs::outside};
        table_.add(chain, std::move(r));
        break;
      }
    }
  }
}

// Several prefixes: a tree, with one way for sources that are in it and one for those that are not.
void GuardChains::branch_on_ranges(ChainId chain, std::span<const ir::GuardedOutcome> outcomes, const Meaning& meaning,
                                   const std::string& comment) {
  const ir::GuardedOutcome& g = outcomes.front();
  const ChainId rest = table_.chain(table_.name(chain), Kind::guard);
  fill(rest, outcomes.subspan(1), meaning, comment);
  Rule outcome = with(meaning(g.outcome), comment);
  Rule on = with(Jump{rest, true}, comment);
  const bool inside = g.source == SourceIs::inside;
  const Rule& hit = inside ? outcome : on;
  Rule miss = inside ? on : outcome;
  TreeBuilder(table_, program_.family, Forest::frontends, Side::source)
      .grow_by_address(chain, leaves_of(program_.ranges[g.ranges].sources, hit),
                       std::holds_alternative<Return>(miss.target) ? std::optional<Rule>{} : std::move(miss));
}

ChainId add_range_chain(TableBuilder& table, net::Family family, const ir::Ranges& ranges, Target verdict) {
  const ChainId chain = table.chain(std::string(chain_prefix) + "R" + hash_text(ranges.name));
  const std::string comment = comment_text(ranges.name + " source ranges");
  TreeBuilder(table, family, Forest::frontends, Side::source)
      .grow_by_address(chain, leaves_of(ranges.sources, with(Return{}, comment)), with(std::move(verdict), comment));
  return chain;
}

}  // namespace portcullis::iptables

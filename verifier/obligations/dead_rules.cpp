#include "verifier/obligations/dead_rules.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/walk.hpp"
#include "verifier/specialise/lookup.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/specialise/ruleset.hpp"

namespace portcullis::obligations {

namespace {

using namespace netfilter;
using specialise::Reached;

void run_all(const ir::Program& program, const Model& model, Reached& reached) {
  const NodeFacts node = facts(program);
  specialise::Arena arena;
  // The program's endpoints are destinations of their own (specialise::RulesetSide), so it takes part.
  specialise::ProgramSide meant(arena, program);
  specialise::RulesetSide emitted(arena, model, node, program.family);
  emitted.note_in(reached);
  for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                          net::ConntrackState::related, net::ConntrackState::invalid}) {
    for (const bool from_node : {false, true}) {
      specialise::for_each_region(
          meant, emitted, program.family, {from_node, state}, arena, [](const specialise::Pair&) {},
          specialise::Singles::apart);
    }
  }
}

// Rules that ask for a protocol of which no destination is.
class OtherProtocols {
 public:
  OtherProtocols(const Model& model, Reached& reached)
      : model_(model), reached_(reached), led_to_(model.chains.size(), false) {}

  void note() {
    for (ChainId c = 0; c < model_.chains.size(); ++c) {
      const Chain& chain = model_.chains[c];
      for (std::uint32_t r = 0; r < chain.rules.size(); ++r) {
        if (std::ranges::any_of(chain.rules[r].statements, [&](const Statement& s) { return asks(chain, s); }))
          note_rule(c, r);
      }
    }
  }

 private:
  static bool has_destinations(const Chain& chain, std::uint32_t number) {
    const auto is = [&](net::Family family) {
      return std::ranges::any_of(
          std::initializer_list{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp},
          [&](net::Protocol p) { return net::number(p, family) == number; });
    };
    return (chain.ipv4 && is(net::Family::ipv4)) || (chain.ipv6 && is(net::Family::ipv6));
  }

  static std::optional<std::size_t> protocol_of(std::span<const Term> key) {
    for (std::size_t i = 0; i < key.size(); ++i) {
      const auto* field = std::get_if<Field>(&key[i].source);
      if (field != nullptr && *field == Field::protocol) return i;
    }
    return {};
  }

  bool asks(const Chain& chain, const Statement& statement) {
    if (const auto* decide = std::get_if<DecideByMap>(&statement)) {
      const auto at = protocol_of(decide->key);
      return at && any_element(chain, decide->map, *at);
    }
    const auto* match = std::get_if<Match>(&statement);
    if (match == nullptr || match->negated) return false;
    const auto at = protocol_of(match->key);
    if (!at) return false;
    if (const auto* in = std::get_if<InSet>(&match->test)) return any_element(chain, in->set, *at);
    if (const auto* equals = std::get_if<Equals>(&match->test)) return !has_destinations(chain, equals->value.words[0]);
    return true;
  }

  // Elements with another protocol are found, all of them.
  bool any_element(const Chain& chain, SetId id, std::size_t field) {
    const Set& set = model_.sets[id];
    bool any = false;
    for (std::uint32_t e = 0; e < set.size(); ++e) {
      const std::uint32_t low = specialise::low_of(set, e, field)[0], high = specialise::high_of(set, e, field)[0];
      if (low == high && has_destinations(chain, low)) continue;
      reached_.note_element(id, e);
      any = true;
    }
    return any;
  }

  void note_rule(ChainId chain, std::uint32_t rule) {
    reached_.note_rule(chain, rule);
    for (const Statement& statement : model_.chains[chain].rules[rule].statements) {
      if (const auto* decide = std::get_if<Decide>(&statement)) lead(decide->verdict);
      if (const auto* by_map = std::get_if<DecideByMap>(&statement)) {
        for (const Verdict& verdict : model_.sets[by_map->map].verdicts) lead(verdict);
      }
    }
  }

  void lead(const Verdict& verdict) {
    const bool on = verdict.kind == Verdict::Kind::jump || verdict.kind == Verdict::Kind::go_to;
    if (!on || led_to_[verdict.chain]) return;
    led_to_[verdict.chain] = true;
    for (std::uint32_t r = 0; r < model_.chains[verdict.chain].rules.size(); ++r) note_rule(verdict.chain, r);
  }

  const Model& model_;
  Reached& reached_;
  std::vector<bool> led_to_;
};

}  // namespace

Reached reached_rules(std::span<const ir::Program> programs, const Model& model) {
  Reached reached(model);
  for (const ir::Program& program : programs) {
    try {
      run_all(program, model, reached);
    } catch (const NotModelled&) {
      reached.leave_open();
    }
  }
  OtherProtocols(model, reached).note();
  return reached;
}

}  // namespace portcullis::obligations

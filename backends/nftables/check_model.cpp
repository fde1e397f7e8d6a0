#include "backends/nftables/check_model.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace portcullis::nftables {

namespace {

using netfilter::Set;
using netfilter::SetId;
using netfilter::Statement;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// How a statement uses a set.
struct Use {
  SetId set = 0;
  const std::vector<netfilter::Term>* key = nullptr;
  std::optional<Set::Data> holds;  // any, if absent
  std::size_t data_words = 0;      // of values
};

std::optional<Use> use(const Statement& statement) {
  using Found = std::optional<Use>;
  const auto of_expression = [](const netfilter::Expression& e, std::size_t words) -> Found {
    if (!e.map) return {};
    return Use{*e.map, &e.terms, Set::Data::values, words};
  };
  return std::visit(
      Overloaded{
          [](const netfilter::Match& m) -> Found {
            const auto* in = std::get_if<netfilter::InSet>(&m.test);
            if (in == nullptr) return {};
            return Use{in->set, &m.key, {}, 0};
          },
          [](const netfilter::DecideByMap& d) -> Found { return Use{d.map, &d.key, Set::Data::verdicts, 0}; },
          [&](const netfilter::Assign& a) -> Found { return of_expression(a.value, 1); },
          [&](const netfilter::Translate& t) -> Found {
            return of_expression(t.value, (t.family == net::Family::ipv4 ? 1U : 4U) + (t.has_port ? 1U : 0U));
          },
          [](const netfilter::Update& u) -> Found { return Use{u.set, &u.key, Set::Data::none, 0}; },
          [](const netfilter::Decide&) -> Found { return {}; },
          [](const netfilter::Reject&) -> Found { return {}; },
          [](const netfilter::Masquerade&) -> Found { return {}; },
          [](const netfilter::Chance&) -> Found { return {}; },
          [](const netfilter::Opaque&) -> Found { return {}; },
          [](const netfilter::Unmodelled&) -> Found { return {}; },
      },
      statement);
}

std::size_t words(const std::vector<netfilter::Term>& key) {
  return std::accumulate(key.begin(), key.end(), std::size_t{0},
                         [](std::size_t n, const netfilter::Term& t) { return n + netfilter::width(t); });
}

bool is_source(const netfilter::Term& term) {
  const auto* field = std::get_if<netfilter::Field>(&term.source);
  return field != nullptr && (*field == netfilter::Field::ip4_source || *field == netfilter::Field::ip6_source);
}

// What a live table remembers is not its text.
void forget(Set& set, SetText& text) {
  set.lows.clear();
  set.highs.clear();
  set.values.clear();
  set.verdicts.clear();
  set.spans.clear();
  text.names.clear();
  text.name_of.clear();
}

// `how` fits the set, field by field; otherwise why not.
std::string misfit(const Use& how, const Set& set) {
  if (how.holds && *how.holds != set.holds) return fmt::format("`{}` is no such kind of set or map", set.name);
  bool fits = words(*how.key) == set.key_width() && how.key->size() == set.key.size();
  for (std::size_t i = 0; fits && i < set.key.size(); ++i) fits = netfilter::width((*how.key)[i]) == set.key[i];
  if (!fits) return fmt::format("`{}` is looked up with another kind of key than it has", set.name);
  if (how.holds == Set::Data::values && how.data_words != set.data_width()) {
    return fmt::format("`{}` holds other values than are needed", set.name);
  }
  return {};
}

}  // namespace

std::string complete(Ruleset& ruleset, const std::map<SetId, std::string>& unmodelled_sets) {
  std::string why;
  for (netfilter::Chain& chain : ruleset.model.chains) {
    for (netfilter::Rule& rule : chain.rules) {
      for (std::size_t i = 0; i < rule.statements.size(); ++i) {
        const std::optional<Use> how = use(rule.statements[i]);
        if (!how) continue;
        Set& set = ruleset.model.sets[how->set];
        if (const auto unknown = unmodelled_sets.find(how->set); unknown != unmodelled_sets.end()) {
          rule.statements.resize(i);
          rule.statements.push_back(netfilter::Unmodelled{fmt::format("set {} with {}", set.name, unknown->second)});
          break;
        }
        if (why = misfit(*how, set); !why.empty()) return why;
        if (std::holds_alternative<netfilter::Update>(rule.statements[i])) {
          set.dynamic = true;
          const auto source = std::ranges::find_if(*how->key, is_source);
          if (source != how->key->end()) set.source_field = static_cast<std::size_t>(source - how->key->begin());
        }
      }
    }
  }
  for (std::size_t i = 0; i < ruleset.sets.size(); ++i) {
    if (ruleset.model.sets[i].dynamic) forget(ruleset.model.sets[i], ruleset.sets[i]);
  }
  return why;
}

}  // namespace portcullis::nftables

#include "verifier/encode/cases.hpp"

#include <variant>

namespace portcullis::encode {

using namespace specialise;

namespace {

void gather(Arena& arena, NodeId id, const net::Address* endpoint,
            std::set<std::pair<NodeId, const net::Address*>>& seen, std::set<AtomId>& atoms) {
  if (!seen.emplace(id, endpoint).second) return;
  const Node n = arena.node(id);
  switch (n.kind) {
    case NodeKind::test: {
      AtomId atom = n.parts[0];
      if (endpoint != nullptr && std::holds_alternative<SourceIsEndpoint>(arena.atom_of(atom)))
        atom = arena.atom(SourceIn{{{*endpoint, *endpoint}}});
      atoms.insert(atom);
      gather(arena, n.parts[1], endpoint, seen, atoms);
      gather(arena, n.parts[2], endpoint, seen, atoms);
      return;
    }
    case NodeKind::choice:
      for (std::size_t i = 0; i < arena.branches(n).size(); ++i)
        gather(arena, arena.branches(n)[i].node, endpoint, seen, atoms);
      return;
    case NodeKind::balance: {
      const Balance balance = arena.balance(n);
      for (const BalanceEntry& e : balance.entries)
        gather(arena, e.behind, &arena.endpoint_of(e.endpoint).first, seen, atoms);
      for (const LabelId label : balance.asked) atoms.insert(arena.atom(Remembers{label}));
      return;
    }
    case NodeKind::to:
      return gather(arena, n.parts[2], &arena.endpoint_of(n.parts[0]).first, seen, atoms);
    case NodeKind::outcome:
    case NodeKind::unknown:
      return;
  }
}

}  // namespace

std::vector<AtomId> atoms_of(Arena& arena, NodeId root) {
  std::set<std::pair<NodeId, const net::Address*>> seen;
  std::set<AtomId> atoms;
  gather(arena, root, nullptr, seen, atoms);
  return {atoms.begin(), atoms.end()};
}

Enumeration for_each_case(smt::Session& session, const Arena& arena, net::Family family,
                          const std::vector<net::Address>& local, const std::vector<AtomId>& atoms, const Key& key,
                          const Path& path, std::size_t most, const std::function<bool(const Case&)>& each) {
  const smt::Session::Scope scope(session);
  Rest rest(session, arena, family, local, Values::concrete);
  std::vector<smt::Term> terms, assertions{rest.assumed()};
  for (const AtomId a : atoms) terms.push_back(rest.atom(a, rest.source()));
  for (std::size_t n = 0;; ++n) {
    const smt::Result result = session.check("cases", assertions);
    if (result.answer == smt::Answer::unsatisfiable) return Enumeration::complete;
    if (result.answer == smt::Answer::unknown || n == most) return Enumeration::too_many;
    Case one{rest.packet(*result.model, key, path), {}};
    for (const auto& [label, term] : rest.memories()) {
      if (rest.remembered(*result.model, label)) one.remembered.insert(label);
    }
    if (!each(one)) return Enumeration::stopped;
    std::vector<smt::Term> other;
    for (const smt::Term t : terms) other.push_back(result.model->truth(t) ? session.no(t) : t);
    assertions.push_back(session.any(other));
  }
}

}  // namespace portcullis::encode

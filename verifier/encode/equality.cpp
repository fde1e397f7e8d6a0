#include "verifier/encode/equality.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

namespace portcullis::encode {

namespace {

using namespace specialise;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

bool is_leaf(const Node& node) {
  return node.kind != NodeKind::test;
}

// The grain of both kernel mechanisms: a 32-bit random number scaled to n, and probabilities in 2⁻³¹.
bool nearly_equal(const Rational& a, const Rational& b, std::size_t entries) {
  if (a == b) return true;
  const long double x = static_cast<long double>(a.numerator) / static_cast<long double>(a.denominator);
  const long double y = static_cast<long double>(b.numerator) / static_cast<long double>(b.denominator);
  return std::fabs(x - y) <= y * static_cast<long double>(entries) / 2147483648.0L;
}

// Both diagrams' tests, parents before children.
void topological(const Arena& arena, NodeId node, std::set<NodeId>& seen, std::vector<NodeId>& order) {
  if (!seen.insert(node).second) return;
  const Node& n = arena.node(node);
  if (n.kind == NodeKind::test) {
    topological(arena, n.parts[1], seen, order);
    topological(arena, n.parts[2], seen, order);
  }
  order.push_back(node);
}

std::vector<NodeId> parents_first(const Arena& arena, NodeId root) {
  std::set<NodeId> seen;
  std::vector<NodeId> order;
  topological(arena, root, seen, order);
  std::ranges::reverse(order);
  return order;
}

}  // namespace

// ---- shapes

// Writes a pair of diagrams down. Words that mean values are the number of the value among those met so far.
class Judge::Shape {
 public:
  Shape(Judge& judge, const Path& path) : judge_(judge), arena_(judge.arena_) {
    put(path.from_node ? 1 : 0);
    put(judge.family_ == net::Family::ipv4 ? 4 : 6);
  }

  void add(NodeId left, NodeId right) {
    visit(left, left_leaves_);
    visit(right, right_leaves_);
    // Whole numbers of leaves come first, then how each pair of them relates.
    for (const NodeId l : left_leaves_) {
      for (const NodeId r : right_leaves_) relation(judge_.relate(l, r));
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> take() { return std::move(words_); }

 private:
  void put(std::uint32_t word) { words_.push_back(word); }

  void relation(const Relation& r) {
    put(static_cast<std::uint32_t>(r.kind));
    if (r.kind != Relation::Kind::templates) return;
    put(static_cast<std::uint32_t>(r.behind.size()));
    std::vector<NodeId> left, right;
    for (const auto& [l, other] : r.behind) {
      left.clear();
      right.clear();
      visit(l, left);
      visit(other, right);
    }
  }

  void visit(NodeId id, std::vector<NodeId>& leaves) {
    const Node& n = arena_.node(id);
    if (n.kind == NodeKind::test) {
      const auto [at, fresh] = tests_.try_emplace(id, static_cast<std::uint32_t>(tests_.size()));
      put(fresh ? 100 : 101);
      put(at->second);
      if (!fresh) return;
      atom(n.parts[0]);
      visit(n.parts[1], leaves);
      visit(n.parts[2], leaves);
      return;
    }
    const NodeId leaf = judge_.view(id);
    const Node& l = arena_.node(leaf);
    put(200 + static_cast<std::uint32_t>(l.kind));
    if (l.kind == NodeKind::outcome || l.kind == NodeKind::unknown) put(l.parts[0]);
    const auto found = std::ranges::find(leaves, leaf);
    put(static_cast<std::uint32_t>(found - leaves.begin()));
    if (found == leaves.end()) leaves.push_back(leaf);
  }

  void atom(AtomId id) {
    const Atom& a = arena_.atom_of(id);
    put(300 + static_cast<std::uint32_t>(a.index()));
    std::visit(Overloaded{
                   [&](const SourceIn& in) {
                     put(static_cast<std::uint32_t>(in.intervals.size()));
                     for (const Interval& i : in.intervals) {
                       put(i.low == i.high ? 1 : 0);
                       put(intervals_.try_emplace(i, static_cast<std::uint32_t>(intervals_.size())).first->second);
                     }
                   },
                   [](const SourceIsLocal&) {},
                   [](const SourceIsEndpoint&) {},
                   [&](const SourcePortIn& in) {
                     put(static_cast<std::uint32_t>(in.ranges.size()));
                     for (const auto& [low, high] : in.ranges) put(std::uint32_t{low} << 16U | high);
                   },
                   [&](const ArrivesOn& on) {
                     for (const std::uint32_t w : on.mask) put(w);
                     for (const std::uint32_t w : on.value) put(w);
                   },
                   [&](const Remembers& asks) { put(asks.label); },
                   [&](const OpaqueHolds& asks) {
                     put(asks.match);
                     put(asks.hook);
                   },
               },
               a);
  }

  Judge& judge_;
  const Arena& arena_;
  std::vector<std::uint32_t> words_;
  std::map<NodeId, std::uint32_t> tests_;
  std::map<Interval, std::uint32_t> intervals_;
  std::vector<NodeId> left_leaves_, right_leaves_;
};

// ---- leaves

Judge::Judge(smt::Session& session, const Arena& arena, net::Family family, std::vector<net::Address> local,
             Agreement agreement)
    : session_(session), arena_(arena), family_(family), local_(std::move(local)), agreement_(agreement) {}

Balance Judge::balance(const Node& node) const {
  if (node.kind == NodeKind::balance) return arena_.balance(node);
  const auto& [endpoint, label, behind, seconds] = node.parts;
  Balance one;
  one.entries.push_back({endpoint, label, {1, 1}, behind});
  if (seconds != none) one.seconds = seconds;
  return one;
}

// A translation that is refused for every endpoint is the refusal.
NodeId Judge::view(NodeId leaf) const {
  const Node& n = arena_.node(leaf);
  NodeId first = 0;
  if (n.kind == NodeKind::to) {
    first = n.parts[2];
  } else if (n.kind == NodeKind::balance) {
    const auto& entries = arena_.balance(n).entries;
    first = entries.front().behind;
    if (!std::ranges::all_of(entries, [first](const BalanceEntry& e) { return e.behind == first; })) return leaf;
  } else {
    return leaf;
  }
  const Node& behind = arena_.node(first);
  const bool refused = behind.kind == NodeKind::outcome && arena_.outcome_of(behind).end != Outcome::End::passed;
  return refused ? first : leaf;
}

const Judge::Relation& Judge::relate(NodeId left, NodeId right) {
  const auto [at, fresh] = relations_.try_emplace({left, right});
  if (fresh) at->second = compare(arena_.node(left), arena_.node(right));
  return at->second;
}

Judge::Relation Judge::compare(const Node& left, const Node& right) {
  const auto translates = [](const Node& n) { return n.kind == NodeKind::to || n.kind == NodeKind::balance; };
  if (translates(left) && translates(right)) {
    if (left.kind == NodeKind::to && right.kind == NodeKind::to) return compare(balance(left), balance(right));
    if (left.kind == NodeKind::to) return compare(balance(left), arena_.balance(right));
    if (right.kind == NodeKind::to) return compare(arena_.balance(left), balance(right));
    return compare(arena_.balance(left), arena_.balance(right));
  }
  if (agree(left, right)) return {Relation::Kind::same, {}, {}};
  return {Relation::Kind::differ, "they end differently", {}};
}

// Of outcomes.
bool Judge::agree(const Node& left, const Node& right) const {
  if (left.kind != NodeKind::outcome || right.kind != NodeKind::outcome) return false;
  if (agreement_ == Agreement::all) return left == right;
  Outcome l = arena_.outcome_of(left), r = arena_.outcome_of(right);
  l.masquerade = r.masquerade = false;
  return l == r;
}

Judge::Relation Judge::compare(const Balance& left, const Balance& right) {
  const auto differ = [](std::string why) { return Relation{Relation::Kind::differ, std::move(why), {}}; };
  if (left.entries.size() != right.entries.size())
    return differ(fmt::format("{} endpoints against {}", left.entries.size(), right.entries.size()));
  if (left.seconds != right.seconds) return differ("the chosen endpoint is remembered for another time");
  std::set<std::pair<NodeId, NodeId>> behind;
  // Labels sort an endpoint that is there twice; each side's labels are numbers of its own, so such pools are matched
  // by endpoint alone and only where the endpoint is there once.
  for (std::size_t i = 0; i < left.entries.size(); ++i) {
    const BalanceEntry &l = left.entries[i], &r = right.entries[i];
    const auto name = [&] {
      const auto& [address, port] = arena_.endpoint_of(l.endpoint);
      return net::endpoint_text(address, port);
    };
    if (l.endpoint != r.endpoint) return differ("other endpoints, " + name() + " among them");
    if ((l.label == none) != (r.label == none)) return differ("only one of them remembers " + name());
    if (!nearly_equal(l.weight, r.weight, left.entries.size())) return differ("another probability of " + name());
    behind.emplace(l.behind, r.behind);
  }
  if (left.asked.size() != right.asked.size()) return differ("the memory is asked for other endpoints");
  // Last, so that only balances that are alike in all else tie their labels to each other.
  for (std::size_t i = 0; i < left.entries.size(); ++i) {
    const LabelId label = left.entries[i].label;
    if (label != none && !pair_labels(label, right.entries[i].label)) {
      const auto& [address, port] = arena_.endpoint_of(left.entries[i].endpoint);
      return differ("the memory of " + net::endpoint_text(address, port) + " is another's too");
    }
  }
  for (std::size_t i = 0; i < left.asked.size(); ++i) {
    if (!pair_labels(left.asked[i], right.asked[i])) return differ("the memory is asked in another order");
  }
  return {Relation::Kind::templates, {}, {behind.begin(), behind.end()}};
}

// Memories are the same history on both sides only if one label is one label everywhere.
bool Judge::pair_labels(LabelId left, LabelId right) {
  return right_of_.try_emplace(left, right).first->second == right &&
         left_of_.try_emplace(right, left).first->second == left;
}

// ---- formulas

std::vector<Judge::Leaf> Judge::leaves(Rest& rest, NodeId root, smt::Term endpoint) {
  std::map<NodeId, std::vector<smt::Term>> reached;
  reached[root] = {session_.truth(true)};
  std::vector<Leaf> out;
  for (const NodeId id : parents_first(arena_, root)) {
    const smt::Term here = session_.any(reached.at(id));
    const Node& n = arena_.node(id);
    if (is_leaf(n)) {
      out.push_back({view(id), here});
      continue;
    }
    const smt::Term holds = rest.atom(n.parts[0], endpoint);
    reached[n.parts[1]].push_back(session_.all({here, holds}));
    reached[n.parts[2]].push_back(session_.all({here, session_.no(holds)}));
  }
  return out;
}

smt::Term Judge::differ(Rest& rest, NodeId left, NodeId right, smt::Term endpoint) {
  const std::vector<Leaf> ls = leaves(rest, left, endpoint), rs = leaves(rest, right, endpoint);
  std::vector<smt::Term> any;
  for (const Leaf& l : ls) {
    for (const Leaf& r : rs) {
      const Relation& relation = relate(l.node, r.node);
      if (relation.kind == Relation::Kind::same) continue;
      std::vector<smt::Term> all{l.condition, r.condition};
      if (relation.kind == Relation::Kind::templates) {
        std::vector<smt::Term> behind;
        for (const auto& [a, b] : relation.behind) behind.push_back(differ(rest, a, b, rest.any_endpoint()));
        all.push_back(session_.any(behind));
      }
      any.push_back(session_.all(all));
    }
  }
  return session_.any(any);
}

// As differ, with each template at the endpoints that it is of.
smt::Term Judge::differ_with_values(Rest& rest, NodeId left, NodeId right) {
  const smt::Term nowhere = rest.source();  // no endpoint in front of a translation
  const std::vector<Leaf> ls = leaves(rest, left, nowhere), rs = leaves(rest, right, nowhere);
  std::vector<smt::Term> any;
  for (const Leaf& l : ls) {
    for (const Leaf& r : rs) {
      const Relation relation = relate(l.node, r.node);
      if (relation.kind == Relation::Kind::same) continue;
      std::vector<smt::Term> all{l.condition, r.condition};
      if (relation.kind == Relation::Kind::templates) {
        const Balance a = balance(arena_.node(l.node)), b = balance(arena_.node(r.node));
        std::map<std::pair<NodeId, NodeId>, std::vector<smt::Term>> endpoints;
        const smt::Term endpoint = rest.any_endpoint();
        for (std::size_t i = 0; i < a.entries.size(); ++i) {
          endpoints[{a.entries[i].behind, b.entries[i].behind}].push_back(
              session_.equal(endpoint, rest.address(arena_.endpoint_of(a.entries[i].endpoint).first)));
        }
        std::vector<smt::Term> behind;
        for (const auto& [pair, among] : endpoints)
          behind.push_back(session_.all({session_.any(among), differ(rest, pair.first, pair.second, endpoint)}));
        all.push_back(session_.any(behind));
      }
      any.push_back(session_.all(all));
    }
  }
  return session_.any(any);
}

// ---- judging

std::optional<std::string> Judge::find_unknown(NodeId root) const {
  for (const NodeId id : parents_first(arena_, root)) {
    const Node& n = arena_.node(id);
    if (n.kind == NodeKind::unknown) return arena_.reason(n);
    if (n.kind == NodeKind::to) {
      if (auto why = find_unknown(n.parts[2])) return why;
    } else if (n.kind == NodeKind::balance) {
      std::set<NodeId> behind;
      for (const BalanceEntry& e : arena_.balance(n).entries) behind.insert(e.behind);
      for (const NodeId b : behind) {
        if (auto why = find_unknown(b)) return why;
      }
    } else if (n.kind == NodeKind::choice) {
      for (const Branch& b : arena_.branches(n)) {
        if (auto why = find_unknown(b.node)) return why;
      }
    }
  }
  return {};
}

bool Judge::has_choice(NodeId root) const {
  return std::ranges::any_of(parents_first(arena_, root), [&](NodeId id) {
    const Node& n = arena_.node(id);
    return n.kind == NodeKind::choice ||
           (n.kind == NodeKind::test && std::holds_alternative<Remembers>(arena_.atom_of(n.parts[0])));
  });
}

Judgement Judge::judge(NodeId left, NodeId right, const Key& key, const Path& path) {
  ++counts_.pairs;
  if (has_choice(left) || has_choice(right)) return {Judgement::Kind::unrecognised, {}, {}};
  if (!share_) return with_values(left, right, key, path);
  Shape shape(*this, path);
  shape.add(left, right);
  const auto [at, fresh] = theorems_.try_emplace(shape.take(), false);
  if (fresh) {
    ++counts_.shapes;
    const smt::Session::Scope scope(session_);
    Rest rest(session_, arena_, family_, local_, Values::symbolic);
    const smt::Term differs = differ(rest, left, right, rest.any_endpoint());
    const smt::Result result = session_.check(fmt::format("shape-{}", counts_.shapes), {rest.assumed(), differs});
    at->second = result.answer == smt::Answer::unsatisfiable;
  }
  if (at->second) return {};
  return with_values(left, right, key, path);
}

Judgement Judge::with_values(NodeId left, NodeId right, const Key& key, const Path& path) {
  ++counts_.concrete;
  const smt::Session::Scope scope(session_);
  Rest rest(session_, arena_, family_, local_, Values::concrete);
  const smt::Term differs = differ_with_values(rest, left, right);
  const smt::Result result = session_.check(fmt::format("pair-{}", counts_.concrete), {rest.assumed(), differs});
  switch (result.answer) {
    case smt::Answer::unsatisfiable:
      return {};
    case smt::Answer::unknown:
      return {Judgement::Kind::unknown, result.reason, {}};
    case smt::Answer::satisfiable:
      break;
  }
  Judgement out{Judgement::Kind::different, {}, rest.packet(*result.model, key, path)};
  if (auto why = find_unknown(left)) return {Judgement::Kind::unknown, *why, out.witness};
  if (auto why = find_unknown(right)) return {Judgement::Kind::unknown, *why, out.witness};
  for (const NodeId l : parents_first(arena_, left)) {
    for (const NodeId r : parents_first(arena_, right)) {
      if (!is_leaf(arena_.node(l)) || !is_leaf(arena_.node(r))) continue;
      const Relation& relation = relate(view(l), view(r));
      if (relation.kind == Relation::Kind::differ && out.reason.empty()) out.reason = relation.reason;
    }
  }
  return out;
}

}  // namespace portcullis::encode

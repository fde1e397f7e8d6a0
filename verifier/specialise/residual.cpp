#include "verifier/specialise/residual.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace portcullis::specialise {

namespace {

std::uint32_t bits(const Outcome& o) {
  return static_cast<std::uint32_t>(o.end) | (o.local ? 4U : 0U) | (o.accepted ? 8U : 0U) | (o.masquerade ? 16U : 0U);
}

auto order(const BalanceEntry& e) {
  return std::tuple(e.endpoint, e.label);
}

}  // namespace

bool Arena::is_asked(const Kept& kept, LabelId label) {
  if (kept.all == nullptr) return false;
  const auto found = kept.all->find(label);
  return found != kept.all->end() && found->second <= kept.asked;
}

std::size_t Arena::NodeHash::operator()(const Node& node) const {
  const auto& p = node.parts;
  const auto wide = [](std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} << 32U | b; };
  return mix(mix(static_cast<std::size_t>(node.kind), wide(p[0], p[1])), wide(p[2], p[3]));
}

std::size_t Arena::EndpointHash::operator()(const std::pair<net::Address, std::uint16_t>& endpoint) const {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), endpoint.first.bytes().data(), sizeof halves);
  return mix(mix(endpoint.second, halves[0]), halves[1]);
}

Arena::Arena() : source_is_endpoint_(atom(SourceIsEndpoint{})) {}

AtomId Arena::atom(const Atom& atom) {
  if (std::holds_alternative<SourceIsEndpoint>(atom) && !atoms_.empty()) return source_is_endpoint_;
  const auto [at, fresh] = atom_ids_.try_emplace(atom, static_cast<AtomId>(atoms_.size()));
  if (fresh) atoms_.push_back(atom);
  return at->second;
}

EndpointId Arena::endpoint(const net::Address& address, std::uint16_t port) {
  return endpoints_.add({address, port}).first;
}

LabelId Arena::label(const std::string& name) {
  const auto [at, fresh] = label_ids_.try_emplace(name, static_cast<LabelId>(labels_.size()));
  if (fresh) labels_.push_back(name);
  return at->second;
}

NodeId Arena::intern(const Node& node) {
  return nodes_.add(node).first;
}

NodeId Arena::outcome(const Outcome& outcome) {
  return intern({NodeKind::outcome, {bits(outcome), 0, 0, 0}});
}

Outcome Arena::outcome_of(const Node& node) const {
  const std::uint32_t b = node.parts[0];
  return {static_cast<Outcome::End>(b & 3U), (b & 4U) != 0, (b & 8U) != 0, (b & 16U) != 0};
}

NodeId Arena::unknown(const std::string& reason) {
  const auto found = std::ranges::find(reasons_, reason);
  const auto index = static_cast<std::uint32_t>(found - reasons_.begin());
  if (found == reasons_.end()) reasons_.push_back(reason);
  return intern({NodeKind::unknown, {index, 0, 0, 0}});
}

NodeId Arena::test(AtomId atom, NodeId then, NodeId otherwise) {
  if (then == otherwise) return then;
  const Node t = nodes_[then], o = nodes_[otherwise];
  if (const auto merged = lifted(atom, t, o)) return *merged;
  if (const auto merged = remembered(atom, t, otherwise)) return *merged;
  return intern({NodeKind::test, {atom, then, otherwise, 0}});
}

// Two translations to the same endpoint: the test moves behind them.
std::optional<NodeId> Arena::lifted(AtomId atom, const Node& then, const Node& otherwise) {
  if (then.kind != NodeKind::to || otherwise.kind != NodeKind::to) return {};
  const auto& [endpoint, label, behind, seconds] = then.parts;
  if (endpoint != otherwise.parts[0] || label != otherwise.parts[1] || seconds != otherwise.parts[3]) return {};
  const NodeId tested = test(relative(atom, endpoint), behind, otherwise.parts[2]);
  return intern({NodeKind::to, {endpoint, label, tested, seconds}});
}

// `the source is 10.0.1.2` in front of a translation to 10.0.1.2 is `the source is the endpoint`.
AtomId Arena::relative(AtomId atom, EndpointId endpoint) {
  const auto* in = std::get_if<SourceIn>(&atoms_[atom]);
  const net::Address& address = endpoints_[endpoint].first;
  if (in == nullptr || in->intervals.size() != 1) return atom;
  return in->intervals.front() == Interval{address, address} ? source_is_endpoint_ : atom;
}

// A memory is asked, a hit takes the label's own endpoint, a miss goes on to the choice that has the same entry.
std::optional<NodeId> Arena::remembered(AtomId atom, const Node& then, NodeId otherwise) {
  const auto* asks = std::get_if<Remembers>(&atoms_[atom]);
  if (asks == nullptr || then.kind != NodeKind::to || then.parts[1] != asks->label) return {};
  const Node& miss = nodes_[otherwise];
  if (miss.kind != NodeKind::balance) return {};
  const Kept& kept = kept_[miss.parts[0]];
  const Balance& balance = balances_[kept.choice];
  const auto seconds = then.parts[3] == none ? std::nullopt : std::optional(then.parts[3]);
  if (balance.seconds != seconds || is_asked(kept, asks->label)) return {};
  const auto entry = std::ranges::lower_bound(balance.entries, std::tuple(then.parts[0], then.parts[1]), {}, order);
  if (entry == balance.entries.end() || order(*entry) != std::tuple(then.parts[0], then.parts[1])) return {};
  if (entry->behind != then.parts[2]) return {};
  return keep_asking(asks->label, miss.parts[0]);
}

NodeId Arena::keep_asking(LabelId label, std::uint32_t rest) {
  const Kept& behind = kept_[rest];
  Kept kept{behind.choice, rest, label, behind.asked + 1, behind.all, nullptr};
  // Somebody else went on from there.
  if (kept.all == nullptr || kept.all->size() != behind.asked) {
    kept.all = std::make_shared<Asked>();
    for (const Kept* at = &behind; at->rest != none; at = &kept_[at->rest]) kept.all->emplace(at->first, at->asked);
  }
  kept.all->emplace(label, kept.asked);
  return keep(std::move(kept));
}

const Balance& Arena::balance(const Node& node) const {
  Kept& kept = kept_[node.parts[0]];
  if (kept.rest == none) return balances_[kept.choice];
  if (kept.whole == nullptr) {
    kept.whole = std::make_unique<Balance>(balances_[kept.choice]);
    for (const Kept* at = &kept; at->rest != none; at = &kept_[at->rest]) kept.whole->asked.push_back(at->first);
  }
  return *kept.whole;
}

NodeId Arena::to(EndpointId endpoint, LabelId label, std::optional<std::uint32_t> seconds, NodeId behind) {
  return intern({NodeKind::to, {endpoint, label, behind, seconds.value_or(none)}});
}

NodeId Arena::add_balance(Balance balance) {
  balances_.push_back(std::move(balance));
  return keep({static_cast<std::uint32_t>(balances_.size() - 1), none, none, 0, nullptr, nullptr});
}

NodeId Arena::keep(Kept kept) {
  kept_.push_back(std::move(kept));
  return intern({NodeKind::balance, {static_cast<std::uint32_t>(kept_.size() - 1), 0, 0, 0}});
}

NodeId Arena::choice(std::vector<Branch> branches) {
  std::erase_if(branches, [](const Branch& b) { return b.probability.numerator == 0; });
  for (Branch& b : branches) b.probability = Rational::product(b.probability, {1, 1}).value_or(b.probability);
  const NodeId first = branches.front().node;
  if (std::ranges::all_of(branches, [first](const Branch& b) { return b.node == first; })) return first;
  Balance balance;
  if (gather(branches, balance)) return add_balance(std::move(balance));
  choices_.push_back(std::move(branches));
  return intern({NodeKind::choice, {static_cast<std::uint32_t>(choices_.size() - 1), 0, 0, 0}});
}

// Every branch translates, to endpoints that are told apart by address, port and label.
bool Arena::gather(const std::vector<Branch>& branches, Balance& into) const {
  bool first = true;
  const auto same_seconds = [&](std::optional<std::uint32_t> seconds) {
    if (first) into.seconds = seconds;
    first = false;
    return into.seconds == seconds;
  };
  for (const Branch& branch : branches) {
    const Node& n = nodes_[branch.node];
    if (n.kind == NodeKind::to) {
      const auto& [endpoint, label, behind, seconds] = n.parts;
      if (!same_seconds(seconds == none ? std::nullopt : std::optional(seconds))) return false;
      into.entries.push_back({endpoint, label, branch.probability, behind});
    } else if (n.kind == NodeKind::balance && kept_[n.parts[0]].rest == none) {
      const Balance& inner = balances_[kept_[n.parts[0]].choice];
      if (!same_seconds(inner.seconds)) return false;
      for (BalanceEntry e : inner.entries) {
        const auto weight = Rational::product(e.weight, branch.probability);
        if (!weight) return false;
        e.weight = *weight;
        into.entries.push_back(e);
      }
    } else {
      return false;
    }
  }
  std::ranges::sort(into.entries, {}, order);
  std::vector<BalanceEntry> merged;
  merged.reserve(into.entries.size());
  for (const BalanceEntry& e : into.entries) {
    if (merged.empty() || merged.back().endpoint != e.endpoint) {
      merged.push_back(e);
      continue;
    }
    BalanceEntry& last = merged.back();
    const auto sum = Rational::sum(last.weight, e.weight);
    if (last.label != e.label || last.behind != e.behind || !sum) return false;
    last.weight = *sum;
  }
  into.entries = std::move(merged);
  return true;
}

}  // namespace portcullis::specialise

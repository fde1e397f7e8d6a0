#include "verifier/languages/automaton.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace portcullis::languages {

void Subsets::split(Classes& classes) const {
  if (nfa_.asks_word) classes.split(word_bytes());
  std::vector<Bytes> sets;
  for (const Nfa::State& state : nfa_.states) {
    if (state.on.none() || state.on.all()) continue;
    if (std::ranges::find(sets, state.on) != sets.end()) continue;
    sets.push_back(state.on);
    classes.split(state.on);
  }
}

void Subsets::walk_in(const Classes& classes) {
  classes_ = &classes;
  ids_.clear();
  positions_.clear();
  next_.clear();
  marks_.clear();
  (void)state_of(first_position(nfa_));
}

std::uint32_t Subsets::state_of(Position position) {
  const auto [at, fresh] = ids_.emplace(std::move(position), static_cast<std::uint32_t>(positions_.size()));
  if (fresh) {
    positions_.push_back(&at->first);
    next_.resize(next_.size() + classes_->size(), unknown);
    marks_.push_back(accepts_here(nfa_, at->first) ? 1 : 0);
  }
  return at->second;
}

std::uint32_t Subsets::next(std::uint32_t state, std::uint16_t byte_class) {
  const std::size_t at = state * classes_->size() + byte_class;
  if (next_[at] == unknown) {
    const std::uint32_t to = state_of(next_position(nfa_, *positions_[state], classes_->representative(byte_class)));
    next_[at] = to;
  }
  return next_[at];
}

Mark Subsets::mark(std::uint32_t state) {
  return marks_[state];
}

Words::Words(std::vector<std::string> exact, std::vector<std::string> prefixes, bool fold)
    : exact_(std::move(exact)), prefixes_(std::move(prefixes)), fold_(fold) {
  nodes_.emplace_back();
  // Shorter prefixes first: a longer one inherits nothing that is not there yet.
  for (std::size_t i = 0; i < prefixes_.size(); ++i) nodes_[insert(prefixes_[i])].prefix = of_prefix(i);
  for (std::size_t i = 0; i < exact_.size(); ++i) nodes_[insert(exact_[i])].exact = of_exact(i);
  // Parents stand before their children.
  outside_ = {0};
  std::map<Mark, std::uint32_t> leaving{{0, 0}};
  const auto settle = [&](Node& node) {
    const auto [at, fresh] = leaving.emplace(node.prefix, static_cast<std::uint32_t>(outside_.size()));
    if (fresh) outside_.push_back(node.prefix);
    node.out = static_cast<std::uint32_t>(nodes_.size()) + at->second;
  };
  for (Node& node : nodes_) {
    settle(node);
    for (const auto& [byte, child] : node.next)
      if (nodes_[child].prefix == 0) nodes_[child].prefix = node.prefix;
  }
}

std::uint32_t Words::insert(std::string_view text) {
  std::uint32_t at = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const auto found = nodes_[at].next.find(byte);
    if (found != nodes_[at].next.end()) {
      at = found->second;
      continue;
    }
    const auto fresh = static_cast<std::uint32_t>(nodes_.size());
    nodes_[at].next.emplace(byte, fresh);
    nodes_.emplace_back();
    at = fresh;
  }
  return at;
}

void Words::split(Classes& classes) const {
  Bytes used;
  for (const Node& node : nodes_)
    for (const auto& [byte, child] : node.next) used.set(byte);
  for (unsigned i = 0; i < 256; ++i) {
    if (!used.test(i)) continue;
    const Bytes byte = one(static_cast<unsigned char>(i));
    classes.split(fold_ ? folded(byte) : byte);
  }
}

std::uint32_t Words::next(std::uint32_t state, std::uint16_t byte_class) {
  if (state >= nodes_.size()) return state;
  const auto byte = static_cast<char>(classes_->representative(byte_class));
  const Node& node = nodes_[state];
  const auto found = node.next.find(static_cast<unsigned char>(fold_ ? lower(byte) : byte));
  return found == node.next.end() ? node.out : found->second;
}

Mark Words::mark(std::uint32_t state) {
  if (state >= nodes_.size()) return outside_[state - nodes_.size()];
  const Node& node = nodes_[state];
  return node.exact != 0 ? node.exact : node.prefix;
}

bool Words::hopeless(std::uint32_t state) {
  return state >= nodes_.size() && outside_[state - nodes_.size()] == 0;
}

Mark Words::of(std::string_view text) const {
  std::uint32_t at = 0;
  for (const char c : text) {
    const Node& node = nodes_[at];
    const auto found = node.next.find(static_cast<unsigned char>(fold_ ? lower(c) : c));
    if (found == node.next.end()) return node.prefix;
    at = found->second;
  }
  return nodes_[at].exact != 0 ? nodes_[at].exact : nodes_[at].prefix;
}

}  // namespace portcullis::languages

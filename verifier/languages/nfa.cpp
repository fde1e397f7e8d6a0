#include "verifier/languages/nfa.hpp"

#include <algorithm>

namespace portcullis::languages {

std::uint32_t Nfa::add() {
  states.emplace_back();
  return static_cast<std::uint32_t>(states.size() - 1);
}

void Nfa::free(std::uint32_t from, std::uint32_t to, Asks what) {
  states[from].free.push_back({to, what});
  asks_begin = asks_begin || what == Asks::begin;
  asks_word = asks_word || what == Asks::word_edge || what == Asks::no_word_edge;
}

void Nfa::read(std::uint32_t from, const Bytes& on, std::uint32_t to) {
  states[from].on = on;
  states[from].to = to;
}

void Nfa::anything_behind() {
  const std::uint32_t last = add();
  free(accept, last);
  read(last, Bytes{}.set(), last);
  accept = last;
  open = true;
}

void Nfa::anything_before() {
  const std::uint32_t first = add();
  free(first, start);
  read(first, Bytes{}.set(), first);
  start = first;
}

namespace {

// Reads `text` from a state on; the state behind it.
std::uint32_t spell(Nfa& nfa, std::uint32_t from, std::string_view text, bool fold) {
  for (const char c : text) {
    const std::uint32_t next = nfa.add();
    const Bytes byte = one(static_cast<unsigned char>(c));
    nfa.read(from, fold ? folded(byte) : byte, next);
    from = next;
  }
  return from;
}

}  // namespace

Nfa exactly(std::string_view text, bool fold) {
  Nfa nfa;
  nfa.start = nfa.add();
  nfa.accept = spell(nfa, nfa.start, text, fold);
  return nfa;
}

Nfa beginning_with(std::string_view text, bool fold) {
  Nfa nfa = exactly(text, fold);
  nfa.anything_behind();
  return nfa;
}

Nfa ending_with(std::string_view text, bool fold) {
  Nfa nfa = exactly(text, fold);
  nfa.anything_before();
  return nfa;
}

Nfa label_then(const Bytes& label, std::string_view text, bool empty) {
  Nfa nfa;
  nfa.start = nfa.add();
  const std::uint32_t inside = nfa.add(), behind = nfa.add();
  nfa.read(nfa.start, label, inside);
  nfa.read(inside, label, inside);
  nfa.free(inside, behind);
  if (empty) nfa.free(nfa.start, behind);
  nfa.accept = spell(nfa, behind, text, false);
  return nfa;
}

Nfa any_of(const std::vector<std::string_view>& texts) {
  Nfa nfa;
  nfa.start = nfa.add();
  nfa.accept = nfa.add();
  for (const std::string_view text : texts) {
    const std::uint32_t first = nfa.add();
    nfa.free(nfa.start, first);
    nfa.free(spell(nfa, first, text, false), nfa.accept);
  }
  return nfa;
}

namespace {

bool is_word(unsigned char byte) {
  static const Bytes words = word_bytes();
  return words.test(byte);
}

// As far as the automaton asks for it.
Before remembered(const Nfa& nfa, Before before) {
  if (before == Before::begin) return nfa.asks_begin ? before : Before::other;
  return nfa.asks_word ? before : Before::other;
}

// What stands behind a position: a byte, or the end.
struct Behind {
  bool end = false, word = false;
};

bool holds(Asks asks, Before before, const Behind& behind) {
  switch (asks) {
    case Asks::nothing:
      return true;
    case Asks::begin:
      return before == Before::begin;
    case Asks::end:
      return behind.end;
    case Asks::word_edge:
      return (before == Before::word) != behind.word;
    case Asks::no_word_edge:
      return (before == Before::word) == behind.word;
  }
  return false;
}

// All states that are reached without reading.
std::vector<std::uint32_t> reached(const Nfa& nfa, const Position& position, const Behind& behind) {
  std::vector<std::uint32_t> list = position.states;
  std::vector<bool> seen(nfa.states.size(), false);
  for (const std::uint32_t state : list) seen[state] = true;
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (const Nfa::Free& free : nfa.states[list[i]].free) {
      if (seen[free.to] || !holds(free.asks, position.before, behind)) continue;
      seen[free.to] = true;
      list.push_back(free.to);
    }
  }
  return list;
}

}  // namespace

Position first_position(const Nfa& nfa) {
  return {{nfa.start}, remembered(nfa, Before::begin)};
}

Position next_position(const Nfa& nfa, const Position& position, unsigned char byte) {
  Position next{{}, remembered(nfa, is_word(byte) ? Before::word : Before::other)};
  for (const std::uint32_t state : reached(nfa, position, {false, is_word(byte)}))
    if (nfa.states[state].on.test(byte)) next.states.push_back(nfa.states[state].to);
  std::ranges::sort(next.states);
  // Accepted, whatever follows: where else it could be does not matter.
  if (nfa.open && std::ranges::binary_search(next.states, nfa.accept)) return {{nfa.accept}, Before::other};
  next.states.erase(std::unique(next.states.begin(), next.states.end()), next.states.end());
  return next;
}

bool accepts_here(const Nfa& nfa, const Position& position) {
  const std::vector<std::uint32_t> states = reached(nfa, position, {true, false});
  return std::ranges::find(states, nfa.accept) != states.end();
}

bool accepts(const Nfa& nfa, std::string_view text) {
  Position position = first_position(nfa);
  for (const char c : text) position = next_position(nfa, position, static_cast<unsigned char>(c));
  return accepts_here(nfa, position);
}

}  // namespace portcullis::languages

#include "verifier/languages/product.hpp"

#include <map>
#include <unordered_map>

namespace portcullis::languages {

namespace {

struct Hash {
  std::size_t operator()(const std::vector<std::uint32_t>& states) const {
    std::size_t hash = 1469598103934665603U;
    for (const std::uint32_t state : states) hash = (hash ^ state) * 1099511628211U;
    return hash;
  }
};

// How a state was reached first.
struct Way {
  std::size_t from = 0;
  unsigned char byte = 0;
};

std::string spelled(const std::vector<Way>& ways, std::size_t state) {
  std::string text;
  for (; state != 0; state = ways[state].from) text += static_cast<char>(ways[state].byte);
  return {text.rbegin(), text.rend()};
}

}  // namespace

Classes classes_of(std::span<Automaton* const> automata) {
  Classes classes;
  for (const Automaton* automaton : automata) automaton->split(classes);
  classes.settle();
  return classes;
}

Product explore(std::span<Automaton* const> automata, const Classes& classes, std::optional<std::size_t> within,
                std::size_t limit) {
  for (Automaton* automaton : automata) automaton->walk_in(classes);
  Product product;
  std::unordered_map<std::vector<std::uint32_t>, std::size_t, Hash> ids;
  std::vector<Way> ways;
  std::map<std::vector<Mark>, bool> seen;

  const auto reach = [&](std::vector<std::uint32_t> states, Way way) {
    if (!ids.emplace(states, product.states.size()).second) return;
    product.states.push_back(std::move(states));
    ways.push_back(way);
  };
  const auto note = [&](std::size_t state) {
    std::vector<Mark> marks(automata.size());
    for (std::size_t i = 0; i < automata.size(); ++i) marks[i] = automata[i]->mark(product.states[state][i]);
    if (within && marks[*within] == 0) return;
    if (seen.emplace(marks, true).second) product.inhabited.push_back({std::move(marks), spelled(ways, state)});
  };

  reach(std::vector<std::uint32_t>(automata.size(), 0), {});
  for (std::size_t at = 0; at < product.states.size(); ++at) {
    note(at);
    if (within && automata[*within]->hopeless(product.states[at][*within])) continue;
    for (std::size_t byte_class = 0; byte_class < classes.size(); ++byte_class) {
      std::vector<std::uint32_t> next = product.states[at];
      for (std::size_t i = 0; i < automata.size(); ++i)
        next[i] = automata[i]->next(next[i], static_cast<std::uint16_t>(byte_class));
      reach(std::move(next), {at, classes.representative(byte_class)});
    }
    if (product.states.size() > limit) return product;
  }
  product.complete = true;
  return product;
}

}  // namespace portcullis::languages

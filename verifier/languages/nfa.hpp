// Languages of byte strings as automata that may be in several states at once. States, steps that read a byte, and
// steps that read none but may ask what stands before and behind.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/languages/bytes.hpp"

namespace portcullis::languages {

enum class Asks : std::uint8_t { nothing, begin, end, word_edge, no_word_edge };

struct Nfa {
  struct Free {  // a step that reads nothing
    std::uint32_t to = 0;
    Asks asks = Asks::nothing;
  };
  struct State {
    std::vector<Free> free;
    Bytes on;  // the bytes that lead to `to`
    std::uint32_t to = 0;
  };
  std::vector<State> states;
  std::uint32_t start = 0, accept = 0;
  bool open = false;                           // `accept` reads any byte and stays
  bool asks_begin = false, asks_word = false;  // some step does

  [[nodiscard]] std::uint32_t add();
  void free(std::uint32_t from, std::uint32_t to, Asks asks = Asks::nothing);
  void read(std::uint32_t from, const Bytes& on, std::uint32_t to);
  // Any bytes may follow what is accepted; any bytes may stand before.
  void anything_behind();
  void anything_before();
};

// One string; all strings that begin with it; all that end with it. `fold`: letter case of ASCII is ignored.
[[nodiscard]] Nfa exactly(std::string_view text, bool fold = false);
[[nodiscard]] Nfa beginning_with(std::string_view text, bool fold = false);
[[nodiscard]] Nfa ending_with(std::string_view text, bool fold = false);
// Some bytes of `label` (one or more; `empty`: or none), then `text`: the names of a wildcard.
[[nodiscard]] Nfa label_then(const Bytes& label, std::string_view text, bool empty = false);
// Any of the strings.
[[nodiscard]] Nfa any_of(const std::vector<std::string_view>& texts);

// Where an automaton can be: in which states before steps that read nothing, and what was read last, as far as some
// step asks for it.
enum class Before : std::uint8_t { begin, word, other };
struct Position {
  std::vector<std::uint32_t> states;  // sorted, each once
  Before before = Before::begin;
  auto operator<=>(const Position&) const = default;
};
[[nodiscard]] Position first_position(const Nfa& nfa);
[[nodiscard]] Position next_position(const Nfa& nfa, const Position& position, unsigned char byte);
[[nodiscard]] bool accepts_here(const Nfa& nfa, const Position& position);
// The whole string, byte after byte.
[[nodiscard]] bool accepts(const Nfa& nfa, std::string_view text);

}  // namespace portcullis::languages

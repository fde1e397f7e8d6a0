#include "verifier/languages/certificate.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "verifier/languages/product.hpp"

namespace portcullis::languages {

Verdict ask(std::span<const Nfa> languages, const Wanted& wanted) {
  std::vector<Subsets> subsets;
  subsets.reserve(languages.size());
  std::vector<Automaton*> automata;
  for (const Nfa& language : languages) automata.push_back(&subsets.emplace_back(language));
  const Classes classes = classes_of(automata);
  const Product product = explore(automata, classes);
  for (const Inhabited& found : product.inhabited) {
    std::vector<bool> members;
    for (const Mark mark : found.marks) members.push_back(mark != 0);
    if (wanted(members)) return Yes{found.shortest};
  }
  if (!product.complete) return TooLarge{};
  Certificate certificate;
  for (const std::vector<std::uint32_t>& state : product.states) {
    std::vector<Position>& line = certificate.lines.emplace_back();
    for (std::size_t i = 0; i < subsets.size(); ++i) line.push_back(subsets[i].position(state[i]));
  }
  return certificate;
}

bool check(std::span<const Nfa> languages, const Wanted& wanted, const Certificate& certificate) {
  std::set<std::vector<Position>> lines;
  for (const std::vector<Position>& line : certificate.lines) {
    if (line.size() != languages.size()) return false;
    lines.insert(line);
  }
  std::vector<Position> first;
  for (const Nfa& language : languages) first.push_back(first_position(language));
  if (!lines.contains(first)) return false;
  for (const std::vector<Position>& line : lines) {
    std::vector<bool> members;
    for (std::size_t i = 0; i < languages.size(); ++i) members.push_back(accepts_here(languages[i], line[i]));
    if (wanted(members)) return false;
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::vector<Position> next;
      for (std::size_t i = 0; i < languages.size(); ++i)
        next.push_back(next_position(languages[i], line[i], static_cast<unsigned char>(byte)));
      if (!lines.contains(next)) return false;
    }
  }
  return true;
}

Verdict outside(const Nfa& language, const Nfa& of) {
  const std::array<Nfa, 2> both{language, of};
  return ask(both, [](const std::vector<bool>& member) { return member[0] && !member[1]; });
}

Verdict common(const Nfa& a, const Nfa& b) {
  const std::array<Nfa, 2> both{a, b};
  return ask(both, [](const std::vector<bool>& member) { return member[0] && member[1]; });
}

}  // namespace portcullis::languages

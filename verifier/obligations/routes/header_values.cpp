#include "verifier/obligations/routes/header_values.hpp"

#include <memory>

#include <fmt/format.h>

#include "compiler/ir/l7/regex.hpp"
#include "verifier/languages/pattern.hpp"
#include "verifier/languages/product.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Condition;
using languages::Nfa;

// Values as a client can send them: without blanks at their ends, without control bytes.
constexpr std::string_view sendable = "(?:[!-~\\x80-\\xff](?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?";

std::string ending_pattern(const std::vector<std::string>& endings) {
  std::string pattern = "(?s:.*)(?i:";
  for (std::size_t i = 0; i < endings.size(); ++i) {
    if (i != 0) pattern += '|';
    for (const char c : endings[i]) {
      if (c == '*')
        pattern += "[a-z0-9-]+";
      else if (static_cast<unsigned char>(c) >= 0x80 || languages::word_bytes().test(static_cast<unsigned char>(c)))
        pattern += c;
      else
        pattern += std::string("\\") + c;
    }
  }
  return pattern + ")";
}

// Nothing ends in one of no endings.
Nfa no_value() {
  Nfa nfa;
  nfa.start = nfa.add();
  nfa.accept = nfa.add();
  return nfa;
}

std::variant<Nfa, languages::Unsupported> language_of(const Atom& atom) {
  if (atom.kind == Condition::Kind::header_is) return languages::exactly(atom.values.at(0));
  if (atom.kind == Condition::Kind::header_ends && atom.values.empty()) return no_value();
  if (atom.kind == Condition::Kind::header_ends) return languages::whole(ending_pattern(atom.values));
  const ir::l7::Regex judge(atom.values.at(0), false, false);
  if (!judge.valid()) return languages::Unsupported{judge.error()};
  return languages::found(atom.values.at(0), false, false);
}

}  // namespace

HeaderValues header_values(std::span<const Atom* const> atoms) {
  HeaderValues out;
  std::vector<std::unique_ptr<languages::Subsets>> owned;
  owned.push_back(std::make_unique<languages::Subsets>(languages::whole(sendable)));
  for (const Atom* atom : atoms) {
    auto language = language_of(*atom);
    if (const auto* refused = std::get_if<languages::Unsupported>(&language)) {
      out.open = fmt::format("the pattern of header {} is not followed: {}", atom->name, refused->why);
      return out;
    }
    owned.push_back(std::make_unique<languages::Subsets>(std::move(std::get<Nfa>(language))));
  }
  std::vector<languages::Automaton*> automata;
  for (const auto& one : owned) automata.push_back(one.get());
  const languages::Product product = languages::explore(automata, languages::classes_of(automata), 0);
  if (!product.complete) out.open = fmt::format("the patterns of header {} are too many", atoms.front()->name);
  for (const languages::Inhabited& found : product.inhabited) {
    HeaderValues::Value value{found.shortest, {}};
    bool any = false;
    for (std::size_t i = 1; i < found.marks.size(); ++i) {
      value.holds.push_back(found.marks[i] != 0);
      any = any || found.marks[i] != 0;
    }
    if (any) out.values.push_back(std::move(value));
  }
  return out;
}

}  // namespace portcullis::routes

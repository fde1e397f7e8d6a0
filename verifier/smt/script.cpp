#include "verifier/smt/script.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

namespace portcullis::smt {

namespace {

constexpr std::size_t longest_stem = 120;

struct Sorts {
  bool bits = false, integers = false, functions = false;
};

// Every sort that occurs; terms are shared, so each is looked at once.
Sorts sorts_of(const z3::expr_vector& assertions) {
  Sorts found;
  std::unordered_set<unsigned> seen;
  std::vector<z3::expr> open;
  open.reserve(assertions.size());
  for (unsigned i = 0; i < assertions.size(); ++i) open.push_back(assertions[static_cast<int>(i)]);
  while (!open.empty()) {
    const z3::expr e = open.back();
    open.pop_back();
    if (!seen.insert(e.id()).second) continue;
    found.bits = found.bits || e.is_bv();
    found.integers = found.integers || e.is_int();
    if (!e.is_app()) continue;
    found.functions = found.functions || (e.num_args() > 0 && e.decl().decl_kind() == Z3_OP_UNINTERPRETED);
    for (unsigned i = 0; i < e.num_args(); ++i) open.push_back(e.arg(i));
  }
  return found;
}

std::string_view logic_of(const Sorts& sorts) {
  if (sorts.bits && sorts.integers) return "ALL";
  if (sorts.integers && sorts.functions) return "QF_UFLIA";
  return sorts.bits ? sorts.functions ? "QF_UFBV" : "QF_BV" : sorts.integers ? "QF_LIA" : "QF_UF";
}

}  // namespace

bool has_functions(const z3::expr_vector& assertions) {
  return sorts_of(assertions).functions;
}

std::string script(z3::solver& solver, std::string_view name, Answer answer) {
  std::string comment(name);
  std::ranges::replace_if(comment, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return fmt::format("; {}\n(set-logic {})\n{}", comment, logic_of(sorts_of(solver.assertions())),
                     solver.to_smt2(std::string(to_string(answer)).c_str()));
}

std::string file_stem(std::string_view name) {
  std::string stem(name.substr(0, longest_stem));
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  for (char& c : stem) {
    if (!plain(c)) c = '-';
  }
  if (stem.empty() || stem.front() == '.') stem.insert(0, "query");
  return stem;
}

}  // namespace portcullis::smt

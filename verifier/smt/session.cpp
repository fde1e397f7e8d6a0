#include "verifier/smt/session.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <z3++.h>

#include "compiler/base/error.hpp"
#include "verifier/smt/script.hpp"
#include "verifier/smt/theorems.hpp"

namespace portcullis::smt {

namespace {

constexpr unsigned word_bits = 32;

// Runs what calls Z3; its exceptions end here.
template <class Call>
auto guarded(const Call& call) {
  try {
    return call();
  } catch (const z3::exception& e) {
    throw base::InternalError(fmt::format("solver: {}", e.msg()));
  }
}

void require(bool held, const char* what) {
  if (!held) throw base::InternalError(fmt::format("solver: {}", what));
}

std::string z3_version() {
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  return fmt::format("{}.{}.{}.{}", major, minor, build, revision);
}

// Takes what a check asserted off the solver again, however the check ends.
class Frame {
 public:
  explicit Frame(z3::solver& solver) : solver_(solver) { solver_.push(); }
  ~Frame() { Z3_solver_pop(solver_.ctx(), solver_, 1); }  // not pop(): that may throw
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  Frame(Frame&&) = delete;
  Frame& operator=(Frame&&) = delete;

 private:
  z3::solver& solver_;
};

}  // namespace

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::unsatisfiable:
      return "unsat";
    case Answer::satisfiable:
      return "sat";
    case Answer::unknown:
      return "unknown";
  }
  return {};
}

struct Session::Solver {
  explicit Solver(const Limits& given) : limits(given), solver(context) { limit(solver); }

  void limit(z3::solver& some) {
    z3::params params(context);
    // Z3 takes 32 bits; 0 would mean no limit.
    params.set("rlimit", static_cast<unsigned>(std::clamp<std::uint64_t>(limits.steps, 1, UINT32_MAX)));
    params.set("timeout", std::max(limits.backstop_milliseconds, 1U));
    some.set(params);
  }

  [[nodiscard]] const z3::expr& get(Term term) const {
    if (term.id >= terms.size()) throw base::InternalError("solver: a term that is not of this session, or no longer");
    return terms[term.id];
  }
  Term keep(z3::expr e) {
    terms.push_back(std::move(e));
    return {static_cast<std::uint32_t>(terms.size() - 1)};
  }
  Term keep(Z3_ast ast) {
    context.check_error();
    return keep(z3::expr(context, ast));
  }
  // The one term, or what stands for none: SMT-LIB has no `(and)`, `(or x)` or `(+ x)`, and other solvers read the
  // dumps.
  Term keep_only(std::span<const Term> one, const z3::expr& none) {
    return keep(one.empty() ? none : z3::expr(get(one.front())));
  }
  [[nodiscard]] std::vector<Z3_ast> asts(std::span<const Term> some) const {
    std::vector<Z3_ast> out;
    out.reserve(some.size());
    for (const Term term : some) out.push_back(get(term));
    return out;
  }
  // Terms of one sort, of which `what` needs bits or integers.
  void require_numbers(std::span<const Term> some, const char* what) const {
    for (const Term term : some) {
      const z3::sort sort = get(term).get_sort();
      require((sort.is_bv() || sort.is_int()) && z3::eq(sort, get(some.front()).get_sort()), what);
    }
  }
  [[nodiscard]] unsigned width(Term term) const {
    const z3::sort sort = get(term).get_sort();
    require(sort.is_bv(), "bits are needed, the term has another sort");
    return sort.bv_size();
  }
  void require_same_width(Term a, Term b) const { require(width(a) == width(b), "bits of different widths"); }
  void require_truth(std::span<const Term> some) const {
    for (const Term term : some) require(get(term).is_bool(), "a truth value is needed, the term has another sort");
  }

  // Two operands of one width; `make` is a function of Z3's C interface.
  Term keep_joined(Z3_ast (*make)(Z3_context, Z3_ast, Z3_ast), Term a, Term b) {
    require_same_width(a, b);
    return keep(make(context, get(a), get(b)));
  }

  // Z3 says `canceled` for either limit, or `unknown`.
  [[nodiscard]] std::string reason_unknown(const z3::solver& asked, std::uint64_t taken) const {
    if (taken >= limits.steps) return fmt::format("the limit of {} steps was reached", limits.steps);
    std::string reason = asked.reason_unknown();
    if (reason != "canceled" && reason != "timeout") return reason;
    return fmt::format("the time limit of {} ms was reached", limits.backstop_milliseconds);
  }

  // Z3 counts from the beginning of the context.
  [[nodiscard]] std::uint64_t steps_so_far() const {
    const z3::stats statistics = solver.statistics();
    for (unsigned i = statistics.size(); i-- > 0;) {
      if (statistics.key(i) == "rlimit count") return statistics.uint_value(i);
    }
    return 0;
  }

  void dump(std::string_view name, Answer answer) {
    const unsigned number = dumped[file_stem(name)]++;
    const std::string stem = number == 0 ? file_stem(name) : fmt::format("{}-{}", file_stem(name), number + 1);
    const std::filesystem::path path = std::filesystem::path(directory) / (stem + ".smt2");
    std::ofstream out(path, std::ios::binary);
    out << script(solver, name, answer);
    out.close();
    if (!out) throw base::InternalError(fmt::format("solver: `{}` cannot be written", path.string()));
  }

  // Whether what is on the solver can hold together.
  Result ask(const std::shared_ptr<Solver>& self);
  Result ask(z3::solver& asked, const std::shared_ptr<Solver>& self);
  Result recall_or_ask(const std::shared_ptr<Solver>& self);

  Limits limits;
  z3::context context;
  z3::solver solver;
  std::vector<z3::expr> terms;
  std::string directory;
  std::map<std::string, unsigned> dumped;  // by stem: how often
  std::optional<Theorems> theorems;
  bool functions = false;  // some term has one
  std::uint64_t queries = 0, steps = 0, counted = 0, remembered = 0;
};

// ---- model

struct Model::Values {
  std::shared_ptr<const Session::Solver> solver;
  z3::model model;

  [[nodiscard]] z3::expr value(Term term) const { return model.eval(solver->get(term), true); }
};

bool Model::truth(Term term) const {
  return guarded([&] {
    values_->solver->require_truth({&term, 1});
    return values_->value(term).is_true();
  });
}

std::vector<std::uint32_t> Model::words(Term term) const {
  return guarded([&] {
    const unsigned width = values_->solver->width(term);
    const z3::expr value = values_->value(term);
    const std::string_view digits = Z3_get_numeral_binary_string(value.ctx(), value);  // without leading zeros
    value.check_error();
    std::vector<std::uint32_t> words((width + word_bits - 1) / word_bits);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const std::size_t place = digits.size() - 1 - i;
      if (digits[i] == '1') words[words.size() - 1 - place / word_bits] |= std::uint32_t{1} << (place % word_bits);
    }
    return words;
  });
}

std::uint64_t Model::number(Term term) const {
  return guarded([&] {
    require(values_->solver->width(term) <= 64, "more than 64 bits do not fit a number");
    std::uint64_t value = 0;
    require(values_->value(term).is_numeral_u64(value), "the model has no value for the term");
    return value;
  });
}

std::int64_t Model::integer(Term term) const {
  return guarded([&] {
    require(values_->solver->get(term).is_int(), "an integer is needed, the term has another sort");
    std::int64_t value = 0;
    require(values_->value(term).is_numeral_i64(value), "the value does not fit 64 bits");
    return value;
  });
}

// ---- session

Session::Session(Limits limits) : solver_(guarded([&] { return std::make_shared<Solver>(limits); })) {}
Session::~Session() = default;

void Session::dump_to(std::string directory) {
  solver_->directory = std::move(directory);
}

void Session::keep_theorems_in(const std::string& directory) {
  solver_->theorems.reset();
  if (!directory.empty())
    solver_->theorems.emplace(directory, fmt::format("portcullis {}, Z3 {}", PORTCULLIS_VERSION, z3_version()));
}

void Session::rewind(std::size_t terms) {
  auto& all = solver_->terms;
  if (terms < all.size()) all.erase(all.begin() + static_cast<std::ptrdiff_t>(terms), all.end());
}

Term Session::truth(bool value) {
  return guarded([&] { return solver_->keep(solver_->context.bool_val(value)); });
}

Term Session::boolean(std::string_view name) {
  return guarded([&] { return solver_->keep(solver_->context.bool_const(std::string(name).c_str())); });
}

Term Session::all(std::span<const Term> terms) {
  return guarded([&] {
    solver_->require_truth(terms);
    if (terms.size() < 2) return solver_->keep_only(terms, solver_->context.bool_val(true));
    const std::vector<Z3_ast> asts = solver_->asts(terms);
    return solver_->keep(Z3_mk_and(solver_->context, static_cast<unsigned>(asts.size()), asts.data()));
  });
}

Term Session::any(std::span<const Term> terms) {
  return guarded([&] {
    solver_->require_truth(terms);
    if (terms.size() < 2) return solver_->keep_only(terms, solver_->context.bool_val(false));
    const std::vector<Z3_ast> asts = solver_->asts(terms);
    return solver_->keep(Z3_mk_or(solver_->context, static_cast<unsigned>(asts.size()), asts.data()));
  });
}

Term Session::no(Term term) {
  return guarded([&] {
    solver_->require_truth({&term, 1});
    return solver_->keep(Z3_mk_not(solver_->context, solver_->get(term)));
  });
}

Term Session::implies(Term premise, Term conclusion) {
  return guarded([&] {
    solver_->require_truth(std::array{premise, conclusion});
    return solver_->keep(Z3_mk_implies(solver_->context, solver_->get(premise), solver_->get(conclusion)));
  });
}

// A counter of plain formulas, which every solver reads: reached[j] says that more than j of the terms so far are true.
Term Session::at_most_of(std::span<const Term> terms, std::uint32_t count) {
  return guarded([&] {
    solver_->require_truth(terms);
    if (terms.size() <= count) return solver_->keep(solver_->context.bool_val(true));
    std::vector<z3::expr> reached(std::size_t{count} + 1, solver_->context.bool_val(false));
    for (const Term term : terms) {
      const z3::expr& one = solver_->get(term);
      for (std::size_t j = count; j > 0; --j) reached[j] = reached[j] || (reached[j - 1] && one);
      reached[0] = reached[0] || one;
    }
    return solver_->keep(!reached.back());
  });
}

Term Session::equal(Term a, Term b) {
  return guarded([&] { return solver_->keep(Z3_mk_eq(solver_->context, solver_->get(a), solver_->get(b))); });
}

Term Session::choose(Term condition, Term then, Term otherwise) {
  return guarded([&] {
    solver_->require_truth({&condition, 1});
    return solver_->keep(
        Z3_mk_ite(solver_->context, solver_->get(condition), solver_->get(then), solver_->get(otherwise)));
  });
}

Term Session::at_most(Term a, Term b) {
  return guarded([&] {
    solver_->require_numbers(std::array{a, b}, "at_most needs bits or integers of one sort");
    const z3::expr &left = solver_->get(a), &right = solver_->get(b);
    return solver_->keep(left.is_bv() ? Z3_mk_bvule(solver_->context, left, right)
                                      : Z3_mk_le(solver_->context, left, right));
  });
}

Term Session::at_most_signed(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvsle, a, b); });
}

Term Session::sum(std::span<const Term> terms) {
  return guarded([&] {
    solver_->require_numbers(terms, "sum needs bits or integers of one sort");
    if (terms.size() < 2) return solver_->keep_only(terms, solver_->context.int_val(0));
    const std::vector<Z3_ast> asts = solver_->asts(terms);
    if (solver_->get(terms.front()).is_int())
      return solver_->keep(Z3_mk_add(solver_->context, static_cast<unsigned>(asts.size()), asts.data()));
    z3::expr total = solver_->get(terms.front());
    for (const Term term : terms.subspan(1)) total = total + solver_->get(term);
    return solver_->keep(total);
  });
}

Term Session::difference(Term a, Term b) {
  return guarded([&] {
    solver_->require_numbers(std::array{a, b}, "difference needs bits or integers of one sort");
    return solver_->keep(solver_->get(a) - solver_->get(b));
  });
}

Term Session::answer(std::string_view function, Term argument, unsigned width) {
  return guarded([&] {
    solver_->functions = true;
    z3::context& c = solver_->context;
    const z3::sort from = solver_->get(argument).get_sort();
    return solver_->keep(c.function(std::string(function).c_str(), from, c.bv_sort(width))(solver_->get(argument)));
  });
}

Term Session::holds(std::string_view function, Term argument) {
  return guarded([&] {
    solver_->functions = true;
    z3::context& c = solver_->context;
    const z3::sort from = solver_->get(argument).get_sort();
    return solver_->keep(c.function(std::string(function).c_str(), from, c.bool_sort())(solver_->get(argument)));
  });
}

// ---- bits

Term Session::bits(std::string_view name, unsigned width) {
  return guarded([&] { return solver_->keep(solver_->context.bv_const(std::string(name).c_str(), width)); });
}

Term Session::number(std::uint64_t value, unsigned width) {
  return guarded([&] { return solver_->keep(solver_->context.bv_val(value, width)); });
}

Term Session::words(std::span<const std::uint32_t> most_significant_first, unsigned width) {
  return guarded([&] {
    require(most_significant_first.size() == (width + word_bits - 1) / word_bits, "words that do not fit the width");
    const auto bits = std::make_unique<bool[]>(width);  // the least significant first
    for (unsigned i = 0; i < width; ++i) {
      const std::uint32_t word = most_significant_first[most_significant_first.size() - 1 - i / word_bits];
      bits[i] = ((word >> (i % word_bits)) & 1U) != 0;
    }
    return solver_->keep(solver_->context.bv_val(width, bits.get()));
  });
}

Term Session::bit_and(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvand, a, b); });
}
Term Session::bit_or(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvor, a, b); });
}
Term Session::bit_xor(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvxor, a, b); });
}
Term Session::shift_left(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvshl, a, b); });
}
Term Session::shift_right(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvlshr, a, b); });
}
Term Session::shift_right_signed(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvashr, a, b); });
}
Term Session::product(Term a, Term b) {
  return guarded([&] { return solver_->keep_joined(Z3_mk_bvmul, a, b); });
}

Term Session::bit_not(Term a) {
  return guarded([&] {
    (void)solver_->width(a);
    return solver_->keep(Z3_mk_bvnot(solver_->context, solver_->get(a)));
  });
}

Term Session::concat(Term high, Term low) {
  return guarded([&] {
    (void)solver_->width(high), (void)solver_->width(low);
    return solver_->keep(Z3_mk_concat(solver_->context, solver_->get(high), solver_->get(low)));
  });
}

Term Session::extract(Term a, unsigned highest, unsigned lowest) {
  return guarded([&] {
    require(lowest <= highest && highest < solver_->width(a), "bits that the term does not have");
    return solver_->keep(Z3_mk_extract(solver_->context, highest, lowest, solver_->get(a)));
  });
}

Term Session::widen(Term a, unsigned width) {
  return guarded([&] {
    const unsigned narrow = solver_->width(a);
    require(narrow <= width, "widen to fewer bits");
    return solver_->keep(Z3_mk_zero_ext(solver_->context, width - narrow, solver_->get(a)));
  });
}

Term Session::same_prefix(Term a, Term b, unsigned length) {
  return guarded([&] {
    solver_->require_same_width(a, b);
    const unsigned width = solver_->width(a);
    require(length <= width, "a prefix longer than the term");
    if (length == 0) return solver_->keep(solver_->context.bool_val(true));
    const z3::expr &left = solver_->get(a), &right = solver_->get(b);
    if (length == width) return solver_->keep(left == right);
    return solver_->keep(left.extract(width - 1, width - length) == right.extract(width - 1, width - length));
  });
}

// ---- what is known of a term

bool Session::same(Term a, Term b) const {
  return guarded([&] { return z3::eq(solver_->get(a), solver_->get(b)); });
}

Term Session::simplified(Term a) {
  return guarded([&] { return solver_->keep(z3::expr(solver_->get(a)).simplify()); });
}

std::optional<std::uint64_t> Session::constant(Term a) const {
  return guarded([&]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    if (solver_->width(a) > 64 || !solver_->get(a).is_numeral_u64(value)) return {};
    return value;
  });
}

unsigned Session::width(Term a) const {
  return guarded([&] { return solver_->width(a); });
}

// ---- integers

Term Session::integer(std::string_view name) {
  return guarded([&] { return solver_->keep(solver_->context.int_const(std::string(name).c_str())); });
}

Term Session::whole(std::int64_t value) {
  return guarded([&] { return solver_->keep(solver_->context.int_val(value)); });
}

// ---- queries

// What unknown functions say of bits is best made bits first: that takes a solver of its own, and a hundredth of the
// time.
Result Session::Solver::ask(const std::shared_ptr<Solver>& self) {
  const z3::expr_vector assertions = solver.assertions();
  if (!functions || !has_functions(assertions)) return ask(solver, self);
  z3::solver apart = z3::tactic(context, "qfufbv_ackr").mk_solver();
  limit(apart);
  for (unsigned i = 0; i < assertions.size(); ++i) apart.add(assertions[static_cast<int>(i)]);
  return ask(apart, self);
}

Result Session::Solver::ask(z3::solver& asked, const std::shared_ptr<Solver>& self) {
  Result result;
  switch (asked.check()) {
    case z3::unsat:
      result.answer = Answer::unsatisfiable;
      break;
    case z3::sat:
      result.answer = Answer::satisfiable;
      result.model = Model(std::make_shared<const Model::Values>(Model::Values{self, asked.get_model()}));
      break;
    case z3::unknown:
      break;
  }
  const std::uint64_t so_far = steps_so_far();
  result.steps = so_far - counted;
  counted = so_far;
  if (result.answer == Answer::unknown) result.reason = reason_unknown(asked, result.steps);
  return result;
}

Result Session::Solver::recall_or_ask(const std::shared_ptr<Solver>& self) {
  if (!theorems) return ask(self);
  const std::string text = renumbered(script(solver, {}, Answer::unsatisfiable));
  if (const auto known = theorems->find(text)) {
    ++remembered;
    Result result;
    result.answer = Answer::unsatisfiable;
    result.steps = *known;
    return result;
  }
  Result result = ask(self);
  if (result.answer == Answer::unsatisfiable) theorems->keep(text, result.steps);
  return result;
}

Result Session::check(std::string_view name, std::span<const Term> assertions) {
  return guarded([&] {
    Solver& s = *solver_;
    s.require_truth(assertions);
    const Frame frame(s.solver);
    for (const Term term : assertions) s.solver.add(s.get(term));
    Result result = s.recall_or_ask(solver_);
    s.steps += result.steps;
    ++s.queries;
    if (!s.directory.empty()) s.dump(name, result.answer);
    return result;
  });
}

std::uint64_t Session::queries() const {
  return solver_->queries;
}
std::uint64_t Session::remembered() const {
  return solver_->remembered;
}
std::uint64_t Session::steps() const {
  return solver_->steps;
}
std::size_t Session::terms() const {
  return solver_->terms.size();
}

std::string Session::text(Term term) const {
  return guarded([&] { return solver_->get(term).to_string(); });
}

}  // namespace portcullis::smt

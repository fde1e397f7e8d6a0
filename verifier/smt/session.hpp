// Terms, queries and models: Z3 without its types. A query asks whether assertions can hold together:
//
//   smt::Session session;
//   const smt::Term source = session.bits("source", 32);
//   const smt::Term inside = session.equal(session.extract(source, 31, 24), session.number(10, 8));
//   const smt::Result result = session.check("source inside", {inside});
//   if (result.answer == smt::Answer::satisfiable) result.model->words(source);   // 0x0a……
//
// A statement is proved by asking for its opposite: unsatisfiable means that there is no counterexample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::smt {

// A formula or value of one Session. Ids are small and dense; a Scope that ends gives its ids back.
struct Term {
  std::uint32_t id = 0;
  bool operator==(const Term&) const = default;
};

enum class Answer { unsatisfiable, satisfiable, unknown };
// `unsat`, `sat`, `unknown`.
[[nodiscard]] std::string_view to_string(Answer answer);

// What one check may cost. Steps are Z3's own count (`rlimit`) and the same on every machine; the wall clock is only a
// backstop, for what counts no steps. Beyond either the answer is unknown.
struct Limits {
  std::uint64_t steps = 5'000'000;  // seconds; what we ask takes some ten to some ten thousand
  std::uint32_t backstop_milliseconds = 120'000;
};

// A satisfying assignment. Valid as long as its Session; asks only for terms that are still there. What the assignment
// leaves open is false or 0.
class Model {
 public:
  [[nodiscard]] bool truth(Term term) const;
  // Of bits: most significant word first, the width divided by 32 rounded up; the first word has the odd bits.
  [[nodiscard]] std::vector<std::uint32_t> words(Term term) const;
  // Of bits, at most 64 of them.
  [[nodiscard]] std::uint64_t number(Term term) const;
  [[nodiscard]] std::int64_t integer(Term term) const;

 private:
  friend class Session;
  struct Values;
  explicit Model(std::shared_ptr<const Values> values) : values_(std::move(values)) {}
  std::shared_ptr<const Values> values_;
};

struct Result {
  Answer answer = Answer::unknown;
  std::string reason;          // why unknown (`the limit of 5000000 steps was reached`); else empty
  std::uint64_t steps = 0;     // that this check took
  std::optional<Model> model;  // of satisfiable
};

// One Z3 context with one solver. Not thread-safe: one Session a thread. Two terms of one construction or name are the
// same formula; a name has one sort. Throws base::InternalError for terms of the wrong sort or width and for terms that
// are not (or no longer) of this Session.
class Session {
 public:
  explicit Session(Limits limits = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  // From now on every query is written to DIRECTORY/NAME.smt2 (SMT-LIB2 with its logic and, once known, its status);
  // a name that comes again gets a number. The directory exists. Empty: no longer.
  void dump_to(std::string directory);

  // From now on what is found unsatisfiable is kept in the directory, which exists, and what is kept there is not asked
  // again (theorems.hpp). Answers are the same with and without; models may be others. Empty: no longer.
  void keep_theorems_in(const std::string& directory);

  // ---- truth values
  [[nodiscard]] Term truth(bool value);
  [[nodiscard]] Term boolean(std::string_view name);
  [[nodiscard]] Term all(std::span<const Term> terms);  // of none: true
  [[nodiscard]] Term any(std::span<const Term> terms);  // of none: false
  [[nodiscard]] Term all(std::initializer_list<Term> terms) { return all(std::span(terms.begin(), terms.size())); }
  [[nodiscard]] Term any(std::initializer_list<Term> terms) { return any(std::span(terms.begin(), terms.size())); }
  [[nodiscard]] Term no(Term term);
  [[nodiscard]] Term implies(Term premise, Term conclusion);
  // At most `count` of these are true.
  [[nodiscard]] Term at_most_of(std::span<const Term> terms, std::uint32_t count);

  // ---- any sort
  [[nodiscard]] Term equal(Term a, Term b);
  [[nodiscard]] Term choose(Term condition, Term then, Term otherwise);
  // a <= b: unsigned for bits.
  [[nodiscard]] Term at_most(Term a, Term b);
  // Likewise, the most significant bit being the sign. Bits alone.
  [[nodiscard]] Term at_most_signed(Term a, Term b);
  // Of none: the integer 0. Bits wrap around.
  [[nodiscard]] Term sum(std::span<const Term> terms);
  [[nodiscard]] Term sum(std::initializer_list<Term> terms) { return sum(std::span(terms.begin(), terms.size())); }
  [[nodiscard]] Term difference(Term a, Term b);
  // What a function of which nothing is known says of an argument: bits of a width, or a truth value. Equal arguments
  // give equal answers. A name has one sort of argument and one of answer.
  [[nodiscard]] Term answer(std::string_view function, Term argument, unsigned width);
  [[nodiscard]] Term holds(std::string_view function, Term argument);

  // ---- bits
  [[nodiscard]] Term bits(std::string_view name, unsigned width);
  [[nodiscard]] Term number(std::uint64_t value, unsigned width);  // value modulo 2^width
  [[nodiscard]] Term words(std::span<const std::uint32_t> most_significant_first, unsigned width);
  [[nodiscard]] Term bit_and(Term a, Term b);
  [[nodiscard]] Term bit_or(Term a, Term b);
  [[nodiscard]] Term bit_xor(Term a, Term b);
  [[nodiscard]] Term bit_not(Term a);
  [[nodiscard]] Term shift_left(Term a, Term by);
  [[nodiscard]] Term shift_right(Term a, Term by);         // zeros come in
  [[nodiscard]] Term shift_right_signed(Term a, Term by);  // the sign comes in
  [[nodiscard]] Term product(Term a, Term b);              // of the same width: wraps around
  [[nodiscard]] Term concat(Term high, Term low);
  [[nodiscard]] Term extract(Term a, unsigned highest, unsigned lowest);  // both included; 0 is the least significant
  [[nodiscard]] Term widen(Term a, unsigned width);                       // with zeros
  // The most significant `length` bits of both are the same. 0: true.
  [[nodiscard]] Term same_prefix(Term a, Term b, unsigned length);

  // ---- what is known of a term without asking
  // The same formula, however it was made. Formulas that differ may still mean the same.
  [[nodiscard]] bool same(Term a, Term b) const;
  // The term, worked out as far as it goes.
  [[nodiscard]] Term simplified(Term a);
  // The number that the term is written as, of at most 64 bits.
  [[nodiscard]] std::optional<std::uint64_t> constant(Term a) const;
  [[nodiscard]] unsigned width(Term a) const;  // of bits

  // ---- whole numbers without bounds
  [[nodiscard]] Term integer(std::string_view name);
  [[nodiscard]] Term whole(std::int64_t value);

  // ---- queries
  // Can the assertions hold together? `name` is for the dump.
  [[nodiscard]] Result check(std::string_view name, std::span<const Term> assertions);
  [[nodiscard]] Result check(std::string_view name, std::initializer_list<Term> assertions) {
    return check(name, std::span(assertions.begin(), assertions.size()));
  }
  [[nodiscard]] std::uint64_t queries() const;
  [[nodiscard]] std::uint64_t remembered() const;  // of them, that Z3 was not asked
  [[nodiscard]] std::uint64_t steps() const;       // of all queries
  [[nodiscard]] std::size_t terms() const;         // that are there now

  // The term as SMT-LIB2 writes it, for tests and messages to ourselves.
  [[nodiscard]] std::string text(Term term) const;

  // Gives back, when it ends, the terms made since it began. Scopes nest.
  class Scope {
   public:
    explicit Scope(Session& session) : session_(session), begin_(session.terms()) {}
    ~Scope() { session_.rewind(begin_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    Scope(Scope&&) = delete;
    Scope& operator=(Scope&&) = delete;

   private:
    Session& session_;
    std::size_t begin_;
  };

 private:
  friend struct Model::Values;
  void rewind(std::size_t terms);
  struct Solver;
  std::shared_ptr<Solver> solver_;
};

}  // namespace portcullis::smt

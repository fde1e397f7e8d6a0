#include "verifier/bytecode/arithmetic.hpp"

namespace portcullis::bytecode {

std::optional<smt::Term> calculated(smt::Session& session, Operation operation, smt::Term a, smt::Term b) {
  const unsigned width = session.width(a);
  // A machine shifts by what the width leaves of the number.
  const auto by = [&] { return session.bit_and(b, session.number(width - 1, width)); };
  switch (operation) {
    case Operation::add:
      return session.sum({a, b});
    case Operation::subtract:
      return session.difference(a, b);
    case Operation::multiply:
      return session.product(a, b);
    case Operation::bit_or:
      return session.bit_or(a, b);
    case Operation::bit_and:
      return session.bit_and(a, b);
    case Operation::shift_left:
      return session.shift_left(a, by());
    case Operation::shift_right:
      return session.shift_right(a, by());
    case Operation::negate:
      return session.difference(session.number(0, width), a);
    case Operation::bit_xor:
      return session.bit_xor(a, b);
    case Operation::move:
      return b;
    case Operation::shift_right_signed:
      return session.shift_right_signed(a, by());
    case Operation::byte_order:
      break;  // its operand is a number of bits
  }
  return {};
}

std::optional<smt::Term> compared(smt::Session& session, Comparison comparison, smt::Term a, smt::Term b) {
  switch (comparison) {
    case Comparison::equal:
      return session.equal(a, b);
    case Comparison::above:
      return session.no(session.at_most(a, b));
    case Comparison::at_least:
      return session.at_most(b, a);
    case Comparison::has_bit:
      return session.no(session.equal(session.bit_and(a, b), session.number(0, session.width(a))));
    case Comparison::unequal:
      return session.no(session.equal(a, b));
    case Comparison::above_signed:
      return session.no(session.at_most_signed(a, b));
    case Comparison::at_least_signed:
      return session.at_most_signed(b, a);
    case Comparison::below:
      return session.no(session.at_most(b, a));
    case Comparison::at_most:
      return session.at_most(a, b);
    case Comparison::below_signed:
      return session.no(session.at_most_signed(b, a));
    case Comparison::at_most_signed:
      return session.at_most_signed(a, b);
  }
  return {};
}

}  // namespace portcullis::bytecode

// The SMT-LIB2 text of a query, for other solvers. Only for this room: it names Z3's types.
#pragma once

#include <string>
#include <string_view>

#include <z3++.h>

#include "verifier/smt/session.hpp"

namespace portcullis::smt {

// What is on the solver now, with the smallest of the logics QF_UF, QF_BV, QF_UFBV, QF_LIA, QF_UFLIA, ALL that has it,
// and `answer` as its status.
[[nodiscard]] std::string script(z3::solver& solver, std::string_view name, Answer answer);

// Whether unknown functions occur in the assertions.
[[nodiscard]] bool has_functions(const z3::expr_vector& assertions);

// A file name (without its ending) for a query: letters, digits, `.`, `_` and `-` as they are, anything else a `-`; not
// longer than a file system takes.
[[nodiscard]] std::string file_stem(std::string_view name);

}  // namespace portcullis::smt

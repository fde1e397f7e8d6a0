// What the solver finds about two treatments of one region.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "verifier/obligations/routes/request_terms.hpp"

namespace portcullis::routes {

// A request without name and path, and what it gets.
struct WayToDiffer {
  ir::l7::Request request;
  LeafId before = 0, after = 0;
};
struct Models {
  std::vector<WayToDiffer> models;  // one for each pair of leaves that meet
  std::string open;                 // why there may be more; empty: there are none
};
// `over_tls`: some requests come over TLS.
[[nodiscard]] Models differing(smt::Session& session, const RequestTerms& terms, const Treatment& before,
                               const Treatment& after, bool over_tls);

// What requests can get that fulfil the assertions: one model for each leaf, `before` and `after` being the same.
[[nodiscard]] Models answers(smt::Session& session, const RequestTerms& terms, const Treatment& treatment,
                             std::vector<smt::Term> assertions);

// A model of the assertions that fulfils as many of the wishes as is easy.
[[nodiscard]] smt::Result with_wishes(smt::Session& session, const std::string& name, std::vector<smt::Term> assertions,
                                      const std::vector<smt::Term>& wishes);

// Why the condition is not followed exactly; empty: it is.
[[nodiscard]] std::string not_followed(const Atom& atom);

}  // namespace portcullis::routes

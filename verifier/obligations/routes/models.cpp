#include "verifier/obligations/routes/models.hpp"

#include <fmt/format.h>

#include "compiler/ir/l7/conditions.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::routes {

namespace {

constexpr std::size_t most_models = 64;

}  // namespace

smt::Result with_wishes(smt::Session& session, const std::string& name, std::vector<smt::Term> assertions,
                        const std::vector<smt::Term>& wishes) {
  smt::Result best = session.check(name, assertions);
  if (best.answer != smt::Answer::satisfiable) return best;
  for (const smt::Term wish : wishes) {
    assertions.push_back(wish);
    smt::Result better = session.check(name, assertions);
    if (better.answer == smt::Answer::satisfiable)
      best = std::move(better);
    else
      assertions.pop_back();
  }
  return best;
}

Models differing(smt::Session& session, const RequestTerms& terms, const Treatment& before, const Treatment& after,
                 bool over_tls) {
  Models out;
  const smt::Term a = leaf_term(session, terms, before), b = leaf_term(session, terms, after);
  std::vector<smt::Term> assertions{terms.assumed(), session.no(session.equal(a, b))};
  if (!over_tls) assertions.push_back(session.no(terms.https()));
  while (out.models.size() < most_models) {
    const smt::Result result = with_wishes(session, "routers-differ", assertions, terms.wishes());
    if (result.answer == smt::Answer::unsatisfiable) return out;
    if (result.answer == smt::Answer::unknown) {
      out.open = "the solver gave up: " + result.reason;
      return out;
    }
    WayToDiffer way;
    terms.fill(*result.model, way.request);
    way.before = static_cast<LeafId>(result.model->number(a));
    way.after = static_cast<LeafId>(result.model->number(b));
    assertions.push_back(session.no(session.all(
        {session.equal(a, session.number(way.before, 32)), session.equal(b, session.number(way.after, 32))})));
    out.models.push_back(std::move(way));
  }
  out.open = fmt::format("the two differ in more than {} ways at one place", most_models);
  return out;
}

Models answers(smt::Session& session, const RequestTerms& terms, const Treatment& treatment,
               std::vector<smt::Term> assertions) {
  Models out;
  const smt::Term leaf = leaf_term(session, terms, treatment);
  assertions.push_back(terms.assumed());
  while (true) {  // each leaf of the treatment once
    const smt::Result result = with_wishes(session, "router-answers", assertions, terms.wishes());
    if (result.answer == smt::Answer::unsatisfiable) return out;
    if (result.answer == smt::Answer::unknown) {
      out.open = "the solver gave up: " + result.reason;
      return out;
    }
    WayToDiffer way;
    terms.fill(*result.model, way.request);
    way.before = way.after = static_cast<LeafId>(result.model->number(leaf));
    assertions.push_back(session.no(session.equal(leaf, session.number(way.before, 32))));
    out.models.push_back(std::move(way));
  }
}

std::string not_followed(const Atom& atom) {
  if (atom.kind != ir::l7::Condition::Kind::header_matches) return {};
  const ir::l7::Regex regex(atom.values.at(0), false, false);
  return regex.valid() ? std::string{} : ir::l7::unsupported(atom.values.at(0), regex);
}

}  // namespace portcullis::routes

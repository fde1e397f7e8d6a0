// Two routers answer every request alike, or there is a request that shows that they do not.
//
//   smt::Session session;
//   const routes::Comparison found = routes::equal_routers(written, read_back, session);
//   if (found.standing == verdict::Standing::refuted) text(found.differences.front().request) …
//
// Names, paths and server names are split into classes that neither router tells apart (exactly: languages). For each
// the answers are lists of cases about the rest of the request, which the solver compares where they are not the same.
// Every difference is played through with `serve` before anybody sees it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"
#include "verifier/obligations/routes/treatments.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::routes {

struct Difference {
  std::string where;  // `shop.example.com/cart…`: all requests that are answered like this one, as far as words say it
  ir::l7::Request request;
  ir::l7::Decision before, after;  // of the first router and of the second
  // What decisions do not show: the certificate, the targets behind a Service, a rate. Empty: the decisions differ.
  std::string beside_before, beside_after;
  // The route of each router that answers (`Prefix /cart`); empty: no route, or no request.
  std::string rule_before, rule_after;
  ir::l7::Origin origin_before, origin_after;  // of the deciding step, or of the route
};

struct CompareOptions {
  Aspects aspects;
  std::size_t most = 1;  // differences that are looked for; one per region of names and paths …
  // … or one for each pair of answers that requests of the region get.
  bool every_pair = false;
  // The partition of paths is checked by tables that are made and read without it; for hosts with few routes.
  bool certify = false;
};

struct Comparison {
  // proved: no request is answered otherwise. refuted: `differences` is not empty. unknown: neither; `open` says why.
  verdict::Standing standing = verdict::Standing::unknown;
  std::vector<Difference> differences;
  std::vector<std::string> open;  // each once
  std::vector<std::string> assumptions;
  bool all_listed = true;     // no region with a difference was left out because of `most`
  std::size_t regions = 0;    // of names and paths that were compared
  std::size_t certified = 0;  // hosts whose paths a table has shown to be all
  std::size_t judged = 0;     // pairs of treatments that are not the same text
  std::uint64_t queries = 0;  // put to the solver
  std::uint64_t steps = 0;    // that it took
};

[[nodiscard]] Comparison equal_routers(const Router& before, const Router& after, smt::Session& session,
                                       const CompareOptions& options = {});

}  // namespace portcullis::routes

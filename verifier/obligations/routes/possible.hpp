// What a router can do with requests of one kind, whatever else they are: every decision, with a request that gets it.
//
//   const Possibilities found = possible(router, {.host = "shop.example.com", .path = "/admin", .sources = internet},
//                                        session);
//
// Requests over TLS name in their handshake the host that they ask for. Complete and exact: a decision that is not
// listed no request gets, unless `open` says what was not followed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"
#include "verifier/obligations/routes/treatments.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::routes {

struct Question {
  // A name as rules write it: `shop.example.com`; `*.example.com` is all names that this wildcard matches. Empty: all.
  std::string host;
  // Requests whose path, as the router reads it, is this one or below it by elements: `/cart` is `/cart` and
  // `/cart/…`. Nothing, or `/`: all paths.
  std::optional<std::string> path;
  std::optional<net::PrefixSet> sources;  // nothing: anybody
  std::optional<bool> https;              // nothing: with and without TLS
  std::vector<std::string> except{};      // paths; they and what is below them are not asked about
};

struct Possible {
  Leaf leaf;                  // what the answer is; `services` of a forward
  ir::l7::Decision decision;  // of the request
  ir::l7::Request request;    // one that gets it
  std::string where;          // `shop.example.com/cart…`
  std::string rule;           // of the route that answers: `Prefix /cart`; empty: no route does
  ir::l7::Origin origin;      // of the deciding step, or of the route
};

struct Possibilities {
  std::vector<Possible> decisions;  // each answer once; in the order of hosts, paths and steps
  std::vector<std::string> open;    // what was not followed, and what nobody can tell; each once
  std::vector<std::string> assumptions;
  bool none = false;  // no request is like that: whatever is said of all of them says nothing
};

[[nodiscard]] Possibilities possible(const Router& router, const Question& question, smt::Session& session);

}  // namespace portcullis::routes

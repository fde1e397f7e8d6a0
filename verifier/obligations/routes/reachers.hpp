// From where requests of one kind get to which Service.
#pragma once

#include <string>
#include <vector>

#include "verifier/obligations/routes/possible.hpp"

namespace portcullis::routes {

// Addresses of a prefix, but for those of some below it.
struct Sources {
  net::Prefix prefix;
  std::vector<net::Prefix> except;
  [[nodiscard]] std::string text() const;  // `0.0.0.0/0 except 192.0.2.0/24, 198.51.100.7/32`
  bool operator==(const Sources&) const = default;
};

struct Reacher {
  std::string service;           // `ns/name:80`
  bool credentials = false;      // only with credentials that the router accepts
  std::vector<Sources> sources;  // from each of these addresses some request gets there, from no other
  ir::l7::Request request;       // one of them
};

struct Reachers {
  std::vector<Reacher> all;  // by Service; what everybody reaches without credentials is told of nobody with them
  std::vector<std::string> open;
  std::vector<std::string> assumptions;
};

// `question.sources` is not looked at. Exact: addresses that no range of the router tells apart are asked about once.
[[nodiscard]] Reachers who_reaches(const Router& router, Question question, smt::Session& session);

}  // namespace portcullis::routes

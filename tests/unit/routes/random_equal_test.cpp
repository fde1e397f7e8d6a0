// Pairs of random routers: a verdict of equality is held against random requests, which must not tell them apart, and a
// request that tells them apart must have been found.
#include <array>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/serve.hpp"
#include "maker.hpp"
#include "verifier/obligations/routes/equal.hpp"

namespace portcullis::routes {

using namespace test;

TEST_CASE("verdicts about random routers against random requests") {
  std::size_t certified = 0;
  std::array<unsigned, 3> seen{};  // proved, refuted, unknown
  for (unsigned seed = 0; seed < 120; ++seed) {
    INFO("seed " << seed);
    Maker maker(seed);
    const Router a = maker.router(), b = maker.changed(a);
    smt::Session session;
    CompareOptions options;
    options.certify = true;
    const Comparison found = equal_routers(a, b, session, options);
    certified += found.certified;
    ++seen.at(found.standing == verdict::Standing::proved ? 0 : found.standing == verdict::Standing::refuted ? 1 : 2);
    if (found.standing == verdict::Standing::refuted) {
      REQUIRE(Server(a).serve(found.differences.front().request) != Server(b).serve(found.differences.front().request));
      continue;
    }
    const Server first(a), second(b);
    for (unsigned i = 0; i < 400; ++i) {
      const Request request = maker.request();
      const Decision before = first.serve(request), after = second.serve(request);
      INFO(request.target << " " << text(before) << " / " << text(after));
      REQUIRE(before == after);
    }
  }
  CHECK(certified > 250);
  CHECK(seen[0] > 25);
  CHECK(seen[1] > 25);
  CHECK(seen[2] < 50);
  UNSCOPED_INFO("proved " << seen[0] << ", refuted " << seen[1] << ", unknown " << seen[2]);
  CHECK(seen[0] + seen[1] + seen[2] == 120);
}

}  // namespace portcullis::routes

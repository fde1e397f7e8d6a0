#include "verifier/obligations/routes/difference.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kit.hpp"

namespace portcullis::routes {

using namespace test;

namespace {

std::vector<std::string> changes(const std::vector<Router>& before, const std::vector<Router>& after) {
  smt::Session session;
  const RouterDifferences found = differences(before, after, session);
  CHECK(found.unknown.empty());
  std::vector<std::string> out;
  for (const Group& group : found.groups)
    out.push_back(std::string(to_string(group.change)) + ": " + group.witness.where +
                  (group.more > 0 ? " and " + std::to_string(group.more) : ""));
  return out;
}

using Lines = std::vector<std::string>;

// `/` to `n/a:80`, `/cart` to `n/b:80`.
Router shop() {
  Router router = empty_router();
  const std::uint32_t a = to(router, "n/a:80"), b = to(router, "n/b:80");
  HostEntry& entry = host(router, exactly("h.test"));
  add_prefix(entry, "/cart", b);
  add_prefix(entry, "/", a);
  own(entry, "n/x");
  return router;
}

}  // namespace

TEST_CASE("requests that change, a group a rule") {
  const Router before = shop();
  Router after = shop();
  SECTION("nothing") {
    CHECK(changes({before}, {after}).empty());
  }
  SECTION("a rule goes elsewhere") {
    after.hosts[0].routes[0].treatment = after.hosts[0].routes[1].treatment = to(after, "n/c:80");
    CHECK(changes({before}, {after}) == Lines{"goes elsewhere: h.test/cart and 1"});
  }
  SECTION("a rule is gone") {
    after.hosts[0].routes.pop_back();
    CHECK(changes({before}, {after}) == Lines{"newly refused: h.test/…"});
  }
  SECTION("a host is new") {
    HostEntry& entry = host(after, one_label("test"));
    add_prefix(entry, "/", to(after, "n/a:80"));
    CHECK(changes({before}, {after}) == Lines{"newly allowed: *.test/…"});
  }
  SECTION("sources that are let in, and a Service that is another for the others") {
    Router guarded = shop();
    guarded.ranges = {{"office", net::PrefixSet({*net::Prefix::parse("192.0.2.0/24")})}};
    Condition outside;
    outside.kind = Condition::Kind::source_in;
    outside.negated = true;
    Steps& steps = guarded.treatments[guarded.hosts[0].routes.back().treatment];
    steps.insert(steps.begin(), Step{{outside}, Refuse{403}, {}});
    std::get<Forward>(steps.back().answer).choices = {{backend(guarded, "n/c:80"), 1}};
    CHECK(changes({guarded}, {after}) == Lines{"newly allowed: h.test/…", "goes elsewhere: h.test/…"});
  }
  SECTION("a rewrite") {
    auto& forward = std::get<Forward>(after.treatments[1].front().answer);
    forward.rewrite = Rewrite{"/(.*)", "/v2/$1"};
    CHECK(changes({before}, {after}) == Lines{"sent otherwise: h.test/…"});
  }
  SECTION("another answer, another certificate") {
    after.treatments[0] = {Step{{}, Reply{403}, {}}};
    after.certificates[0].secret = "n/tls";
    const Lines lines = changes({before}, {after});
    REQUIRE(lines.size() > 2);
    CHECK(lines.front().starts_with("other answer: any other name"));
    CHECK(lines.back().starts_with("other settings: TLS for "));
  }
  SECTION("a router is gone, and one is new") {
    after.name = "other";
    CHECK(changes({before}, {after}).size() == 4);
  }
}

}  // namespace portcullis::routes

#include "verifier/obligations/routes/reachers.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/serve.hpp"
#include "kit.hpp"

namespace portcullis::routes {

using namespace test;

namespace {

std::vector<std::string> told(const Router& router, const Question& question) {
  smt::Session session;
  const Reachers found = who_reaches(router, question, session);
  CHECK(found.open.empty());
  std::vector<std::string> out;
  for (const Reacher& one : found.all) {
    std::string line = one.service + (one.credentials ? " with credentials:" : ":");
    for (const Sources& sources : one.sources) line += " [" + sources.text() + "]";
    out.push_back(line);
  }
  return out;
}

bool contains(const std::vector<Sources>& all, const net::Address& address) {
  for (const Sources& sources : all) {
    bool in = sources.prefix.contains(address);
    for (const net::Prefix& prefix : sources.except) in = in && !prefix.contains(address);
    if (in) return true;
  }
  return false;
}

Condition source_in(std::uint64_t ranges, bool negated) {
  Condition out;
  out.kind = Condition::Kind::source_in;
  out.negated = negated;
  out.number = ranges;
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("who reaches a host and path") {
  const Router router = rich_router();
  CHECK(told(router, {"shop.example.com", "/cart", {}, {}}) ==
        Lines{"shop/canary:80: [192.0.2.0/24] [2001:db8::/32]", "shop/web:80: [192.0.2.0/24] [2001:db8::/32]"});
  CHECK(told(router, {"shop.example.com", "/admin", {}, {}}) ==
        Lines{"shop/admin:443 with credentials: [0.0.0.0/0] [::/0]", "shop/api:80: [0.0.0.0/0] [::/0]"});
  CHECK(told(router, {"shop.example.com", "/old", {}, {}}).empty());
}

TEST_CASE("ranges in ranges") {
  Router router = empty_router();
  const auto set = [](std::initializer_list<const char*> texts) {
    std::vector<net::Prefix> prefixes;
    for (const char* text : texts) prefixes.push_back(*net::Prefix::parse(text));
    return net::PrefixSet(std::move(prefixes));
  };
  router.ranges = {{"deny", set({"10.1.0.0/16", "10.2.3.4/32"})},
                   {"allow", set({"10.0.0.0/8", "10.1.7.0/24"})},
                   {"again", set({"10.1.7.0/24"})}};
  Forward forward;
  forward.choices = {{backend(router, "n/a:80"), 1}};
  router.treatments.push_back({Step{{source_in(2, false)}, forward, {}}, Step{{source_in(0, false)}, Refuse{403}, {}},
                               Step{{source_in(1, true)}, Refuse{403}, {}}, Step{{}, forward, {}}});
  add_prefix(host(router, exactly("h.test")), "/", 1);
  CHECK(told(router, {"h.test", {}, {}, {}}) ==
        Lines{"n/a:80: [10.0.0.0/8 except 10.1.0.0/16, 10.2.3.4/32] [10.1.7.0/24]"});
}

TEST_CASE("what is said of sources, against random requests") {
  const Router router = rich_router();
  const Server server(router);
  smt::Session session;
  const Reachers found = who_reaches(router, {"shop.example.com", "/cart", {}, true}, session);
  std::map<std::string, const Reacher*> by_service;
  for (const Reacher& one : found.all) by_service[one.service] = &one;
  std::mt19937 random(7);
  unsigned reached = 0;
  for (unsigned i = 0; i < 2000; ++i) {
    Request request;
    request.https = true;
    request.sni = "shop.example.com";
    request.headers = {{"Host", "shop.example.com"}};
    request.target = "/cart";
    request.source = net::Address::v4((i % 2 == 0 ? 0xC0000200 : 0xC0000000) + random() % 0x400);
    const Decision decision = server.serve(request);
    for (const auto& [service, one] : by_service) {
      bool gets = false;
      for (const Decision::Share& share : decision.shares) gets = gets || share.service == service;
      CHECK((!gets || contains(one->sources, *request.source)));
      if (contains(one->sources, *request.source) && service == "shop/web:80") CHECK(gets);
      reached += gets ? 1 : 0;
    }
  }
  CHECK(reached > 100);
}

}  // namespace portcullis::routes

#include "verifier/obligations/routes/possible.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/serve.hpp"
#include "kit.hpp"
#include "maker.hpp"

namespace portcullis::routes {

using namespace test;

namespace {

Possibilities ask(const Router& router, const Question& question) {
  smt::Session session;
  return possible(router, question, session);
}

std::set<std::string> texts(const Possibilities& found) {
  std::set<std::string> out;
  for (const Possible& one : found.decisions) out.insert(text(one.decision));
  return out;
}

net::PrefixSet sources(const char* prefix) {
  return net::PrefixSet({*net::Prefix::parse(prefix)});
}

// What a Possible says of a request apart from its own spelling.
std::string kind_of(const Decision& decision) {
  Decision bare = decision;
  bare.location.clear();
  return text(bare);
}

}  // namespace

TEST_CASE("every decision about one host and path") {
  const Router router = rich_router();
  CHECK(texts(ask(router, {"shop.example.com", "/admin", {}, {}})) ==
        std::set<std::string>{"refuse 401", "forward shop/admin:443", "forward shop/api:80"});
  CHECK(texts(ask(router, {"shop.example.com", "/admin/health", {}, {}})) ==
        std::set<std::string>{"refuse 401", "forward shop/admin:443", "forward shop/api:80"});
  CHECK(texts(ask(router, {"SHOP.example.com", "/old", {}, {}})) ==
        std::set<std::string>{"redirect 301 https://new.example.com/old"});
  CHECK(texts(ask(router, {"x.shop.example.com", "/api", {}, {}})) == std::set<std::string>{"forward shop/api:80"});
  CHECK(texts(ask(router, {"*.shop.example.com", {}, {}, {}})) ==
        std::set<std::string>{"forward shop/api:80", "forward shop/old:80", "status 404"});  // 404: `OPTIONS *`
  CHECK(texts(ask(router, {"elsewhere.example", "/", {}, {}})) == std::set<std::string>{"status 200", "status 404"});
}

TEST_CASE("paths that are left out are not asked about") {
  Router router = empty_router();
  HostEntry& entry = host(router, exactly("h.test"));
  const std::uint32_t web = to(router, "n/web:80");
  entry.routes.push_back({{PathMatch::Kind::prefix, "/a/x", false}, web, "", {}});
  CHECK(texts(ask(router, {"h.test", "/a", {}, {}, {"/a/x"}})) ==
        std::set<std::string>{"status 404", "forward n/web:80"});  // `/a/xy` is not below `/a/x`
  CHECK(texts(ask(router, {"h.test", {}, {}, {}, {"/a"}})) == std::set<std::string>{"status 404"});
  CHECK(texts(ask(router, {"h.test", "/a/x", {}, {}, {"/a/x/y"}})) == std::set<std::string>{"forward n/web:80"});
  const Possibilities nothing = ask(router, {"h.test", "/a/x", {}, {}, {"/a"}});
  CHECK(nothing.none);
}

TEST_CASE("sources and TLS") {
  const Router router = rich_router();
  const Question outside{"shop.example.com", "/cart", sources("203.0.113.0/24"), true};
  const Possibilities found = ask(router, outside);
  CHECK(found.open.empty());
  CHECK(texts(found) == std::set<std::string>{"refuse 403", "status 413", "status 503"});
  for (const Possible& one : found.decisions) {
    CHECK(one.request.source->text().starts_with("203.0.113."));
    CHECK(one.request.https);
    CHECK(one.rule == "Prefix /");
    CHECK(Server(router).serve(one.request) == one.decision);
  }
  Question office = outside;
  office.sources = sources("192.0.2.7/32");
  CHECK(texts(ask(router, office)).contains("forward shop/canary:80 3/4, shop/web:80 1/4"));
  office.https = false;
  CHECK(texts(ask(router, office)) == std::set<std::string>{"redirect 308 https://shop.example.com/cart"});
}

TEST_CASE("TLS that is passed through, and TLS that is refused") {
  Router router = rich_router();
  router.passthrough.push_back({exactly("shop.example.com"), backend(router, "shop/web:80"), {}});
  const Possibilities passed = ask(router, {"shop.example.com", "/admin", {}, true});
  REQUIRE(passed.decisions.size() == 1);
  CHECK(passed.decisions.front().decision.protocol == "tls");
  CHECK(passed.decisions.front().leaf.services == std::vector<std::string>{"shop/web:80"});
  router.passthrough.clear();
  router.strict_sni = true;
  CHECK(texts(ask(router, {"www.example.com", {}, {}, true})) == std::set<std::string>{"refuse the TLS handshake"});
}

TEST_CASE("a question about nothing, and one that nobody can answer") {
  Router router = rich_router();
  CHECK(ask(router, {"shop.example.com", {}, net::PrefixSet{}, {}}).none);
  router.treatments[1] = {{{}, Unknown{"a snippet"}, {}}};
  const Possibilities found = ask(router, {"shop.example.com", "/cart", {}, {}});
  CHECK(!found.none);
  CHECK(found.open == std::vector<std::string>{"shop.example.com, paths like /cart: a snippet"});
}

TEST_CASE("what random requests get is among what is possible") {
  unsigned held = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    Maker maker(seed);
    const Router router = maker.router();
    const Possibilities all = ask(router, {}), below = ask(router, {"h.test", "/a", {}, {}});
    if (!all.open.empty() || !below.open.empty()) continue;
    std::set<std::string> known, known_below;
    for (const Possible& one : all.decisions) known.insert(kind_of(one.decision));
    for (const Possible& one : below.decisions) known_below.insert(kind_of(one.decision));
    const Server server(router);
    for (unsigned i = 0; i < 200; ++i) {
      const Request request = maker.request();
      Trail trail;
      const std::string kind = kind_of(server.serve(request, &trail));
      if (trail.name.empty() && trail.path.empty() && trail.host == nullptr) continue;  // refused for its form
      INFO(request.target << " " << kind);
      CHECK(known.contains(kind));
      const bool inside = trail.name == "h.test" && (trail.path == "/a" || trail.path.starts_with("/a/"));
      if (!inside) continue;
      ++held;
      CHECK(known_below.contains(kind));
    }
  }
  CHECK(held > 150);
}

}  // namespace portcullis::routes

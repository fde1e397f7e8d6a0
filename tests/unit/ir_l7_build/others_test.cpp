// Traefik and ingress-gce.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

TEST_CASE("traefik: the longer rule wins, so Prefix can beat Exact, and hosts fall through") {
  const Shop shop(
      "traefik",
      {{"default/s", rules({"shop.test: Exact /foo web, Prefix /foo api, Prefix /a admin", ": Prefix / v1"}), ""}});
  check(shop, {{"http://shop.test/foo", "forward default/api:80"},
               {"http://shop.test/foobar", "forward default/api:80"},
               {"http://shop.test/zzz", "forward default/v1:80"},
               {"http://shop.test//a/../a", "forward default/admin:80"}});
  const Shop strict("traefik", {{"default/s", rules({"shop.test: Prefix /foo api"}), ""}},
                    "strictPrefixMatching: true");
  CHECK(strict.ask("http://shop.test/foobar") == "status 404");
}

TEST_CASE("traefik: routes without endpoints are skipped unless they are allowed") {
  const std::string spec = rules({"shop.test: Prefix / web, Prefix /c empty"});
  CHECK(Shop("traefik", {{"default/s", spec, ""}}).ask("http://shop.test/c") == "forward default/web:80");
  CHECK(Shop("traefik", {{"default/s", spec, ""}}, "allowEmptyServices: true").ask("http://shop.test/c") ==
        "status 503");
}

TEST_CASE("gce: every Ingress is its own router, and a path is the path or begins with it") {
  const Shop shop("gce", {{"a/s", rules({"shop.test: Prefix /p web, Exact /e api"}), ""},
                          {"b/s", rules({"shop.test: Prefix /p web"}), ""}});
  REQUIRE(shop.routers().size() == 2);
  check(shop, {{"http://shop.test/p/x ingress a/s", "forward a/web:80"},
               {"http://shop.test/p/x ingress b/s", "forward b/web:80"},
               {"http://shop.test/px ingress a/s", "status 404"},
               {"http://shop.test/e ingress a/s", "forward a/api:80"}});
}

}  // namespace portcullis::ir::l7::test

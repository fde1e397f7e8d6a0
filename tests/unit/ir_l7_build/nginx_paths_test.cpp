// ingress-nginx: hosts, locations, regex mode, merging, default backends.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

TEST_CASE("nginx: paths are matched decoded, merged and without dots, and sent on as they came") {
  const Shop shop("nginx", {{"default/s", rules({"shop.test: Prefix /admin admin, Prefix / web"}), ""}});
  check(shop, {{"http://shop.test//admin", "forward default/admin:80"},
               {"http://shop.test/%61dmin", "forward default/admin:80"},
               {"http://shop.test/x/../admin", "forward default/admin:80"},
               {"http://shop.test/x%2f..%2Fadmin/", "forward default/admin:80"},
               {"http://shop.test/Admin", "forward default/web:80"},
               {"http://shop.test/admin;x", "forward default/web:80"},
               {"http://shop.test/admin/..", "forward default/web:80"},
               {"http://shop.test/%2561dmin", "forward default/web:80"},
               {"http://shop.test/%00", "refuse 400"},
               {"http://shop.test/../x", "refuse 400"}});
}

TEST_CASE("nginx: what a Host is") {
  const Shop shop("nginx", {{"default/s", rules({"shop.test: Prefix / web", "*.shop.test: Prefix / api"}), ""}});
  check(shop, {{"http://SHOP.test/", "forward default/web:80"},
               {"http://shop.test/ with Host=shop.test.", "forward default/web:80"},
               {"http://shop.test/ with Host=shop.test..", "refuse 400"},
               {"http://shop.test/ with Host=", "refuse 400"},
               {"http://shop.test/ with Host=a.test with Host=b.test", "refuse 400"},
               {"http://a_b.shop.test/", "forward default/api:80"},
               {"http://a.b.shop.test/", "status 404"},
               {"http://x.test/ target http://shop.test/y", "forward default/web:80 as /y"}});
}

TEST_CASE("nginx: a path with a slash redirects the one without") {
  const Shop shop("nginx", {{"default/s", rules({"shop.test: Prefix /p/ web, Prefix /q api"}), ""}});
  check(shop, {{"http://shop.test/p", "redirect 301 http://shop.test/p/"},
               {"http://shop.test:8080/p?a=b", "redirect 301 http://shop.test/p/?a=b"},
               {"http://shop.test/p/x", "forward default/web:80"},
               {"http://shop.test/q", "forward default/api:80"},
               {"http://shop.test/pq", "status 404"}});
}

TEST_CASE("nginx: one object's regular expressions change every path of the host") {
  const Shop shop("nginx",
                  {{"default/r", rules({"shop.test: ImplementationSpecific /r/[0-9]+ v1"}), "use-regex: \"true\""},
                   {"a/s", rules({"shop.test: Exact /e web, Prefix /p api", "other.test: Exact /e web"}), ""}});
  check(shop, {{"http://shop.test/r/12/x", "forward default/v1:80"},
               {"http://shop.test/r/x", "status 404"},
               {"http://shop.test/exact", "forward a/web:80"},
               {"http://shop.test/E/x", "forward a/web:80"},
               {"http://shop.test/PQR", "forward a/api:80"},
               {"http://other.test/exact", "status 404"}});
}

TEST_CASE("nginx: in regex mode the longer text is tried first") {
  const Shop shop("nginx", {{"default/r",
                             rules({"shop.test: ImplementationSpecific /foo/[a-z]{3} v1, ImplementationSpecific "
                                    "/foo/bar v2"}),
                             "use-regex: \"true\""}});
  CHECK(shop.ask("http://shop.test/foo/bar") == "forward default/v1:80");
}

TEST_CASE("nginx: the older object keeps a path, whatever its namespace") {
  const Shop shop("nginx", {{"b/old", rules({"shop.test: Prefix /p web"}), ""},
                            {"a/new", rules({"shop.test: Prefix /p web, Prefix /q api"}), ""}});
  check(shop, {{"http://shop.test/p", "forward b/web:80"}, {"http://shop.test/q", "forward a/api:80"}});
}

TEST_CASE("nginx: hosts do not fall through, not even to the catch-all") {
  const Shop shop(
      "nginx", {{"default/s", rules({"shop.test: Prefix /a web", "*.test: Prefix / api", ": Prefix /z admin"}), ""}});
  check(shop, {{"http://shop.test/b", "status 404"},
               {"http://x.test/b", "forward default/api:80"},
               {"http://shop.test/z", "status 404"},
               {"http://other.example/z", "forward default/admin:80"},
               {"http://other.example/healthz", "status 200"}});
}

TEST_CASE("nginx: default backends of objects with and without rules") {
  const std::string backend = "defaultBackend: {service: {name: v1, port: {number: 80}}}";
  const Shop shop("nginx", {{"default/s", backend + ", " + rules({"shop.test: Prefix /a web"}), ""},
                            {"default/all", "defaultBackend: {service: {name: v2, port: {number: 80}}}", ""}});
  check(shop, {{"http://shop.test/x", "forward default/v1:80"}, {"http://other.test/x", "forward default/v2:80"}});
}

TEST_CASE("nginx: missing Services, missing ports and no endpoints answer 503") {
  const Shop shop("nginx",
                  {{"default/s", rules({"shop.test: Prefix /a gone, Prefix /b web:99, Prefix /c empty"}), ""}});
  check(shop, {{"http://shop.test/a", "status 503"},
               {"http://shop.test/b", "status 503"},
               {"http://shop.test/c", "status 503"}});
}

TEST_CASE("nginx: two locations of one name make it refuse the whole configuration") {
  const Shop shop("nginx", {{"default/s", rules({"shop.test: Prefix /p web, Prefix /p/ api"}), ""}});
  REQUIRE(shop.routers().size() == 1);
  CHECK_FALSE(shop.routers().front().rejected.empty());
  CHECK(shop.ask("http://shop.test/p").starts_with("unknown"));
}

}  // namespace portcullis::ir::l7::test

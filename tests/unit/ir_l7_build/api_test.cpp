// What the API promises of every controller, and where it leaves a choice.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

TEST_CASE("api: hosts are exact, one-label wildcards, or all others") {
  const Shop shop("api", {{"default/s", rules({"shop.test: Prefix / web", "*.shop.test: Prefix / api"}), ""}});
  check(shop, {{"http://shop.test/", "forward default/web:80"},
               {"http://SHOP.test:8080/x", "forward default/web:80"},
               {"http://a.shop.test/", "forward default/api:80"},
               {"http://a.b.shop.test/", "status 404"},
               {"http://other.test/", "status 404"}});
}

TEST_CASE("api: Exact is equality of bytes, Prefix is by element, the longest wins") {
  const Shop shop(
      "api", {{"default/s", rules({"shop.test: Exact /e web, Prefix /p api, Prefix /p/q/ admin, Exact /p v1"}), ""}});
  check(shop, {{"http://shop.test/e", "forward default/web:80"},
               {"http://shop.test/e/", "status 404"},
               {"http://shop.test/E", "status 404"},
               {"http://shop.test/p", "forward default/v1:80"},
               {"http://shop.test/p/", "forward default/api:80"},
               {"http://shop.test/pq", "status 404"},
               {"http://shop.test/p/q", "forward default/admin:80"},
               {"http://shop.test/p/q/r", "forward default/admin:80"},
               {"http://shop.test/p/qr?x=/p/q", "forward default/api:80"}});
}

TEST_CASE("api: two owners of one path are a choice of the controller") {
  const Shop shop("api", {{"a/s", rules({"shop.test: Prefix /p web"}), ""},
                          {"b/s", rules({"shop.test: Prefix /p web, Prefix /b api"}), ""}});
  CHECK(shop.ask("http://shop.test/b") == "forward b/api:80");
  CHECK(shop.ask("http://shop.test/p").starts_with("unknown"));
}

TEST_CASE("api: ports by number and by name are ports of the Service") {
  const Shop shop("api", {{"default/s", rules({"shop.test: Prefix /a multi:metrics, Prefix /b multi:9090"}), ""}});
  check(shop,
        {{"http://shop.test/a", "forward default/multi:9090"}, {"http://shop.test/b", "forward default/multi:9090"}});
}

TEST_CASE("api: a default backend takes what no host and no path takes") {
  const Shop shop("api", {{"default/s", "defaultBackend: {service: {name: web, port: {number: 80}}}", ""}});
  check(shop, {{"http://shop.test/x", "forward default/web:80"}, {"http://192.0.2.1/", "forward default/web:80"}});
}

}  // namespace portcullis::ir::l7::test

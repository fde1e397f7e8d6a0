// HAProxy's kubernetes-ingress, and haproxy-ingress.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

TEST_CASE("haproxy: paths are matched as sent, ImplementationSpecific byte by byte") {
  const Shop shop(
      "haproxy",
      {{"default/s", rules({"shop.test: Prefix /admin admin, Prefix / web, ImplementationSpecific /i v1"}), ""}});
  check(shop, {{"http://shop.test/admin/x", "forward default/admin:80"},
               {"http://shop.test//admin", "forward default/web:80"},
               {"http://shop.test/%61dmin", "forward default/web:80"},
               {"http://shop.test/adminx", "forward default/web:80"},
               {"http://shop.test/ix", "forward default/v1:80"},
               {"http://shop.test/ target http://other.test/", "refuse 400"}});
}

TEST_CASE("haproxy: a chosen host does not fall through, and without a Host only the default is left") {
  const Shop shop("haproxy",
                  {{"default/s", rules({"shop.test: Prefix /a web", "*.test: Prefix / api", ": Prefix / admin"}), ""}});
  check(shop, {{"http://shop.test/b", "status 404"},
               {"http://x.test/b", "forward default/api:80"},
               {"http://other.example/", "forward default/admin:80"}});
}

TEST_CASE("haproxy: a dead route is not there") {
  const Shop shop("haproxy", {{"default/s", rules({"shop.test: Prefix /a gone, Prefix / web, Prefix /c empty"}), ""}});
  check(shop, {{"http://shop.test/a", "forward default/web:80"}, {"http://shop.test/c", "status 503"}});
}

TEST_CASE("haproxy: TLS redirects to its port") {
  const Shop shop(
      "haproxy",
      {{"default/s", rules({"shop.test: Prefix / web"}) + ", tls: [{hosts: [shop.test], secretName: s}]", ""}});
  CHECK(shop.ask("http://shop.test/a/") == "redirect 302 https://shop.test:8443/a/");
}

TEST_CASE("haproxy-ingress: begins with, whatever the case, the older object wins, hosts fall through") {
  const Shop shop("haproxy-ingress",
                  {{"a/old", rules({"shop.test: ImplementationSpecific /p web"}), ""},
                   {"b/new", rules({"shop.test: ImplementationSpecific /p web", ": Prefix / admin"}), ""}});
  check(shop, {{"http://shop.test/PQ", "forward a/web:80"}, {"http://shop.test/x", "forward b/admin:80"}});
  const Shop strict("haproxy-ingress", {{"a/s", rules({"shop.test: Prefix /p web", ": Prefix / admin"}), ""}},
                    "strictHost: true");
  CHECK(strict.ask("http://shop.test/x") == "status 404");
}

}  // namespace portcullis::ir::l7::test

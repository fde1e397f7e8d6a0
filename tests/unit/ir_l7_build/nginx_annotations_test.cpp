// ingress-nginx: what annotations do, in which order, and what invalid values do.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

namespace {

Shop shop(const std::string& annotations, const std::string& paths = "Prefix / web") {
  return Shop("nginx", {{"default/s", rules({"shop.test: " + paths}), annotations}});
}
const std::string tls = ", tls: [{hosts: [shop.test], secretName: s}]";

}  // namespace

TEST_CASE("nginx: rewrite-target replaces the whole path") {
  check(shop("rewrite-target: /v2", "Prefix /api web"),
        {{"http://shop.test/api/users?a=b", "forward default/web:80 as /v2?a=b"},
         {"http://shop.test/API", "forward default/web:80 as /v2"}});
  check(shop("rewrite-target: /$2", "ImplementationSpecific /s(/|$)(.*) web"),
        {{"http://shop.test/s", "forward default/web:80 as /"},
         {"http://shop.test/s/new", "forward default/web:80 as /new"},
         {"http://shop.test/snew", "status 404"}});
}

TEST_CASE("nginx: redirects come before source ranges") {
  check(shop("permanent-redirect: https://new.test/x\nwhitelist-source-range: 192.0.2.0/24"),
        {{"http://shop.test/a?b from 198.51.100.1", "redirect 301 https://new.test/x"}});
  check(shop("temporal-redirect: https://t.test\npermanent-redirect: https://p.test"),
        {{"http://shop.test/", "redirect 302 https://t.test"}});
  check(shop("app-root: /home"), {{"http://shop.test:81/", "redirect 302 http://shop.test:81/home"},
                                  {"http://shop.test/x", "forward default/web:80"}});
}

TEST_CASE("nginx: source ranges, allowed and denied") {
  const Shop allowed = shop("whitelist-source-range: 192.0.2.0/24");
  check(allowed, {{"http://shop.test/ from 192.0.2.7", "forward default/web:80"},
                  {"http://shop.test/ from 198.51.100.1", "refuse 403"}});
  CHECK(allowed.ask("http://shop.test/").starts_with("unknown"));
  check(shop("denylist-source-range: 192.0.2.7\nwhitelist-source-range: 192.0.2.0/24"),
        {{"http://shop.test/ from 192.0.2.7", "refuse 403"},
         {"http://shop.test/ from 192.0.2.8", "forward default/web:80"}});
  check(shop("whitelist-source-range: nonsense"), {{"http://shop.test/ from 192.0.2.7", "status 503"}});
}

TEST_CASE("nginx: a host with TLS answers plain requests with a redirect, minus one slash") {
  const Shop with_tls("nginx", {{"default/s", rules({"shop.test: Prefix / web"}) + tls, ""}});
  check(with_tls, {{"http://shop.test:8080/a/?b", "redirect 308 https://shop.test/a/?b"},
                   {"http://shop.test/a/", "redirect 308 https://shop.test/a"},
                   {"https://shop.test/a/", "forward default/web:80"}});
  const Shop kept("nginx", {{"default/s", rules({"shop.test: Prefix / web"}) + tls, "ssl-redirect: \"false\""}});
  check(kept, {{"http://shop.test/a/", "forward default/web:80"}});
  check(shop("force-ssl-redirect: \"true\""), {{"http://shop.test/", "redirect 308 https://shop.test"}});
}

TEST_CASE("nginx: canaries by header, cookie and weight") {
  const auto canary = [](const std::string& annotations) {
    return Shop("nginx", {{"default/s", rules({"shop.test: Prefix / v1"}), ""},
                          {"default/canary", rules({"shop.test: Prefix / v2"}), "canary: \"true\"\n" + annotations}});
  };
  check(canary("canary-weight: \"30\""), {{"http://shop.test/", "forward default/v1:80 7/10, default/v2:80 3/10"}});
  check(canary("canary-by-header: X-C\ncanary-by-cookie: beta\ncanary-weight: \"30\""),
        {{"http://shop.test/ with x-c=always", "forward default/v2:80"},
         {"http://shop.test/ with X-C=never with Cookie=beta=always", "forward default/v1:80"},
         {"http://shop.test/ with Cookie=\"a=b; beta=always\"", "forward default/v2:80"},
         {"http://shop.test/ with X-C=maybe", "forward default/v1:80 7/10, default/v2:80 3/10"}});
  check(canary("canary-by-header: X-C\ncanary-by-header-value: eu"),
        {{"http://shop.test/ with X-C=eu", "forward default/v2:80"},
         {"http://shop.test/ with X-C=always", "forward default/v1:80"}});
}

TEST_CASE("nginx: CORS, bodies, authentication and rates") {
  check(shop("enable-cors: \"true\""),
        {{"OPTIONS http://shop.test/", "status 204"}, {"GET http://shop.test/", "forward default/web:80"}});
  check(shop("auth-url: http://auth.test/check"), {{"http://shop.test/", "refuse 401"}});
  check(shop("auth-url: http://auth.test/check\nauth-signin: https://auth.test/in"),
        {{"http://shop.test/a?b", "redirect 302 https://auth.test/in?rd=http://shop.test%2Fa%3Fb"}});
}

TEST_CASE("nginx: names") {
  check(shop("server-alias: www.shop.test"), {{"http://www.shop.test/", "forward default/web:80"}});
  check(shop("from-to-www-redirect: \"true\""), {{"http://www.shop.test/a/", "redirect 308 http://shop.test:80/a"}});
  check(shop("upstream-vhost: inner.test"), {{"http://shop.test/", "forward default/web:80 at inner.test"}});
  check(shop("backend-protocol: https"), {{"http://shop.test/", "forward default/web:80 by https"}});
}

TEST_CASE("nginx: what is not carried over is said") {
  CHECK(shop("proxy-read-timeout: \"5\"").findings() ==
        std::vector<std::string>{
            "PC5006 Ingress default/s metadata.annotations[nginx.ingress.kubernetes.io/proxy-read-timeout]"});
  CHECK(shop("rewrite-targt: /").findings() ==
        std::vector<std::string>{
            "PC5006 Ingress default/s metadata.annotations[nginx.ingress.kubernetes.io/rewrite-targt]"});
  CHECK(shop("haproxy.org/ssl-redirect: \"true\"").findings() ==
        std::vector<std::string>{"PC5006 Ingress default/s metadata.annotations[haproxy.org/ssl-redirect]"});
  const Shop snippet("nginx", {{"default/s", rules({"shop.test: Prefix / web"}), "configuration-snippet: return 200;"}},
                     "allowSnippets: true");
  CHECK(snippet.ask("http://shop.test/").starts_with("unknown"));
}

}  // namespace portcullis::ir::l7::test

// Sentences about hosts and paths of Ingresses: a shop behind a controller's balancer, a router that looks at sources,
// and proxies on nodes.
#include <catch2/catch.hpp>

#include "tests/unit/obligations/ingress_world.hpp"
#include "tests/unit/obligations/reach_world.hpp"

namespace portcullis::tests {

namespace {

const std::string shop_pods = pod("shop", "web-1", "web", "n1", "10.244.1.10", "8080") +
                              pod("shop", "web-2", "web", "n2", "10.244.2.10", "8080") +
                              pod("shop", "cart-1", "cart", "n3", "10.244.3.10", "8080") +
                              service("web", "10.96.0.80") + service("cart", "10.96.0.81") +
                              service("empty", "10.96.0.82");

const std::string shop_routes =
    ingress("shop", "", "shop.example.com",
            path("Prefix", "/", "web") + path("Prefix", "/cart", "cart") + path("Prefix", "/old", "empty")) +
    ingress("admin", "nginx.ingress.kubernetes.io/whitelist-source-range: 198.51.100.0/24", "shop.example.com",
            path("Prefix", "/admin", "web")) +
    ingress("users", "nginx.ingress.kubernetes.io/auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: users",
            "shop.example.com", path("Prefix", "/private", "web")) +
    ingress("wild", "", "*.example.org", path("Prefix", "/", "web"));

const std::string zones = "zone office = 198.51.100.0/24\n";

struct Row {
  std::string policy;
  std::string standings;
  std::string told, lost;
};

void check(const std::string& manifests, const Row& row) {
  const Proved world(nodes + manifests, zones + row.policy);
  INFO(row.policy << "\n" << world.told());
  CHECK(world.findings() == std::vector<std::string>{});
  CHECK(world.standings() == row.standings);
  CHECK(world.told().find(row.told) != std::string::npos);
  CHECK(world.lost() == row.lost);
}

}  // namespace

TEST_CASE("routes behind a balancer that keeps the client's address") {
  check(
      controller("Local") + shop_pods + shop_routes,
      GENERATE(values<Row>({
          {"reachable from internet to ingress shop.example.com", "proved", "", ""},
          {"reachable from internet to ingress shop.example.com path /cart", "proved", "", ""},
          {"reachable from internet to ingress \"*.example.org\"", "proved", "", ""},
          {"reachable from internet to ingress a.example.org path /x", "proved", "", ""},
          {"reachable from internet to ingress shop.example.com path /old", "refuted", "status 503", ""},
          {"reachable from internet to ingress shop.example.com path /admin", "refuted", "refuse 403", ""},
          {"reachable from office to ingress shop.example.com path /admin", "proved", "", ""},
          {"reachable from internet to ingress shop.example.com path /private", "proved", "", ""},
          {"reachable from internet to ingress shop.example.com surviving any 1 node", "proved", "", ""},
          {"reachable from internet to ingress shop.example.com surviving any 2 nodes", "refuted", "without n1 and n2",
           "n1 n2"},
          {"reachable from internet to ingress shop.example.com path /cart surviving any 1 node", "refuted",
           "without n3", "n3"},
          {"unreachable from internet to ingress shop.example.com path /cart", "refuted",
           "https://shop.example.com/cart from 203.0.113.7: router nginx forward shop/cart:80", ""},
          {"unreachable from internet to ingress shop.example.com path /admin", "refuted", "from 198.51.100.", ""},
          {"unreachable from internet except office to ingress shop.example.com path /old", "proved", "", ""},
          {"unreachable from 203.0.113.0/24 to ingress shop.example.com path /admin", "proved", "", ""},
          {"unreachable from 203.0.113.0/24 to ingress shop.example.com path /private", "refuted",
           "forward shop/web:80", ""},
          {"unreachable from internet to ingress shop.example.com except ingress shop.example.com path /", "proved", "",
           ""},
          {"only office, cluster reaches ingress shop.example.com path /admin", "proved", "", ""},
          {"only office reaches ingress shop.example.com path /cart", "refuted", "forward shop/cart:80", ""},
          {"preserves source from internet to ingress shop.example.com", "unknown", "in the place of its clients", ""},
      })));
}

TEST_CASE("the router's decision is about the address that it sees") {
  // A node masquerades: the office is not recognised, and nobody is let in.
  check(controller("Cluster") + shop_pods + shop_routes,
        GENERATE(values<Row>({
            {"reachable from internet to ingress shop.example.com path /cart", "proved", "", ""},
            {"reachable from office to ingress shop.example.com path /admin", "refuted", "the router sees 192.168.0.1",
             ""},
            {"unreachable from internet to ingress shop.example.com path /admin", "proved", "", ""},
        })));
  // Whoever comes is one of the nodes, which are let in.
  const std::string open =
      ingress("admin", "nginx.ingress.kubernetes.io/whitelist-source-range: \"192.168.0.11,192.168.0.12,192.168.0.13\"",
              "shop.example.com", path("Prefix", "/admin", "web"));
  check(controller("Cluster") + shop_pods + open, {"unreachable from internet to ingress shop.example.com path /admin",
                                                   "refuted", "the router sees 192.168.0.1", ""});
  check(controller("Local") + shop_pods + open,
        {"unreachable from internet to ingress shop.example.com path /admin", "proved", "", ""});
}

TEST_CASE("packet rules in front of the router count") {
  check(controller("Local", "203.0.113.0/24") + shop_pods + shop_routes,
        GENERATE(values<Row>({
            {"reachable from 203.0.113.0/24 to ingress shop.example.com path /cart", "proved", "", ""},
            {"reachable from office to ingress shop.example.com path /cart", "refuted", "from 198.51.100.", ""},
        })));
}

TEST_CASE("a proxy on every node") {
  check(shop_pods + shop_routes,
        GENERATE(values<Row>({
            {"reachable from internet to ingress shop.example.com path /cart", "proved", "", ""},
            {"reachable from internet to ingress shop.example.com surviving any 1 node", "proved", "", ""},
            {"unreachable from internet to ingress shop.example.com path /cart", "refuted", "192.168.0.11:443", ""},
            {"unreachable from internet except office to ingress shop.example.com path /admin", "proved", "", ""},
        })));
}

TEST_CASE("a request that shows something is one that a client sends") {
  const Proved world(nodes + controller("Local") + shop_pods + shop_routes,
                     "unreachable from internet to ingress shop.example.com path /private");
  REQUIRE(world.proofs.size() == 1);
  const verdict::Proof& proof = world.proofs.front();
  REQUIRE(proof.request);
  CHECK(proof.request->authorised);
  CHECK(proof.request->https);
  CHECK(proof.request->target == "/private");
  CHECK(proof.request->source == net::Address::parse("203.0.113.7"));
  CHECK(proof.related.front().message == "Ingress shop/users");
}

TEST_CASE("hosts and paths of Ingresses that nobody has") {
  const auto findings = [](const std::string& policy) {
    return Proved(nodes + controller("Local") + shop_pods + shop_routes, policy).findings();
  };
  const auto one = [&](const std::string& policy) {
    const std::vector<std::string> all = findings(policy);
    return all.size() == 1 ? all.front() : fmt::format("{} findings", all.size());
  };
  CHECK(one("reachable from internet to ingress shop.exmaple.com").ends_with("nearest: `shop.example.com`"));
  CHECK(one("unreachable from internet to ingress nobody.example.com").find("PC4002") != std::string::npos);
  CHECK(findings("unreachable from internet to ingress shop.example.com path /cart/x").empty());
}

}  // namespace portcullis::tests

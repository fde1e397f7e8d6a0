// Which controllers there are, options and entries.
#include <catch2/catch.hpp>

#include "shop.hpp"

namespace portcullis::ir::l7::test {

TEST_CASE("options that the flavour does not have, and values that make no sense, are findings") {
  const std::vector<Written> one{{"default/s", rules({"shop.test: Prefix / web"}), ""}};
  CHECK(Shop("nginx", one, "strictHost: true").findings() ==
        std::vector<std::string>{"PC2110 spec.ingressControllers[].options.strictHost"});
  CHECK(Shop("traefik", one, "strictPrefixMatching: perhaps").findings() ==
        std::vector<std::string>{"PC2110 spec.ingressControllers[].options.strictPrefixMatching"});
  CHECK(Shop("nginx", one, "sslPassthrough: true").findings().empty());
}

TEST_CASE("a router knows who owns a host") {
  const Shop shop("nginx",
                  {{"a/s", rules({"shop.test: Prefix /a web"}), ""}, {"b/s", rules({"shop.test: Prefix /b web"}), ""}});
  REQUIRE(shop.routers().size() == 1);
  const HostEntry* entry = find_host(shop.routers().front(), "shop.test");
  REQUIRE(entry != nullptr);
  CHECK(entry->owners == std::vector<std::string>{"a/s", "b/s"});
}

}  // namespace portcullis::ir::l7::test

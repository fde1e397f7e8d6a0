#include "compiler/cluster/ranges.hpp"

#include <catch2/catch.hpp>

namespace portcullis::cluster {

namespace {

net::Prefix prefix(const char* text) {
  return net::Prefix::parse(text).value();
}
net::Address address(const char* text) {
  return net::Address::parse(text).value();
}

}  // namespace

TEST_CASE("the number of addresses, capped") {
  CHECK(address_count(prefix("10.0.0.0/24")) == 256);
  CHECK(address_count(prefix("10.0.0.1/32")) == 1);
  CHECK(address_count(prefix("0.0.0.0/0")) == std::uint64_t{1} << 32U);
  CHECK(address_count(prefix("fd00::/112")) == 65536);
  CHECK(address_count(prefix("fd00::/64")) == std::uint64_t{1} << 62U);
  CHECK(address_count(prefix("::/0")) == std::uint64_t{1} << 62U);
}

TEST_CASE("offsets inside a prefix") {
  CHECK(offset_in(prefix("10.0.0.0/24"), address("10.0.0.0")) == 0U);
  CHECK(offset_in(prefix("10.0.0.0/16"), address("10.0.1.2")) == 258U);
  CHECK(offset_in(prefix("fd00::/64"), address("fd00::1:0")) == 65536U);
  CHECK_FALSE(offset_in(prefix("10.0.0.0/24"), address("10.0.1.0")));
  CHECK_FALSE(offset_in(prefix("10.0.0.0/24"), address("fd00::")));
  CHECK_FALSE(offset_in(prefix("fd00::/32"), address("fd00:0:0:1::")));  // past the cap
}

TEST_CASE("subnets and their numbers") {
  struct Row {
    const char* range;
    int length;
    std::uint64_t index;
    const char* subnet;
  };
  for (const Row& row : {Row{"10.244.0.0/16", 24, 0, "10.244.0.0/24"}, Row{"10.244.0.0/16", 24, 255, "10.244.255.0/24"},
                         Row{"10.40.0.0/14", 24, 258, "10.41.2.0/24"}, Row{"fd40::/32", 64, 65537, "fd40:0:1:1::/64"},
                         Row{"10.0.0.0/30", 30, 0, "10.0.0.0/30"}}) {
    INFO(row.subnet);
    const auto got = subnet(prefix(row.range), row.length, row.index);
    REQUIRE(got);
    CHECK(got->text() == row.subnet);
    CHECK(subnet_index(prefix(row.range), row.length, got->last()) == row.index);
  }
  CHECK_FALSE(subnet(prefix("10.244.0.0/16"), 24, 256));
  CHECK_FALSE(subnet(prefix("10.244.0.0/24"), 16, 0));
}

}  // namespace portcullis::cluster

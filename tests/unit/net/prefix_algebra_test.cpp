#include "compiler/net/prefix_algebra.hpp"

#include <random>

#include <catch2/catch.hpp>

#include "compiler/base/text.hpp"

namespace {

using namespace portcullis;
using net::Address;
using net::Prefix;
using net::PrefixSet;

PrefixSet set(std::string_view text) {
  std::vector<Prefix> out;
  for (const std::string_view word : base::split(text, ' ')) {
    if (!word.empty()) out.push_back(Prefix::parse(word).value());
  }
  return PrefixSet(std::move(out));
}
std::string text(const PrefixSet& set) {
  std::string out;
  for (const Prefix& p : set.prefixes()) out += (out.empty() ? "" : " ") + p.text();
  return out;
}

}  // namespace

TEST_CASE("sets of prefixes are combined") {
  struct Row {
    const char* a;
    const char* b;
    const char* both;
    const char* without;
  };
  const Row row = GENERATE(values<Row>({
      {"", "", "", ""},
      {"10.0.0.0/8", "", "", "10.0.0.0/8"},
      {"", "10.0.0.0/8", "", ""},
      {"10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8", ""},
      {"10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8", ""},
      {"10.0.0.0/30", "10.0.0.1/32", "10.0.0.1/32", "10.0.0.0/32 10.0.0.2/31"},
      {"10.0.0.0/30", "10.0.0.0/32 10.0.0.3/32", "10.0.0.0/32 10.0.0.3/32", "10.0.0.1/32 10.0.0.2/32"},
      {"10.0.0.0/31 10.0.0.4/31", "10.0.0.0/29", "10.0.0.0/31 10.0.0.4/31", ""},
      // halves become their whole, but not what merely stands side by side
      {"10.0.0.0/32 10.0.0.1/32 10.0.0.2/31 10.0.0.4/32", "0.0.0.0/0", "10.0.0.0/30 10.0.0.4/32", ""},
      {"10.0.0.1/32 10.0.0.2/32", "0.0.0.0/0", "10.0.0.1/32 10.0.0.2/32", ""},
      {"255.255.255.254/31", "255.255.255.255/32", "255.255.255.255/32", "255.255.255.254/32"},
      {"0.0.0.0/0", "128.0.0.0/1", "128.0.0.0/1", "0.0.0.0/1"},
      // the families do not meet, though ::/0 begins with the same bytes
      {"0.0.0.0/0 ::/0", "::/0", "::/0", "0.0.0.0/0"},
      {"0.0.0.0/0 ::/0", "0.0.0.0/0", "0.0.0.0/0", "::/0"},
      {"fd00::/126", "fd00::2/128", "fd00::2/128", "fd00::/127 fd00::3/128"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/128"},
  }));
  INFO(row.a << " and " << row.b);
  CHECK(text(intersect(set(row.a), set(row.b))) == row.both);
  CHECK(text(intersect(set(row.b), set(row.a))) == row.both);
  CHECK(text(subtract(set(row.a), set(row.b))) == row.without);
}

TEST_CASE("every address is where it belongs after combining random sets") {
  std::mt19937 random(7);
  const auto some = [&] {
    std::vector<Prefix> out;
    for (auto n = random() % 6; n > 0; --n)
      out.emplace_back(Address::v4(static_cast<std::uint32_t>(0x0A000000U + random() % 256)),
                       24 + static_cast<int>(random() % 9));
    return PrefixSet(std::move(out));
  };
  for (int round = 0; round < 300; ++round) {
    const PrefixSet a = some();
    const PrefixSet b = some();
    INFO(text(a) << " and " << text(b));
    const PrefixSet either = unite(a, b);
    const PrefixSet both = intersect(a, b);
    const PrefixSet without = subtract(a, b);
    CHECK(unite(without, both) == unite(a, a));
    for (std::uint32_t i = 0; i < 256; ++i) {
      const Address address = Address::v4(0x0A000000U + i);
      const bool in_a = a.contains(address);
      const bool in_b = b.contains(address);
      REQUIRE(either.contains(address) == (in_a || in_b));
      REQUIRE(both.contains(address) == (in_a && in_b));
      REQUIRE(without.contains(address) == (in_a && !in_b));
    }
  }
}

TEST_CASE("one family of a set") {
  const PrefixSet all = set("10.0.0.0/8 fd00::/8");
  CHECK(text(of_family(all, net::Family::ipv4)) == "10.0.0.0/8");
  CHECK(text(of_family(all, net::Family::ipv6)) == "fd00::/8");
  CHECK(net::everything(net::Family::ipv4).text() == "0.0.0.0/0");
  CHECK(net::everything(net::Family::ipv6).text() == "::/0");
}

TEST_CASE("a set as runs of addresses") {
  struct Row {
    const char* prefixes;
    const char* runs;
  };
  const Row row = GENERATE(values<Row>({
      {"", ""},
      {"10.0.0.0/31", "10.0.0.0-10.0.0.1"},
      {"10.0.0.1/32 10.0.0.2/31", "10.0.0.1-10.0.0.3"},
      {"10.0.0.0/32 10.0.0.2/32", "10.0.0.0-10.0.0.0 10.0.0.2-10.0.0.2"},
      {"0.0.0.0/0 ::/0", "0.0.0.0-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  }));
  std::string out;
  for (const auto& [first, last] : runs(set(row.prefixes)))
    out += (out.empty() ? "" : " ") + first.text() + "-" + last.text();
  CHECK(out == row.runs);
}

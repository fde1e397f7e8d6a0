#include "compiler/net/address.hpp"

#include <catch2/catch.hpp>

using portcullis::net::Address;
using portcullis::net::endpoint_text;
using portcullis::net::Prefix;
using portcullis::net::PrefixSet;

TEST_CASE("addresses are read strictly or as Go's sloppy parser reads them") {
  struct Row {
    const char* text;
    const char* strict;  // canonical text, or nullptr when refused
    const char* sloppy;
  };
  const Row row = GENERATE(values<Row>({
      {"10.0.1.2", "10.0.1.2", "10.0.1.2"},
      {"010.0.0.5", nullptr, "10.0.0.5"},
      {"0.0.0.0", "0.0.0.0", "0.0.0.0"},
      {"256.0.0.1", nullptr, nullptr},
      {"1.2.3", nullptr, nullptr},
      {"1.2.3.4.5", nullptr, nullptr},
      {"1.2.3.4 ", nullptr, nullptr},
      {"", nullptr, nullptr},
      {"fd00::1", "fd00::1", "fd00::1"},
      {"FD00:0:0::1", "fd00::1", "fd00::1"},
      {"::ffff:10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"},
      {"fe80::1%eth0", nullptr, nullptr},
      {"[::1]", nullptr, nullptr},
      {":::", nullptr, nullptr},
  }));
  CAPTURE(row.text);
  const auto strict = Address::parse(row.text), sloppy = Address::parse_sloppy(row.text);
  CHECK(strict.has_value() == (row.strict != nullptr));
  if (strict && row.strict != nullptr) CHECK(strict->text() == row.strict);
  CHECK(sloppy.has_value() == (row.sloppy != nullptr));
  if (sloppy && row.sloppy != nullptr) CHECK(sloppy->text() == row.sloppy);
}

TEST_CASE("prefixes refuse host bits when read strictly and clear them otherwise") {
  struct Row {
    const char* text;
    const char* strict;
    const char* sloppy;
  };
  const Row row = GENERATE(values<Row>({
      {"10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"},
      {"10.1.0.0/8", nullptr, "10.0.0.0/8"},
      {"010.0.0.0/8", nullptr, "10.0.0.0/8"},
      {"10.0.0.0/08", nullptr, "10.0.0.0/8"},
      {"10.0.0.0/33", nullptr, nullptr},
      {"10.0.0.0", nullptr, nullptr},
      {"10.0.0.0/", nullptr, nullptr},
      {"10.0.0.0/-1", nullptr, nullptr},
      {"fd00::/32", "fd00::/32", "fd00::/32"},
      {"fd00::1/32", nullptr, "fd00::/32"},
      {"::/0", "::/0", "::/0"},
      {"::/129", nullptr, nullptr},
  }));
  CAPTURE(row.text);
  const auto strict = Prefix::parse(row.text), sloppy = Prefix::parse_sloppy(row.text);
  CHECK(strict.has_value() == (row.strict != nullptr));
  if (strict && row.strict != nullptr) CHECK(strict->text() == row.strict);
  CHECK(sloppy.has_value() == (row.sloppy != nullptr));
  if (sloppy && row.sloppy != nullptr) CHECK(sloppy->text() == row.sloppy);
}

TEST_CASE("a prefix contains exactly its addresses") {
  struct Row {
    const char* prefix;
    const char* address;
    bool inside;
  };
  const Row row = GENERATE(values<Row>({
      {"10.40.0.0/14", "10.40.0.0", true},
      {"10.40.0.0/14", "10.43.255.255", true},
      {"10.40.0.0/14", "10.44.0.0", false},
      {"10.40.0.0/14", "10.39.255.255", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "::", false},
      {"203.0.113.9/32", "203.0.113.9", true},
      {"203.0.113.9/32", "203.0.113.8", false},
      {"fd40::/32", "fd40::2:9", true},
      {"fd40::/33", "fd40:0:8000::", false},
      {"fd40::/33", "fd40:0:7fff::", true},
  }));
  CAPTURE(row.prefix, row.address);
  CHECK(Prefix::parse(row.prefix)->contains(*Address::parse(row.address)) == row.inside);
  CHECK(PrefixSet({*Prefix::parse(row.prefix)}).contains(*Address::parse(row.address)) == row.inside);
}

TEST_CASE("a prefix set drops what another prefix holds") {
  const auto p = [](const char* text) { return *Prefix::parse(text); };
  const PrefixSet set({p("10.1.0.0/16"), p("10.0.0.0/8"), p("10.0.0.0/8"), p("fd00::/8"), p("192.0.2.1/32")});
  CHECK(set.prefixes() == std::vector<Prefix>{p("10.0.0.0/8"), p("192.0.2.1/32"), p("fd00::/8")});
  CHECK(set.contains(*Address::parse("10.200.0.1")));
  CHECK_FALSE(set.contains(*Address::parse("11.0.0.0")));
  CHECK_FALSE(PrefixSet().contains(*Address::parse("0.0.0.0")));
}

TEST_CASE("arithmetic stops at the ends of a family") {
  CHECK(Address::parse("10.0.0.255")->next()->text() == "10.0.1.0");
  CHECK_FALSE(Address::parse("255.255.255.255")->next());
  CHECK(Address::parse("10.0.1.0")->previous()->text() == "10.0.0.255");
  CHECK_FALSE(Address::parse("0.0.0.0")->previous());
  CHECK(Address::parse("fd00::ffff")->plus(1)->text() == "fd00::1:0");
  CHECK(Address::parse("10.0.0.0")->plus(70000)->text() == "10.1.17.112");
  CHECK_FALSE(Address::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")->next());
  CHECK(Prefix::parse("10.0.0.0/30")->last().text() == "10.0.0.3");
  CHECK(Prefix::parse("fd00::/126")->last().text() == "fd00::3");
}

TEST_CASE("an endpoint's text brackets IPv6") {
  CHECK(endpoint_text(*Address::parse("10.0.1.2"), 8080) == "10.0.1.2:8080");
  CHECK(endpoint_text(*Address::parse("fd00::1"), 80) == "[fd00::1]:80");
}

TEST_CASE("kinds of addresses") {
  CHECK(Address::parse("127.9.9.9")->is_loopback());
  CHECK(Address::parse("::1")->is_loopback());
  CHECK_FALSE(Address::parse("::2")->is_loopback());
  CHECK(Address::parse("169.254.1.1")->is_link_local_unicast());
  CHECK(Address::parse("fe80::1")->is_link_local_unicast());
  CHECK(Address::parse("febf::1")->is_link_local_unicast());
  CHECK_FALSE(Address::parse("fec0::1")->is_link_local_unicast());
  CHECK(Address::parse("224.0.0.9")->is_link_local_multicast());
  CHECK_FALSE(Address::parse("224.0.1.9")->is_link_local_multicast());
  CHECK(Address::parse("ff02::1")->is_link_local_multicast());
  CHECK(Address::parse("ff05::1")->is_multicast());
  CHECK(Address::parse("::")->is_unspecified());
}

#include "backends/iptables/names.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "backends/iptables/builder.hpp"
#include "backends/iptables/ruleset.hpp"
#include "compiler/base/text.hpp"
#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

TEST_CASE("a chain is named for its address, port and protocol") {
  struct Row {
    const char* address;
    std::uint16_t port;
    net::Protocol protocol;
    const char* stem;
  };
  const Row row = GENERATE(values<Row>({
      {"10.96.40.20", 80, net::Protocol::tcp, "PCL-0A6028140050T"},
      {"255.255.255.255", 65535, net::Protocol::sctp, "PCL-FFFFFFFFFFFFS"},
      {"fd96::20", 53, net::Protocol::udp, "PCL-FD9600000000200035U"},
      {"fd96:0:0:7::ab:20", 53, net::Protocol::udp, "PCL-FD960007AB00200035U"},
  }));
  const net::Address a = address(row.address);
  CHECK(frontend_stem({a, row.protocol, row.port}, a.family()) == row.stem);
}

TEST_CASE("the stem of node ports is below every address") {
  CHECK(frontend_stem({{}, net::Protocol::tcp, 30080}, net::Family::ipv4) == "PCL-000000007580T");
  CHECK(address_stem({}, net::Family::ipv6) == "PCL-00000000000000");
}

TEST_CASE("names stay unique and within what xtables takes, however many want the same") {
  TableBuilder table(TableName::nat);
  std::set<std::string> names;
  const std::string longest = "PCL-FD9600000000200035UP.XYZ";
  REQUIRE(longest.size() == longest_chain_name);
  for (int i = 0; i < 3000; ++i) {
    names.insert(table.name(table.chain(longest)));
    names.insert(table.name(table.chain("PCL-NAT")));
  }
  CHECK(names.size() == 6000);
  for (const std::string& n : names) CHECK(n.size() <= longest_chain_name);
}

TEST_CASE("a comment is one line of printable text of at most 255 bytes") {
  struct Row {
    std::string text, comment;
  };
  const std::string a130(130, 'a');
  const std::vector<Row> rows{
      {"default/web:http cluster-ip", "default/web:http cluster-ip"},
      {"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"\"; -j ACCEPT", "\"; -j ACCEPT"},
  };
  for (const Row& row : rows) CHECK(comment_text(row.text) == row.comment);
  const std::string cut = comment_text(a130);
  CHECK(cut.starts_with(std::string(120, 'a') + "…"));
  CHECK(cut.size() == 120 + 3 + 8);
  CHECK(cut != comment_text(a130 + "b"));
  // The cut does not go through a character.
  const std::string umlauts = comment_text("a" + std::string(100, 'x') + std::string("ääääääääääääääääääää"));
  CHECK(umlauts.size() < 255);
  CHECK(base::printable(umlauts) == umlauts);
}

TEST_CASE("an affinity list is named for its label, and the label comes back") {
  struct Row {
    const char* label;
    const char* name;
  };
  const Row row = GENERATE(values<Row>({
      {"default/web:http 10.0.1.2:8080", "default,web:http@10.0.1.2:8080"},
      {"default/dns:53/udp [fd00::1]:53", "default,dns:53,udp@[fd00::1]:53"},
  }));
  CHECK(recent_name(row.label) == row.name);
  CHECK(label_of_recent(row.name) == std::string(row.label));
}

TEST_CASE("a label that is no list's name becomes a hash") {
  const std::string too_long =
      std::string(63, 'a') + "/" + std::string(63, 'b') + ":" + std::string(63, 'c') + " [fd00::1]:8080";
  for (const std::string& label : {too_long, std::string("a,b c"), std::string("a@b"), std::string("a\nb"),
                                   std::string("ä"), std::string("a\"b"), std::string()}) {
    const std::string name = recent_name(label);
    INFO(label);
    CHECK(name.size() <= longest_recent_name);
    CHECK(name.starts_with("PCL-"));
    CHECK_FALSE(label_of_recent(name));
  }
  CHECK(recent_name(too_long) != recent_name(too_long + "1"));
}

}  // namespace portcullis::iptables

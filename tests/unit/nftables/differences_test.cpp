#include "backends/nftables/differences.hpp"

#include <catch2/catch.hpp>

#include "reading.hpp"

namespace {

using namespace portcullis;
using nftables::test::read_text;

// As a file has it, and as the kernel lists it: another order, other words, counted, with what it remembers and an
// empty chain of an older load.
const std::string file = R"(table ip portcullis {
	comment "portcullis layout 1"
	set memory {
		typeof ip saddr . meta priority
		flags dynamic,timeout
		timeout 3h
	}
	map frontends {
		type ipv4_addr . inet_proto . inet_service : classid
		elements = { 10.96.0.1 . tcp . 80 comment "a" : 5000:1, 10.96.0.2 . udp . 53 : 5000:2 }
	}
	chain c { type filter hook prerouting priority -110; policy accept;
		meta mark set meta mark | 0x4000
		update @memory { ip saddr . meta priority timeout 600s } accept
	}
}
)";
const std::string listing = R"(table ip portcullis {
	map frontends {
		type ipv4_addr . inet_proto . inet_service : classid
		elements = { 10.96.0.2 . udp . 53 : 5000:2,
			     10.96.0.1 . tcp . 80 comment "a" : 5000:1 }
	}
	set memory {
		typeof ip saddr . meta priority
		flags dynamic,timeout
		timeout 3h
		elements = { 10.244.1.5 . 6000:1 timeout 10m expires 9m59s }
	}
	chain balance_tcp_7 {
	}
	chain c {
		type filter hook prerouting priority dstnat - 10; policy accept;
		meta mark set meta mark | 0x00004000
		update @memory { ip saddr . meta priority timeout 10m } counter packets 1 bytes 60 accept
	}
}
table ip other { chain c { drop
	}
}
)";

std::vector<std::string> compared(const std::string& wanted, const std::string& live) {
  const auto a = read_text(wanted), b = read_text(live);
  INFO(a.error << b.error);
  REQUIRE((a.ruleset && b.ruleset));
  return nftables::differences(*a.ruleset, *b.ruleset);
}

}  // namespace

TEST_CASE("differences: none between a file and its listing") {
  CHECK(compared(file, listing) == std::vector<std::string>{});
}

TEST_CASE("differences: each edit of a live table is named") {
  struct Row {
    const char* from;
    const char* to;
    std::vector<std::string> differences;
  };
  const std::vector<Row> rows{
      {"10.96.0.2 . udp",
       "10.96.0.3 . udp",
       {"missing ip frontends: 10.96.0.2 . udp . 53 : 5000:2", "unknown ip frontends: 10.96.0.3 . udp . 53 : 5000:2"}},
      {" counter packets 1 bytes 60 accept",
       " drop",
       {"missing ip chain c, rule 2: update @memory { ip saddr . meta priority timeout 10m } accept",
        "unknown ip chain c, rule 2: update @memory { ip saddr . meta priority timeout 10m } drop"}},
      {"dstnat - 10",
       "dstnat - 11",
       {"missing ip chain c: type filter hook prerouting priority -110; policy accept;",
        "unknown ip chain c: type filter hook prerouting priority -111; policy accept;"}},
      {"chain balance_tcp_7 {\n", "chain balance_tcp_7 { drop\n", {"unknown ip chain balance_tcp_7, rule 1: drop"}},
      {"chain balance_tcp_7 {\n",
       "chain balance_tcp_7 { limit rate 5/second drop\n",
       {"unknown ip chain balance_tcp_7, rule 1: a ruleset of ours has no statement like this: limit rate 5/second"}},
  };
  for (const Row& row : rows) {
    std::string edited = listing;
    edited.replace(edited.find(row.from), std::string(row.from).size(), row.to);
    CHECK(compared(file, edited) == row.differences);
  }
  CHECK(compared(file, "table ip other { }\n").size() == 5);
}

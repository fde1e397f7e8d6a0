#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/value.hpp"
#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

std::string in_nat(const std::string& rule) {
  return "*nat\n:A - [0:0]\n:B - [0:0]\n" + rule + "\nCOMMIT\n";
}

// The rule as print() spells it.
std::string spelled(const std::string& rule, const std::string& name = "iptables.rules") {
  const Read r = read_text(in_nat(rule), name);
  CHECK(r.findings == std::vector<std::string>{});
  REQUIRE(r.ruleset);
  const std::string text = print(*r.ruleset);
  const std::size_t begin = text.find("-A");
  if (begin == std::string::npos) return "no rule";
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("spellings that iptables-restore takes are read, and printed as iptables-save does") {
  struct Row {
    const char* text;
    const char* printed;
  };
  const Row row = GENERATE(values<Row>({
      {"-A A", "-A A"},
      {"-A A -j B", "-A A -j B"},
      {"-A A -g B", "-A A -g B"},
      {"-A A --goto B", "-A A -g B"},
      {"-A A -s 10.0.0.5/8", "-A A -s 10.0.0.0/8"},
      {"-A A -s 10.0.0.0/255.0.0.0", "-A A -s 10.0.0.0/8"},
      {"-A A --source 10.0.0.1 --dst 10.0.0.2", "-A A -s 10.0.0.1/32 -d 10.0.0.2/32"},
      {"-A A -d 0.0.0.0/0 -j B", "-A A -j B"},
      {"-A A ! -s 10.0.0.0/8 ! -d 10.0.0.1 -j B", "-A A ! -s 10.0.0.0/8 ! -d 10.0.0.1/32 -j B"},
      {"-A A -p 6 --dport 80", "-A A -p tcp -m tcp --dport 80"},
      {"-A A -p tcp -m tcp --dport 80:90 ! --sport :1023", "-A A -p tcp -m tcp ! --sport 0:1023 --dport 80:90"},
      {"-A A -m tcp -p tcp -d 10.0.0.1 --dport 80 -j B", "-A A -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j B"},
      {"-A A -p sctp -m sctp --dport 7 -j B", "-A A -p sctp -m sctp --dport 7 -j B"},
      {"-A A -p 253 -j B", "-A A -p 253 -j B"},
      {"-A A ! -p udp -j B", "-A A ! -p udp -j B"},
      {"-A A -p all -j B", "-A A -j B"},
      {"-A A -i eth+ ! -o lo -p udp", "-A A -i eth+ ! -o lo -p udp"},
      {"-A A -i + -j B", "-A A -i + -j B"},
      {"-A A -m conntrack --ctstate ESTABLISHED,RELATED", "-A A -m conntrack --ctstate RELATED,ESTABLISHED"},
      {"-A A -m state --state NEW", "-A A -m conntrack --ctstate NEW"},
      {"-A A -m conntrack ! --ctstate DNAT,INVALID,SNAT,UNTRACKED",
       "-A A -m conntrack ! --ctstate INVALID,UNTRACKED,SNAT,DNAT"},
      {"-A A -m mark --mark 16384", "-A A -m mark --mark 0x4000"},
      {"-A A -m mark ! --mark 0x4000/0x4000 -j RETURN", "-A A -m mark ! --mark 0x4000/0x4000 -j RETURN"},
      {"-A A -m addrtype --dst-type LOCAL ! --src-type LOCAL",
       "-A A -m addrtype --dst-type LOCAL -m addrtype ! --src-type LOCAL"},
      {"-A A -m statistic --mode random --probability 0.5",
       "-A A -m statistic --mode random --probability 0.50000000000"},
      {"-A A -m recent --set --name x --mask 255.255.255.255 --rsource",
       "-A A -m recent --set --name x --mask 255.255.255.255 --rsource"},
      {"-A A -m recent --rcheck --seconds 600 --reap",
       "-A A -m recent --rcheck --seconds 600 --reap --name DEFAULT --mask 255.255.255.255 --rsource"},
      {"-A A -m recent ! --update --seconds 5 --name y",
       "-A A -m recent ! --update --seconds 5 --name y --mask 255.255.255.255 --rsource"},
      {"-A A -m recent --remove --name y", "-A A -m recent --remove --name y --mask 255.255.255.255 --rsource"},
      {"-A A -m nfacct --nfacct-name  a_name -j B", "-A A -m nfacct --nfacct-name a_name -j B"},
      {"-A A -m comment --comment plain -j B", "-A A -m comment --comment plain -j B"},
      {"-A A -m comment --comment \"a \\\"b\\\" \\\\ c\" -j B",
       "-A A -m comment --comment \"a \\\"b\\\" \\\\ c\" -j B"},
      {"-A A -m comment --comment \"\" -j B", "-A A -j B"},
      {"-A A -m comment --comment a -m comment --comment b", "-A A -m comment --comment \"a; b\""},
      {"-A A -p tcp -j DNAT --to-destination 10.0.0.1:80", "-A A -p tcp -j DNAT --to-destination 10.0.0.1:80"},
      {"-A A -j DNAT --to-destination 10.0.0.1", "-A A -j DNAT --to-destination 10.0.0.1"},
      {"-A A -j MASQUERADE --random-fully", "-A A -j MASQUERADE --random-fully"},
      {"-A A -j MARK --set-xmark 0x4000/0x4000", "-A A -j MARK --set-xmark 0x4000/0x4000"},
      {"-A A -j MARK --set-mark 1", "-A A -j MARK --set-xmark 0x1/0xffffffff"},
      {"-A A -j MARK --set-mark 1/2", "-A A -j MARK --set-xmark 0x1/0x3"},
      {"-A A -j MARK --and-mark 0xf", "-A A -j MARK --set-xmark 0x0/0xfffffff0"},
      {"-A A -j MARK --or-mark 0xf", "-A A -j MARK --set-xmark 0xf/0xf"},
      {"-A A -j MARK --xor-mark 0xf", "-A A -j MARK --set-xmark 0xf/0x0"},
      {"-A A -j REJECT", "-A A -j REJECT --reject-with icmp-port-unreachable"},
      {"-A A -j REJECT --reject-with tcp-reset", "-A A -j REJECT --reject-with tcp-reset"},
      {"[12:345] -A A -j ACCEPT", "-A A -j ACCEPT"},
      // Matches that are not known, as they stand.
      {"-A A -m string --algo bm --string x -j B", "-A A -m string --algo bm --string x -j B"},
      {"-A A -m iprange ! --src-range 10.0.0.1-10.0.0.9", "-A A -m iprange ! --src-range 10.0.0.1-10.0.0.9"},
      {"-A A -m set --match-set x src -s 10.0.0.1", "-A A -s 10.0.0.1/32 -m set --match-set x src"},
      {"-A A -m geoip --src-cc XX ! -d 10.0.0.1 -j B", "-A A ! -d 10.0.0.1/32 -m geoip --src-cc XX -j B"},
      {"-A A -m string --string \"-j\" -j B", "-A A -m string --string \"-j\" -j B"},
      {"-A A -m string --string \"a b\" -j B", "-A A -m string --string \"a b\" -j B"},
      {"-A A -m socket", "-A A -m socket"},
      {"-A A -p tcp -m tcp --dport 80 --tcp-flags SYN,RST SYN -j B",
       "-A A -p tcp -m tcp --dport 80 -m tcp --tcp-flags SYN,RST SYN -j B"},
      {"-A A -p tcp -m multiport --dports 1,2", "-A A -p tcp -m multiport --dports 1,2"},
      {"-A A -m conntrack ! --ctorigdst 10.0.0.1 -j B", "-A A -m conntrack ! --ctorigdst 10.0.0.1 -j B"},
      {"-A A -m addrtype ! --dst-type BROADCAST -j B", "-A A -m addrtype ! --dst-type BROADCAST -j B"},
      {"-A A\t-j\tDROP\r", "-A A -j DROP"},
  }));
  INFO(row.text);
  CHECK(spelled(row.text) == row.printed);
  CHECK(spelled(row.printed) == row.printed);
}

TEST_CASE("IPv6 spellings") {
  struct Row {
    const char* text;
    const char* printed;
  };
  const Row row = GENERATE(values<Row>({
      {"-A A -s FD00:0::1", "-A A -s fd00::1/128"},
      {"-A A -s fd00::1/ffff:ffff::", "-A A -s fd00::/32"},
      {"-A A -p icmpv6 -j B", "-A A -p ipv6-icmp -j B"},
      {"-A A -p tcp -j DNAT --to-destination [fd00::1]:80", "-A A -p tcp -j DNAT --to-destination [fd00::1]:80"},
      {"-A A -j DNAT --to-destination fd00::1", "-A A -j DNAT --to-destination fd00::1"},
      {"-A A -j REJECT", "-A A -j REJECT --reject-with icmp6-port-unreachable"},
      {"-A A -m recent --set --name x",
       "-A A -m recent --set --name x --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource"},
  }));
  INFO(row.text);
  CHECK(spelled(row.text, "ip6tables.rules") == row.printed);
}

TEST_CASE("a rule that the reader does not know is refused, with its place") {
  struct Row {
    const char* rule;
    const char* finding;  // of line 4
  };
  const Row row = GENERATE(values<Row>({
      {"-A A -f -j B", "4:6 unknown option `-f`"},
      {"-A A -j LOG --log-prefix x", "4:9 `LOG` is no chain of this table and no known target"},
      {"-A A -j C", "4:9 `C` is no chain of this table and no known target"},
      {"-A A -j OUTPUT", "4:9 `OUTPUT` is no chain of this table and no known target"},
      {"-A A -g C", "4:9 there is no chain `C`"},
      {"-A A -g ACCEPT", "4:9 there is no chain `ACCEPT`"},
      {"-A C -j ACCEPT", "4:4 there is no chain `C`"},
      {"-A A -j ACCEPT -j DROP", "4:19 two targets in one rule"},
      {"-A A -s 10.0.0.0/33", "4:9 `10.0.0.0/33` is no address or prefix"},
      {"-A A -s 10.0.0.0/255.0.255.0", "4:9 `10.0.0.0/255.0.255.0` is no address or prefix"},
      {"-A A -s 10.0.0.1,10.0.0.2", "4:9 `10.0.0.1,10.0.0.2` is no address or prefix"},
      {"-A A -s host.example", "4:9 `host.example` is no address or prefix"},
      {"-A A -s 10.0.0.1 -s 10.0.0.2", "4:18 `-s` twice in one rule"},
      {"-A A -s 10.0.0.1 -d fd00::1", "4:21 `fd00::1` is of IPv6, but these are IPv4 rules"},
      {"-A A -s", "4:6 `-s` without a value"},
      {"-A A ! -j B", "4:8 `!` before `-j`, which has no negation"},
      {"-A A ! ! -s 10.0.0.1", "4:8 `!` twice"},
      {"-A A -j B !", "4:11 `!` without a match behind it"},
      {"-A A -p tcp --dport 80:70", "4:21 `80:70` is no port or range"},
      {"-A A -p tcp --dport http", "4:21 `http` is no port or range"},
      {"-A A -p tcp --dport 65536", "4:21 `65536` is no port or range"},
      {"-A A -p tcp --dport 1 --dport 2", "4:23 `--dport` twice in one rule"},
      {"-A A --dport 80", "4:6 `--dport` without a protocol that has ports"},
      {"-A A ! -p tcp --dport 80", "4:15 `--dport` without a protocol that has ports"},
      {"-A A -p icmp --dport 80", "4:14 `--dport` without a protocol that has ports"},
      {"-A A -p udp -m tcp --dport 80", "4:6 `-m tcp` needs `-p tcp`"},
      {"-A A -m tcp -j B", "4:6 `-m tcp` needs `-p tcp`"},
      {"-A A -p nonsense", "4:9 unknown protocol `nonsense`"},
      {"-A A -i a_name_of_16_chars -j B", "4:9 `a_name_of_16_chars` is no interface name"},
      {"-A A -m conntrack -j B", "4:9 `-m conntrack` has nothing to match"},
      {"-A A -m conntrack --ctstate NEWER", "4:29 unknown state `NEWER`"},
      {"-A A -m conntrack --ctstate NEW,", "4:29 unknown state ``"},
      {"-A A --ctstate NEW", "4:6 `--ctstate` without `-m conntrack` before it"},
      {"-A A -m mark -m comment --comment x -j B", "4:9 `-m mark` has nothing to match"},
      {"-A A -m mark --mark x", "4:21 `x` is no mark"},
      {"-A A -m mark --mark 0x100000000", "4:21 `0x100000000` is no mark"},
      {"-A A -m statistic --mode nth --every 2", "4:26 unknown statistic mode `nth`"},
      {"-A A -m statistic --mode random -j B", "4:9 `-m statistic` has nothing to match"},
      {"-A A -m statistic --mode random --probability 1.5", "4:47 `1.5` is no probability above 0 and up to 1"},
      {"-A A -m statistic --mode random ! --probability 0.5", "4:35 a negated probability is not read"},
      {"-A A -m recent --name x", "4:9 `-m recent` has nothing to match"},
      {"-A A -m recent --set --rcheck", "4:22 two actions of one `-m recent`"},
      {"-A A -m recent --set --name a/b", "4:29 `a/b` is no name of an address list"},
      {"-A A -m recent --set --mask 255.255.255.0",
       "4:29 only whole addresses are remembered here, not under the mask `255.255.255.0`"},
      {"-A A -m recent --set --rdest", "4:22 unknown option `--rdest`"},
      {"-A A -m recent --rcheck --hitcount 4", "4:25 unknown option `--hitcount`"},
      {"-A A -m recent --rcheck --seconds -1", "4:35 `-1` is no number of seconds"},
      {"-A A -j DNAT", "4:9 `-j DNAT` does not say to what"},
      {"-A A -j MARK", "4:9 `-j MARK` does not say to what"},
      {"-A A -j DNAT --to-destination 10.0.0.1:80", "4:6 DNAT to a port without a protocol that has ports"},
      {"-A A -p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80",
       "4:38 `10.0.0.1-10.0.0.9:80` is no single destination"},
      {"-A A -p tcp -j DNAT --to-destination [fd00::1", "4:38 `[fd00::1` is no single destination"},
      {"-A A -p tcp -j DNAT --to-destination 10.0.0.1:80 --random", "4:50 unknown option `--random`"},
      {"-A A -j ACCEPT --to-destination 10.0.0.1", "4:16 `--to-destination` without `-j DNAT` before it"},
      {"-A A -j REJECT --reject-with icmp6-no-route -s 10.0.0.1",
       "4:48 `10.0.0.1` is of IPv4, but these are IPv6 rules"},
      {"-A A -j REJECT --reject-with nonsense", "4:30 unknown kind of REJECT `nonsense`"},
      {"-A A -m comment --comment \"open", "4:1 a quote does not end"},
      {"-D A -j B", "4:1 `-D` is no line of a ruleset"},
      {"-I A 3 -j B", "4:6 no such place in the chain"},
      {"-I A 0 -j B", "4:6 no such place in the chain"},
      {":A_chain_name_that_is_too_long - [0:0]", "4:1 `A_chain_name_that_is_too_long` is no chain name"},
      {":C ACCEPT [0:0]", "4:4 chain `C` is not built in and has no policy"},
      {":OUTPUT RETURN [0:0]", "4:9 unknown policy `RETURN`"},
      {":C", "4:1 a chain without a policy"},
      {"*filter", "4:1 a table inside a table"},
      {"nonsense", "4:1 `nonsense` is no line of a ruleset"},
  }));
  INFO(row.rule);
  const Read r = read_text(in_nat(row.rule));
  CHECK_FALSE(r.ruleset);
  REQUIRE_FALSE(r.findings.empty());
  CHECK(r.findings.front() == row.finding);
}

TEST_CASE("what is wrong with a file as a whole") {
  struct Row {
    const char* text;
    const char* finding;
  };
  const Row row = GENERATE(values<Row>({
      {"-A INPUT -j DROP\n", "1:1 `-A` outside of a table"},
      {"*nat\n", "2:1 a table without `COMMIT`"},
      {"*bridge\nCOMMIT\n", "1:1 unknown table `bridge`"},
      {"*nat\n:A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -g A\nCOMMIT\n", "5:1 chain `A` leads back to itself"},
      {"*nat\n:A - [0:0]\n-A A -j A\nCOMMIT\n", "3:1 chain `A` leads back to itself"},
      {"*filter\n-A PREROUTING -j DROP\nCOMMIT\n", "2:4 there is no chain `PREROUTING`"},
  }));
  INFO(row.text);
  const Read r = read_text(row.text);
  CHECK_FALSE(r.ruleset);
  CHECK(r.findings == std::vector<std::string>{row.finding});
}

TEST_CASE("a broken file gets twenty findings, not thousands") {
  std::string text = "*nat\n";
  for (int i = 0; i < 5000; ++i) text += "-A NOWHERE -j DROP\n";
  const Read r = read_text(text + "COMMIT\n");
  CHECK(r.findings.size() == 21);  // and the table that did not end
}

TEST_CASE("a long way of chains is no loop, and does not exhaust the stack") {
  std::string text = "*nat\n";
  constexpr int n = 20000;
  for (int i = 0; i < n; ++i) text += fmt::format(":C{} - [0:0]\n", i);
  for (int i = 0; i + 1 < n; ++i) text += fmt::format("-A C{} -j C{}\n", i, i + 1);
  CHECK(read_text(text + "COMMIT\n").ruleset);
  CHECK_FALSE(read_text(text + fmt::format("-A C{} -j C0\nCOMMIT\n", n - 1)).ruleset);
}

TEST_CASE("tables are read in any order and in parts, a second declaration empties a chain") {
  const Read r = read_text(
      "# first\n# second\n*nat\n:A - [0:0]\n-A A -j DROP\nCOMMIT\n# third\n*filter\n:FORWARD DROP [1:2]\n-A INPUT -j "
      "ACCEPT\nCOMMIT\n"
      "*nat\n:A - [0:0]\n-A A -j ACCEPT\n-I PREROUTING 1 -j A\n-I PREROUTING -j RETURN\nCOMMIT\n");
  REQUIRE(r.ruleset);
  CHECK(r.ruleset->header == std::vector<std::string>{"first", "second"});
  REQUIRE(r.ruleset->tables.size() == 2);
  CHECK(r.ruleset->tables[0].name == TableName::filter);
  CHECK(r.ruleset->tables[0].chains[0].policy == Policy::drop);
  CHECK(r.ruleset->tables[1].chains[0].rules.size() == 1);
  CHECK(print_jumps(*r.ruleset) ==
        "*filter\n-I INPUT 1 -j ACCEPT\nCOMMIT\n*nat\n-I PREROUTING 1 -j RETURN\n-I PREROUTING 2 -j A\nCOMMIT\n");
}

TEST_CASE("the family comes from addresses, from ICMP words, or from the file's name") {
  CHECK(read_text(in_nat("-A A -s 10.0.0.1"), "ip6tables.rules").findings.size() == 1);
  CHECK(read_text(in_nat("-A A -s fd00::1"), "x").ruleset->family == net::Family::ipv6);
  CHECK(read_text(in_nat("-A A -j REJECT --reject-with icmp6-no-route"), "x").ruleset->family == net::Family::ipv6);
  CHECK(read_text(in_nat("-A A -j RETURN"), "some/where/ip6tables.save").ruleset->family == net::Family::ipv6);
  CHECK(read_text(in_nat("-A A -j RETURN"), "iptables.save").ruleset->family == net::Family::ipv4);
}

}  // namespace portcullis::iptables

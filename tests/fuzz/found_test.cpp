// What fuzzing has found, and what reading the printers against the readers has found beside it: a row each.
#include <string>

#include <catch2/catch.hpp>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/nftables.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using namespace portcullis;

constexpr const char* refused = "(refused)";
constexpr const char* unprintable = "(unprintable)";

std::string in_table(const std::string& inside) {
  return "table ip t {\n" + inside + "\n}\n";
}

std::string printed(const std::string& text) {
  const auto ruleset = fuzz::read(&nftables::read, "found.nft", text);
  if (!ruleset) return refused;
  const netfilter::Evaluator evaluator(ruleset->model);
  try {
    return print(*ruleset);
  } catch (const base::InternalError&) {
    return unprintable;
  }
}

std::string printed_iptables(const std::string& text) {
  const auto ruleset = fuzz::read(&iptables::read, "iptables.rules", text);
  return ruleset ? print(*ruleset) + print_jumps(*ruleset) : refused;
}

}  // namespace

TEST_CASE("nftables text that broke the reader or the printer") {
  struct Row {
    const char* inside;    // of a table
    const char* expected;  // in what is printed; or that it is refused or cannot be printed
  };
  const Row row = GENERATE(values<Row>({
      // a set whose type is not known, and that no rule uses
      {"set s { type strange; }", unprintable},
      {"set s { }", unprintable},
      // flags behind the elements that they are about
      {"set s { type inet_service; elements = { 1, 2 }; flags interval; }", "\t\t\t1,\n\t\t\t2\n"},
      {"set s { type inet_service; elements = { 1, 2 }; flags dynamic; }",
       "\t\ttype inet_service\n\t\tflags dynamic\n\t}\n}"},
      {"set s { type ipv4_addr; elements = { 10.0.0.1 }; }\nchain c { update @s { ip saddr } }",
       "\t\ttype ipv4_addr\n\t\tflags dynamic\n\t}\n"},
      // a type of the same width has other values
      {"set s { type mark; elements = { 65536 }; type inet_service; }", refused},
      // words of an expression end at a comment
      {"set s {\ntypeof tcp dport # which\nelements = { 80 }\n}", "typeof tcp dport\n"},
      // a range of names is printed as it is read
      {"set s { type ifname; flags interval; elements = { \"veth*\" }; }", "\t\t\t\"veth*\"\n"},
      // a name with a dash at the ends of a range
      {"chain c { meta l4proto 58-60 drop }", "meta l4proto 58-60 drop"},
      // names that are printed without quotes are read without them
      {"chain \"a b\" { }", refused},
      {"chain a\\ { drop\n}", refused},
      {"chain c { type filter hook input priority 2147483647 + 1; }", refused},
      // a base chain in front of the others: one order for the declaration and the rules
      {"chain b { type filter hook input priority 0; drop\n}\nchain a { accept\n}",
       "\tchain a {\n\t\taccept\n\t}\n\tchain b {"},
      // a rule that only counts
      {"chain c { counter comment \"x\"\n}", "\tchain c {\n\t}\n"},
      // values without a spelling
      {"chain c { tcp dport > 1000 drop }", unprintable},
      {"chain c { meta nfproto < ipv6 drop }", unprintable},
      {"chain c { tcp dport | 1 ^ 1 == 4 drop }", unprintable},
      {"chain c { numgen random mod 2 == 1 drop }", unprintable},
      {"chain c { ct state & new established drop }", unprintable},
      {"chain c { fib saddr type & local local drop }", unprintable},
      // states that are compared are no choice of states
      {"chain c { ct state == new drop }", "ct state == new drop"},
      {"chain c { ct state new drop }", "ct state new drop"},
      // the port of an IPv6 address
      {"chain c { dnat ip6 to [fd00::1]:80 }", "dnat ip6 to [fd00::1]:80\n"},
  }));
  INFO(row.inside);
  const std::string text = printed(in_table(row.inside));
  if (row.expected == refused || row.expected == unprintable) {
    CHECK(text == row.expected);
    return;
  }
  CHECK(text.find(row.expected) != std::string::npos);
  INFO(text);
  CHECK(printed(text) == text);
}

TEST_CASE("our own table is not of another layer") {
  CHECK(printed("delete table arp portcullis\n") == refused);
  CHECK(printed("delete table ip portcullis\n") == "add table ip portcullis\ndelete table ip portcullis\n");
}

TEST_CASE("iptables text that did not come back from its print") {
  CHECK(printed_iptables("*filter\n:\"a b\" - [0:0]\nCOMMIT\n") == refused);
  CHECK(printed_iptables("*filter\n:a\"\\\"\"b - [0:0]\nCOMMIT\n") == refused);
  CHECK(printed_iptables("*filter\n-N INPUT\nCOMMIT\n") == refused);
}

TEST_CASE("a built-in chain of any length comes back") {
  std::string text = "*filter\n:INPUT ACCEPT [0:0]\n";
  for (int i = 0; i < 1500; ++i) text += "-A INPUT -p tcp\n";
  const std::string first = printed_iptables(text + "COMMIT\n");
  CHECK(first.find("-I INPUT 1500 -p tcp\n") != std::string::npos);
  CHECK(printed_iptables(first) == first);
  CHECK(printed_iptables(text + "-I INPUT 1 -p udp\nCOMMIT\n") == refused);
}

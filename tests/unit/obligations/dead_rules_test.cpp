// Rules and elements that no packet reaches are found, and those that some packet reaches are not among them.
#include "verifier/obligations/dead_rules.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/diagnostic.hpp"

namespace portcullis::obligations {

namespace {

// `chain rule` of the dead ones, counted from 1, and `set element`; `?` if something has no model.
std::string dead(const std::string& rules) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("node.nft", rules), sources, diagnostics);
  for (const base::Diagnostic& d : diagnostics.all()) UNSCOPED_INFO(d.message);
  REQUIRE(ruleset);
  const netfilter::Model model = nftables::model(*ruleset, {});
  ir::Program program;
  program.node = "n1";
  program.family = net::Family::ipv4;
  program.local_addresses = {*net::Address::parse("192.0.2.1")};
  const specialise::Reached reached = reached_rules(std::span(&program, 1), model);
  std::string out = reached.complete() ? "" : "?";
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (netfilter::ChainId c = 0; c < model.chains.size(); ++c) {
    for (std::uint32_t r = 0; r < model.chains[c].rules.size(); ++r) {
      if (!reached.rule(c, r)) add(fmt::format("{} {}", model.chains[c].name, r + 1));
    }
  }
  for (netfilter::SetId s = 0; s < model.sets.size(); ++s) {
    for (std::uint32_t e = 0; e < model.sets[s].size(); ++e) {
      if (!model.sets[s].name.empty() && !reached.element(s, e)) add(fmt::format("{} {}", model.sets[s].name, e + 1));
    }
  }
  return out;
}

std::string table(const std::string& inside) {
  return "table ip t {\n" + inside + "}\n";
}

const std::string filter = "type filter hook input priority 0; policy accept;\n",
                  forward = "type filter hook forward priority 0; policy accept;\n";

}  // namespace

TEST_CASE("rules that no packet reaches are told") {
  struct Row {
    std::string rules, dead;
  };
  const Row row = GENERATE_COPY(values<Row>({
      {table("chain in { " + filter + "tcp dport 80 drop\ntcp dport 81 drop\n}\n"), ""},
      // Behind one that takes everything.
      {table("chain in { " + filter + "tcp dport 80 drop\ndrop\ntcp dport 81 accept\n}\n"), "in 3"},
      // What is asked first is asked of less.
      {table("chain in { " + filter + "tcp dport 80 drop\ntcp dport 80 accept\n}\n"), "in 2"},
      {table("chain in { " + filter + "tcp dport 80-90 drop\ntcp dport 85 accept\ntcp dport 91 accept\n}\n"), "in 2"},
      {table("chain in { " + filter + "ip daddr 192.0.2.1 tcp dport 80 drop\ntcp dport 80 accept\n}\n"), ""},
      // Two matches that nothing passes.
      {table("chain in { " + filter + "tcp dport 80 tcp dport 81 drop\n}\n"), "in 1"},
      // No input hook sees packets to others.
      {table("chain in { " + filter + "ip daddr 198.51.100.1 drop\n}\n"), "in 1"},
      // Nobody jumps there.
      {table("chain lost { drop\n}\nchain in { " + filter + "tcp dport 80 drop\n}\n"), "lost 1"},
      {table("chain found { drop\n}\nchain in { " + filter + "tcp dport 80 jump found\n}\n"), ""},
      // An element whose destination a rule before has taken.
      {table("set ports { type inet_service; elements = { 80, 81 }\n}\nchain in { " + filter +
             "tcp dport 80 drop\ntcp dport @ports accept\n}\n"),
       "ports 1"},
      // Addresses that no test tells apart are one class to a proof; each has a rule, and an element, of its own.
      {table("chain on { " + forward + "ip daddr 198.51.100.1 reject\nip daddr 198.51.100.2 reject\n" +
             "ip daddr 198.51.100.3 reject\n}\n"),
       ""},
      {table("chain on { " + forward + "ip daddr 198.51.100.1 tcp dport 80 drop\n" +
             "ip daddr 198.51.100.2 tcp dport 80 drop\nip daddr 198.51.100.2 tcp dport 80 reject\n}\n"),
       "on 3"},
      {table("set hosts { type ipv4_addr; elements = { 198.51.100.1, 198.51.100.2, 198.51.100.3 }\n}\nchain on { " +
             forward + "ip daddr @hosts drop\nip daddr 198.51.100.2 accept\n}\n"),
       "on 2"},
      // A chain whose rules are found by an index, which no run looks at.
      {table("chain on { " + forward + "ip daddr 198.51.100.0/24 drop\nip daddr 198.51.100.2 drop\n" +
             "ip daddr 198.51.101.2 tcp dport 80 drop\nip daddr 198.51.101.2 udp dport 80 drop\n}\n"),
       "on 2"},
      // What a rule does before a look-up that fails is done.
      {table("map verdicts { type mark : verdict; elements = { 5 : drop }\n}\nchain in { " + filter +
             "meta mark vmap @verdicts\nmeta mark set 5 meta mark vmap @verdicts\naccept\n}\n"),
       "in 1, in 3"},
      {table("map verdicts { type mark : verdict; elements = { 5 : drop }\n}\nchain in { " + filter +
             "meta mark set 6 meta mark vmap @verdicts\naccept\n}\n"),
       "verdicts 1"},
      // Of packets of other protocols nothing is known.
      {table("chain esp { counter accept\n}\nchain in { " + filter +
             "meta l4proto esp jump esp\nmeta l4proto { ah, gre } accept\nmeta l4proto vmap { 47 : jump esp }\n" +
             "meta l4proto tcp meta l4proto udp accept\n}\n"),
       "in 4"},
      // Behind what has no model anything may be.
      {table("chain in { " + filter + "tcp dport 80 queue\n drop\ndrop\n}\n"), "?, in 1, in 3"},
      {table("set hosts { type ipv4_addr; elements = { 203.0.113.7 }\n}\nchain in { " + filter +
             "ip saddr @hosts drop\n}\n"),
       ""},
  }));
  INFO(row.rules);
  CHECK(dead(row.rules) == row.dead);
}

}  // namespace portcullis::obligations

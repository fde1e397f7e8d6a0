#include <algorithm>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"
#include "tests/unit/iptables/random_program.hpp"

namespace portcullis::iptables {

TEST_CASE("text of ours that is read back is printed the same, byte for byte") {
  for (const net::Family family : net::all_families) {
    for (const ir::Dialect dialect : {ir::Dialect::nftables, ir::Dialect::iptables}) {
      for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Random random(seed);
        const ir::Program program = random_program(random, family, dialect);
        base::Diagnostics diagnostics;
        const Ruleset lowered = lower(program, diagnostics);
        Ruleset back = printed_and_read(program);
        CHECK(back.header == lowered.header);
        REQUIRE(back.tables.size() == lowered.tables.size());
        // Built-in chains come where their jumps were read; everything else is the same.
        CHECK(back.rules() == lowered.rules());
      }
    }
  }
}

TEST_CASE("text of manifests never leaves its quotes") {
  for (const std::string& owner :
       {std::string("x\" -j ACCEPT\n-A PCL-NAT -j ACCEPT"), std::string("a'b\\"), std::string("\\\" -j DROP"),
        std::string("$(reboot)`x`"), std::string("a\0b", 3), std::string(500, '"'), std::string("# COMMIT\n*nat")}) {
    ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
    p.node = owner;
    add_pool(p, owner, {"10.40.1.5", "10.40.2.5"});
    add_route(p, ir::Table::service, "10.96.0.20", 80, owner,
              {always(ir::Balance{0, false, ir::Masquerade::off_cluster, 60})});
    p.checks.push_back({owner,
                        {true, true, true},
                        ir::States::fresh,
                        ir::ToAddress{address("10.96.0.20")},
                        ir::Verdict::reject,
                        {},
                        false});
    finish(p);
    const Ruleset back = printed_and_read(p);
    ir::Program plain = p;
    plain.node = "n1";
    plain.pools[0].name = plain.routes[0].owner = plain.checks[0].owner = "default/web:http";
    base::Diagnostics diagnostics;
    // As many rules as with a harmless name, and each with the same target.
    const Ruleset expected = lower(plain, diagnostics);
    CHECK(back.rules() == expected.rules());
    CHECK(print(expected).size() > 0);
    for (const Table& t : back.tables) {
      for (const Chain& c : t.chains) {
        for (const Rule& r : c.rules) CHECK(r.comment.size() <= 255);
      }
    }
  }
}

TEST_CASE("the same program gives the same text") {
  Random one(5), two(5);
  base::Diagnostics diagnostics;
  CHECK(print(lower(random_program(one, net::Family::ipv4, ir::Dialect::nftables), diagnostics)) ==
        print(lower(random_program(two, net::Family::ipv4, ir::Dialect::nftables), diagnostics)));
}

TEST_CASE("one Service more changes its own chains, and those that lead to it") {
  const auto lines_of = [](int services, int without) {
    ir::Program p = empty_program(net::Family::ipv4, ir::Dialect::nftables);
    for (int i = 0, n = 0; i < services; ++i) {
      if (i == without) continue;
      const std::string owner = fmt::format("default/web-{:04}:http", i);
      add_pool(p, owner,
               {fmt::format("10.40.{}.{}", i / 200, i % 200 + 1), fmt::format("10.41.{}.{}", i / 200, i % 200 + 1)});
      add_route(p, ir::Table::service, fmt::format("10.96.{}.{}", i / 200, i % 200 + 1), 80, owner,
                {always(ir::Balance{static_cast<ir::PoolId>(n++), false, ir::Masquerade::off_cluster, {}})});
    }
    finish(p);
    base::Diagnostics diagnostics;
    const std::string text = print(lower(p, diagnostics));
    std::multiset<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      lines.insert(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  };
  const auto all = lines_of(2000, -1), less = lines_of(2000, 777);
  std::vector<std::string> difference;
  std::ranges::set_symmetric_difference(all, less, std::back_inserter(difference));
  CHECK(difference.size() >= 5);
  CHECK(difference.size() <= all.size() / 10);
}

}  // namespace portcullis::iptables

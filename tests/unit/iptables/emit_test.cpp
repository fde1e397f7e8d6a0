#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/iptables/fixture.hpp"

namespace portcullis::iptables {

namespace {

ir::Program program_of(net::Family family, bool ranges) {
  const bool v4 = family == net::Family::ipv4;
  ir::Program p = empty_program(family, ir::Dialect::nftables);
  add_pool(p, "default/web:http", {v4 ? "10.40.1.5" : "fd40::1:5"});
  add_route(p, ir::Table::service, v4 ? "198.51.100.20" : "2001:db8:99::20", 80, "default/web:http",
            {always(ir::Balance{0, false, ir::Masquerade::always, {}})});
  if (ranges) {
    p.ranges.push_back({"default/web", net::PrefixSet({prefix(v4 ? "203.0.113.0/25" : "2001:db8:7::/48")})});
    p.pre.push_back({p.routes[0].key, 0, "default/web:http", {}});
  }
  finish(p);
  return p;
}

std::string text_of(const netfilter::Artefact& artefact, const std::string& name) {
  const auto found = std::ranges::find(artefact.files, name, &netfilter::File::name);
  REQUIRE(found != artefact.files.end());
  return found->text;
}

std::vector<std::string> names_of(const netfilter::Artefact& artefact) {
  std::vector<std::string> out;
  for (const netfilter::File& f : artefact.files) out.push_back(f.name + (f.executable ? "*" : ""));
  return out;
}

}  // namespace

TEST_CASE("an artefact has the files of the families that there are") {
  base::Diagnostics diagnostics;
  const std::vector<ir::Program> both{program_of(net::Family::ipv4, false), program_of(net::Family::ipv6, false)};
  CHECK(names_of(emit(both, diagnostics)) ==
        std::vector<std::string>{"iptables.rules", "ip6tables.rules", "jumps.rules", "conntrack.sh*", "apply.sh*"});
  CHECK(names_of(emit(std::span(both).subspan(1), diagnostics)) ==
        std::vector<std::string>{"ip6tables.rules", "jumps.rules", "conntrack.sh*", "apply.sh*"});
}

TEST_CASE("one text of jumps fits both families: a chain that only one needs is empty in the other") {
  base::Diagnostics diagnostics;
  const std::vector<ir::Program> both{program_of(net::Family::ipv4, true), program_of(net::Family::ipv6, false)};
  const netfilter::Artefact artefact = emit(both, diagnostics);
  const std::string jumps = text_of(artefact, "jumps.rules");
  CHECK(jumps ==
        "*mangle\n"
        "-I PREROUTING 1 -m conntrack --ctstate NEW -m comment --comment portcullis -j PCL-RANGES\n"
        "-I OUTPUT 1 -m conntrack --ctstate NEW -m comment --comment portcullis -j PCL-RANGES\n"
        "COMMIT\n*nat\n"
        "-I POSTROUTING 1 -m comment --comment portcullis -j PCL-POSTROUTING\n"
        "-I PREROUTING 1 -m comment --comment portcullis -j PCL-NAT\n"
        "-I OUTPUT 1 -m comment --comment portcullis -j PCL-NAT\n"
        "COMMIT\n");
  for (const char* name : {"iptables.rules", "ip6tables.rules"}) {
    INFO(name);
    CHECK(read_text(text_of(artefact, name) + jumps, name).findings == std::vector<std::string>{});
  }
  const std::string v6 = text_of(artefact, "ip6tables.rules");
  CHECK(v6.find("*mangle\n:PCL-RANGES - [0:0]\nCOMMIT\n") != std::string::npos);
}

TEST_CASE("a comment of a jump is one bare word: apply.sh takes rules apart at blanks") {
  base::Diagnostics diagnostics;
  const std::vector<ir::Program> one{program_of(net::Family::ipv4, true)};
  const std::string jumps = text_of(emit(one, diagnostics), "jumps.rules");
  CHECK(jumps.find_first_of("\"'\\$`*?[") == jumps.find('*'));  // of `*mangle`
}

TEST_CASE("the head says what the node must have") {
  ir::Program p = program_of(net::Family::ipv4, false);
  p.route_localnet = p.tcp_be_liberal = true;
  std::get<ir::Balance>(p.routes[0].outcomes[0].outcome).affinity_seconds = 600;
  p.routes[0].key.protocol = p.pools[0].protocol = net::Protocol::sctp;
  base::Diagnostics diagnostics;
  const std::string text = print(lower(p, diagnostics));
  for (const char* line :
       {"# portcullis: node n1, IPv4, dialect nftables\n", "# requires sysctl net.ipv4.ip_forward=1\n",
        "# requires sysctl net.ipv4.conf.all.route_localnet=1\n",
        "# requires sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1\n", "# requires module xt_recent\n",
        "# requires module xt_sctp\n", "ip_list_tot=100"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  std::vector<std::string> codes;
  for (const base::Diagnostic& d : diagnostics.all()) codes.push_back(d.code);
  CHECK(codes == std::vector<std::string>{"PC5003", "PC5001"});
}

TEST_CASE("an interface name that iptables would read as a prefix is refused") {
  ir::Program p = program_of(net::Family::ipv4, false);
  p.detector = ir::InterfaceDetector{"cni+", false};
  base::Diagnostics diagnostics;
  (void)lower(p, diagnostics);
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].code == "PC5002");
}

}  // namespace portcullis::iptables

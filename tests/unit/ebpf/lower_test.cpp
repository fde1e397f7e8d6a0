#include <algorithm>

#include <catch2/catch.hpp>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/memory.hpp"
#include "compiler/ir/l4/text.hpp"

namespace portcullis::ebpf {

namespace {

ir::Program program(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto out = ir::read(sources.add("program.ir", text), sources, diagnostics);
  for (const base::Diagnostic& d : diagnostics.all()) WARN(d.message);
  REQUIRE(out);
  return std::move(*out);
}

// The lines about frontends, pools and addresses.
std::string tables_text(const std::string& program_text, base::Diagnostics& diagnostics) {
  const ir::Program p = program(program_text);
  const std::string text = print(lower(std::span(&p, 1), std::string(64, '0'), diagnostics));
  return text.substr(text.find("local "));
}
std::string tables_text(const std::string& program_text) {
  base::Diagnostics diagnostics;
  std::string out = tables_text(program_text, diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  return out;
}

const std::string head =
    "program n1 ipv4 dialect nftables\nlocal 192.168.0.1 192.168.0.2\ndetector cidr 10.244.0.0/16\n"
    "accepted 192.168.0.1\n";

}  // namespace

TEST_CASE("ebpf: node ports are of the addresses that accept them") {
  const std::string text = tables_text(head +
                                       "pool web tcp { 10.244.0.5:80 local }\n"
                                       "route node-port web tcp @accepted:30080 -> balance web masquerade always\n");
  CHECK(text.find("local 192.168.0.1 scope 1\nlocal 192.168.0.2\n") != std::string::npos);
  CHECK(text.find("route tcp scope 1:30080 web pools 0 : * dnat masquerade\n") != std::string::npos);
}

TEST_CASE("ebpf: node ports on every address are of those that the node turns out to have, too") {
  const std::string lines = "pool web tcp { 10.244.0.5:80 }\nroute node-port web tcp @accepted:30080 -> balance web\n";
  const std::string every = tables_text(
      "program n1 ipv4 dialect iptables\nlocal 192.168.0.1\ndetector cidr 10.244.0.0/16\naccepted every-local\n" +
      lines);
  CHECK(every.find("local-others ipv4 scope 1\n") != std::string::npos);
  CHECK(tables_text(head + lines).find("local-others") == std::string::npos);
}

TEST_CASE("ebpf: a frontend on the node's own address falls to the node port behind it") {
  const std::string text = tables_text(
      "program n1 ipv4 dialect iptables\nlocal 192.168.0.1\ndetector cidr 10.244.0.0/16\naccepted every-local\n"
      "ranges r { 203.0.113.0/24 }\npool a tcp { 10.244.0.5:80 }\npool b tcp { 10.244.0.6:80 }\n"
      "route service/external-ip a tcp 192.168.0.1:80 outside r -> fall ; -> balance a\n"
      "route node-port b tcp @accepted:80 -> balance b masquerade always\n");
  // Sources of the range get a, others what the node port says.
  CHECK(text.find("route tcp 192.168.0.1:80 a ranges 2 pools 1 0 : range dnat.1 | * dnat masquerade\n") !=
        std::string::npos);
}

TEST_CASE("ebpf: an endpoint that a check refuses is refused at its slot") {
  const std::string text = tables_text(head +
                                       "pool web tcp { 10.96.0.9:80 10.244.0.5:80 }\n"
                                       "route service/cluster-ip web tcp 10.96.0.7:80 -> balance web\n"
                                       "stage check other tcp 10.96.0.9:80 forward output new -> reject\n");
  CHECK(text.find("10.96.0.9:80 refused reject reject reject reject") != std::string::npos);
}

TEST_CASE("ebpf: what a program asks that a frontend cannot hold is refused, with the reason") {
  const auto refused = [](const std::string& lines) {
    base::Diagnostics diagnostics;
    (void)tables_text(head + lines, diagnostics);
    std::string all;
    for (const base::Diagnostic& d : diagnostics.all()) {
      if (d.severity == base::Severity::error) all += d.code + " " + d.message + "\n";
    }
    return all;
  };
  CHECK(refused("pool web tcp { 10.244.0.5:80 }\nranges a { 10.0.0.0/8 }\nranges b { 11.0.0.0/8 }\n"
                "route service/external-ip web tcp 192.0.2.1:80 inside a -> stop ; inside b -> balance web ; -> stop\n")
            .find("PC5002 eBPF (IPv4): `web` asks for two sets of sources") != std::string::npos);
  CHECK(refused("pool web sctp { 10.244.0.5:80 }\nroute service/external-ip web sctp 192.0.2.1:80 -> balance web\n")
            .find("PC5001 eBPF D5: `web` is SCTP") != std::string::npos);
  CHECK(refused("pool web tcp { 10.244.0.5:80 weight 4096 10.244.0.6:80 }\n"
                "route service/external-ip web tcp 192.0.2.1:80 -> balance web\n")
            .find("PC5003") != std::string::npos);
  CHECK(refused("stage check h any 10.96.0.0/16 input forward output new -> drop\n").find("refused otherwise") !=
        std::string::npos);
}

TEST_CASE("ebpf: weights become slots without their common factor") {
  const std::string text = tables_text(head +
                                       "pool web tcp { 10.244.0.5:80 weight 10000 10.244.0.6:80 weight 30000 }\n"
                                       "route service/cluster-ip web tcp 10.96.0.7:80 -> balance web\n");
  CHECK(text.find("{ 10.244.0.5:80 10.244.0.6:80 weight 3 }") != std::string::npos);
}

TEST_CASE("ebpf: a memory has the number of its name, whatever stands beside") {
  const auto pool = [](const std::string& name) {
    Pool out;
    out.name = name;
    out.sticky = 60;
    return out;
  };
  std::vector<Pool> alone{pool("default/web:80")}, among{pool("a"), pool("default/web:80"), pool("z"), pool("z")};
  name_memories(alone);
  name_memories(among);
  CHECK(alone[0].memory == among[1].memory);
  CHECK(among[2].memory == among[3].memory);  // both sets of one Service port
  CHECK(among[0].memory != among[1].memory);
  CHECK(alone[0].memory != 0);
}

TEST_CASE("ebpf: two families are one set of tables") {
  const ir::Program four = program(head +
                                   "pool web tcp { 10.244.0.5:80 }\n"
                                   "route node-port web tcp @accepted:30080 -> balance web\n");
  const ir::Program six = program(
      "program n1 ipv6 dialect nftables\nlocal fd00::1\naccepted fd00::1\npool web tcp { [fd10::5]:80 }\n"
      "route node-port web tcp @accepted:30081 -> balance web\n");
  const std::vector<ir::Program> both{four, six};
  base::Diagnostics diagnostics;
  const Tables tables = lower(both, std::string(64, '0'), diagnostics);
  REQUIRE(tables.frontends.size() == 2);
  CHECK(tables.frontends[0].key.scope != tables.frontends[1].key.scope);
  CHECK(tables.has(net::Family::ipv4));
  CHECK(tables.has(net::Family::ipv6));
}

}  // namespace portcullis::ebpf

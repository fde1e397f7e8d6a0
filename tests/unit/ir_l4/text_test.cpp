#include "compiler/ir/l4/text.hpp"

#include <chrono>
#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "random_program.hpp"

namespace portcullis::ir {

namespace {

struct Answer {
  std::optional<Program> program;
  std::string findings;  // `line:column reason`, one a line
};

Answer read_text(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add("program.ir", text);
  Answer answer{read(file, sources, diagnostics), {}};
  for (const base::Diagnostic& d : diagnostics.all()) {
    const base::Position at = sources.begin(d.span);
    const std::string_view reason = std::string_view(d.message).substr(d.message.find(": ") + 2);
    answer.findings += fmt::format("{}:{} {}\n", at.line, at.column, reason);
    CHECK(d.code == "PC5010");
    CHECK(d.span.begin <= d.span.end);
    CHECK(d.span.end <= text.size());
  }
  return answer;
}

bool same(const Origin& a, const Origin& b) {
  return a.object == b.object && a.field == b.field;
}

void check_same(const Program& a, const Program& b) {
  CHECK(a.node == b.node);
  CHECK(a.family == b.family);
  CHECK(a.dialect == b.dialect);
  CHECK(a.mark == b.mark);
  CHECK(a.local_addresses == b.local_addresses);
  CHECK(a.detector == b.detector);
  CHECK(a.accepted == b.accepted);
  CHECK(a.route_localnet == b.route_localnet);
  CHECK(a.tcp_be_liberal == b.tcp_be_liberal);
  CHECK(a.pools == b.pools);
  CHECK(a.ranges == b.ranges);
  CHECK(a.udp_cleanup == b.udp_cleanup);
  REQUIRE(a.pre.size() == b.pre.size());
  for (std::size_t i = 0; i < a.pre.size(); ++i) {
    CHECK(a.pre[i].key == b.pre[i].key);
    CHECK(a.pre[i].ranges == b.pre[i].ranges);
    CHECK(a.pre[i].owner == b.pre[i].owner);
    CHECK(same(a.pre[i].origin, b.pre[i].origin));
  }
  REQUIRE(a.routes.size() == b.routes.size());
  for (std::size_t i = 0; i < a.routes.size(); ++i) {
    CHECK(a.routes[i].table == b.routes[i].table);
    CHECK(a.routes[i].kind == b.routes[i].kind);
    CHECK(a.routes[i].key == b.routes[i].key);
    CHECK(a.routes[i].owner == b.routes[i].owner);
    CHECK(a.routes[i].outcomes == b.routes[i].outcomes);
    CHECK(a.routes[i].rivals == b.routes[i].rivals);
    CHECK(same(a.routes[i].origin, b.routes[i].origin));
  }
  REQUIRE(a.checks.size() == b.checks.size());
  for (std::size_t i = 0; i < a.checks.size(); ++i) {
    CHECK(a.checks[i].owner == b.checks[i].owner);
    CHECK(a.checks[i].hooks == b.checks[i].hooks);
    CHECK(a.checks[i].states == b.checks[i].states);
    CHECK(a.checks[i].match == b.checks[i].match);
    CHECK(a.checks[i].verdict == b.checks[i].verdict);
    CHECK(a.checks[i].foreign == b.checks[i].foreign);
    CHECK(same(a.checks[i].origin, b.checks[i].origin));
  }
}

constexpr std::string_view sample = R"(program n1 ipv4 dialect nftables
mark 0x4000
local 10.100.0.2
detector cidr 10.0.0.0/14
accepted 10.100.0.2
ranges default/vpn { 203.0.113.0/25 }
pool default/loc:80 tcp { 10.0.1.3:8080 local 10.0.1.4:8080 local-only weight 3 10.0.2.3:8080 }
pool default/service-test:80 tcp { 10.0.1.2:8080 local 10.0.2.2:8080 }
stage pre                   default/vpn:vpn                          tcp 35.184.97.156:80       allow default/vpn else drop
route service/cluster-ip    default/service-test:80                  tcp 10.3.241.152:80        -> balance default/service-test:80 masquerade off-cluster affinity 600s | by "Service default/service-test" spec.ports[0].port
route service/load-balancer default/loc:80                           tcp 198.51.100.40:80       from pod -> balance default/loc:80 ; from node -> balance default/loc:80 masquerade always ; -> balance default/loc:80 local
route node-port             default/service-test:80                  tcp @accepted:32213        -> balance default/service-test:80 masquerade always | rivals "pod default/db:5432" default/other:80 | by profile
route host-port             "pod default/db:5432"                    tcp @local:5001            inside default/vpn -> fall ; -> stop
stage check                 default/empty:http                       tcp 10.96.0.50:80          input forward output new -> reject
stage check                 "hygiene default/empty"                  any 10.96.0.50             forward output new -> reject
stage check                 hygiene                                  any 10.96.0.0/16           forward output new -> drop
stage check                 "foreign policy"                         any                        forward any-state foreign -> drop | by profile spec.forwardPolicy
udp-cleanup                 default/dns:53/udp                       10.96.0.53:53              keep 10.40.1.53:53
)";

}  // namespace

TEST_CASE("the text form is what its reader prints") {
  const Answer answer = read_text(std::string(sample));
  CHECK(answer.findings.empty());
  REQUIRE(answer.program);
  CHECK(print(*answer.program) == sample);
  CHECK(answer.program->pools[0].entries[1] == PoolEntry{net::Address::v4(0x0A000104), 8080, 3, true, true});
  CHECK(answer.program->routes.size() == 4);
}

TEST_CASE("every program survives its text form") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 300; ++i) {
    const Program program = test::random_program(random);
    const std::string text = print(program);
    CAPTURE(i, text);
    const Answer answer = read_text(text);
    CHECK(answer.findings.empty());
    REQUIRE(answer.program);
    check_same(program, *answer.program);
    REQUIRE(print(*answer.program) == text);
  }
}

TEST_CASE("a line is read in any order and spacing") {
  const Answer answer = read_text(
      "# by hand\n\n  program \"n1\" ipv6 dialect iptables # comment\r\n"
      "pool b tcp { [fd00::2]:80 [fd00:0::1]:80 }\npool a udp { [fd00::3]:53 }\n"
      "route node-port b tcp @accepted:30080 -> balance b\n"
      "route service/cluster-ip a udp [fd96::1]:53->balance a;\n");
  CHECK(answer.findings ==
        "7:56 expected a guard (from pod, from node, inside, outside) or `->` before the end of the line\n");
  const Answer sorted = read_text(
      "program n1 ipv6 dialect iptables\n"
      "pool b tcp { [fd00::2]:80 [fd00:0::1]:80 }\npool a udp { [fd00::3]:53 }\n"
      "route node-port b tcp @accepted:30080 -> balance b\n"
      "route service/cluster-ip a udp [fd96::1]:53 -> balance a\n");
  CHECK(sorted.findings.empty());
  REQUIRE(sorted.program);
  CHECK(sorted.program->pools[0].name == "a");
  CHECK(sorted.program->pools[1].entries[0].text() == "[fd00::1]:80");
  CHECK(std::get<Balance>(sorted.program->routes[0].outcomes[0].outcome).pool == 0);
  CHECK(std::get<Balance>(sorted.program->routes[1].outcomes[0].outcome).pool == 1);
}

TEST_CASE("what cannot be read is said with its place") {
  const std::string head = "program n ipv4 dialect nftables\n";
  const std::string pool = head + "pool a:80 tcp { 10.0.0.1:80 }\n";
  struct Row {
    std::string text, findings;
  };
  const std::vector<Row> rows{
      {"", "1:1 expected `program` before the end of the file\n"},
      {"pool a tcp { }\n", "1:1 expected `program` in the first line\n"},
      {"program n ipv5 dialect nftables\n", "1:11 expected ipv4 or ipv6\n"},
      {"program n ipv4 dialect\n", "1:23 expected nftables or iptables before the end of the line\n"},
      {head + head, "2:1 a second program in one file\n"},
      {head + "rute\n",
       "2:1 expected mark, local, detector, accepted, sysctl, ranges, pool, stage, route or udp-cleanup\n"},
      {head + "mark 0x1\nmark 0x1\n", "3:1 this line stands here for the second time\n"},
      {head + "mark 4294967296\n", "2:6 a mark is a number up to 4294967295\n"},
      {head + "local 10.0.0.256\n", "2:7 `10.0.0.256` is no IP address\n"},
      {head + "local fd00::1\n", "2:7 the program is of family IPv4\n"},
      {head + "detector cidr 10.0.0.1/8\n", "2:15 `10.0.0.1/8` is no prefix such as 10.0.0.0/8 (host bits zero)\n"},
      {head + "pool \"a\n", "2:6 this quote is not closed\n"},
      {head + "pool \"ä\\q\"\n", "2:8 no such escape; there are \\\", \\\\ and \\x with two hexadecimal digits\n"},
      {head + "pool \"\\xg1\"\n", "2:7 no such escape; there are \\\", \\\\ and \\x with two hexadecimal digits\n"},
      {head + "pool a! tcp { }\n", "2:7 `!` has to stand between quotes\n"},
      {head + "pool a tcp { 10.0.0.1:80\n", "2:25 expected an address and port before the end of the line\n"},
      {head + "pool a tcp { 10.0.0.1:080 }\n",
       "2:14 `10.0.0.1:080` is no address and port such as 10.0.1.2:80 or [fd00::1]:80\n"},
      {head + "pool a tcp { 10.0.0.1:65536 }\n",
       "2:14 `10.0.0.1:65536` is no address and port such as 10.0.1.2:80 or [fd00::1]:80\n"},
      {head + "pool a tcp { @any:80 }\n", "2:14 an address has to stand here\n"},
      {head + "pool a tcp { 10.0.0.1:80 weight 0 }\n", "2:33 a weight is at least 1\n"},
      {head + "pool a tcp { 10.0.0.1:80 10.0.0.1:80 }\n", "2:38 10.0.0.1:80 stands twice in this pool\n"},
      {head + "pool a tcp { }\npool a tcp { }\n", "3:6 this name is taken\n"},
      {head + "pool a tcp { } x\n", "2:16 expected the end of the line\n"},
      {pool + "route service/cluster-ip o tcp 10.9.0.1:80 -> balance b\n", "3:55 no pool of this name stands above\n"},
      {pool + "route service/cluster-ip o tcp 10.9.0.1:80 -> balance a:80 local\n",
       "3:60 the pool has no such endpoint to choose\n"},
      {pool + "route service/cluster-ip o tcp 10.9.0.1:80 -> balance a:80 masquerade off-cluster\n",
       "3:71 off-cluster needs a detector\n"},
      {pool + "route service/cluster-ip o tcp 10.9.0.1:80 from pod -> stop\n",
       "3:56 the last outcome of a route has no guard\n"},
      {pool + "route service/cluster-ip o tcp 10.9.0.1:80 from nowhere -> stop\n", "3:49 expected `node`\n"},
      {pool + "route service/cluster-ip o tcp @accepted:80 -> stop\n", "3:32 a service route has an address\n"},
      {pool + "route node-port o tcp 10.9.0.1:80 -> stop\n", "3:23 a node port is for `@accepted`\n"},
      {pool + "route node-port o tcp @local:80 -> stop\n", "3:23 only `@accepted` can stand here\n"},
      {pool + "route node-port o tcp @accepted:80 -> stop\nroute node-port p tcp @accepted:80 -> fall\n",
       "4:1 a route with this table and key stands above\n"},
      {pool + "route clusterip o tcp 10.9.0.1:80 -> stop\n",
       "3:7 `clusterip` is no table; there are service/cluster-ip, service/external-ip, service/load-balancer, "
       "node-port and host-port\n"},
      {pool + "route node-port o tcp @accepted:80 -> balance a:80 affinity 5\n", "3:61 `5` is no time such as 600s\n"},
      {pool + "stage pre o tcp 10.9.0.1:80 allow r else drop\n", "3:35 no ranges of this name stands above\n"},
      {pool + "stage post\n", "3:7 expected pre or check\n"},
      {pool + "stage check o any forward sometimes -> drop\n",
       "3:27 expected hooks (input forward output) and new, any-state, invalid or established\n"},
      {pool + "stage check o any forward new -> keep\n", "3:34 expected accept, reject or drop\n"},
      {pool + "udp-cleanup o @local:53 keep\n", "3:15 only `@any` can stand here\n"},
      {head + "sysctl x\nsysctl y\n",
       "2:8 expected route_localnet or tcp_be_liberal\n3:8 expected route_localnet or tcp_be_liberal\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Answer answer = read_text(row.text);
    CHECK_FALSE(answer.program);
    CHECK(answer.findings == row.findings);
  }
}

TEST_CASE("a file of something else stops after a few findings") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "-A KUBE-SERVICES -j DROP\n";
  const Answer answer = read_text(text);
  CHECK(std::ranges::count(answer.findings, '\n') == 20);
}

TEST_CASE("every cut and every changed byte is read or refused, never more") {
  const std::string text(sample);
  for (std::size_t cut = 0; cut < text.size(); cut += 7) (void)read_text(text.substr(0, cut));
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random());
    const Answer answer = read_text(changed);
    CHECK(answer.program.has_value() == answer.findings.empty());
    if (answer.program) {
      const std::string again = print(*answer.program);
      const Answer second = read_text(again);
      REQUIRE(second.program);
      CHECK(print(*second.program) == again);
    }
  }
}

TEST_CASE("half a million entries are read in seconds even on a slow machine") {
  Program program;
  program.node = "n1";
  for (std::uint32_t s = 0; s < 5000; ++s) {
    Pool pool{fmt::format("ns/service-{:05}:http", s), net::Protocol::tcp, {}};
    for (std::uint32_t e = 0; e < 100; ++e) {
      pool.entries.push_back({net::Address::v4(0x0A000000U + s * 100 + e), 8080, 1, e == 0, false});
    }
    std::ranges::sort(pool.entries, {}, &PoolEntry::text);
    program.pools.push_back(std::move(pool));
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string text = print(program);
  const auto printed = std::chrono::steady_clock::now();
  const Answer answer = read_text(text);
  const auto done = std::chrono::steady_clock::now();
  REQUIRE(answer.program);
  CHECK(answer.program->pools == program.pools);
  const auto ms = [](auto d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  INFO("print " << ms(printed - start) << " ms, read " << ms(done - printed) << " ms");
  CHECK(ms(done - start) < 20000);  // here 0.2 s; quadratic work would take minutes
}

}  // namespace portcullis::ir

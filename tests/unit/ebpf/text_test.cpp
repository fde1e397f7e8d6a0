#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/ebpf/ebpf.hpp"

namespace portcullis::ebpf {

namespace {

const std::string head =
    "portcullis ebpf 1\n"
    "node n1 dialect nftables\n"
    "program 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";

struct Answer {
  std::optional<Tables> tables;
  std::string findings;  // `line:column reason`, one a line
};

Answer read_text(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  Answer answer{read(sources.add("node.pcl", text), sources, diagnostics), {}};
  for (const base::Diagnostic& d : diagnostics.all()) {
    CHECK(d.code == "PC5015");
    const base::Position at = sources.begin(d.span);
    answer.findings += fmt::format("{}:{} {}\n", at.line, at.column, d.message.substr(d.message.find(": ") + 2));
  }
  CHECK(answer.tables.has_value() == answer.findings.empty());
  return answer;
}

}  // namespace

TEST_CASE("ebpf: every kind of line is read and printed as it was") {
  const std::string text =
      "# requires kernel 6.1 with BTF of itself and of its modules\n"
      "# requires module nf_nat\n"
      "# requires sysctl net.ipv4.ip_forward=1\n"
      "# requires sysctl net.ipv6.conf.all.forwarding=1\n"
      "# requires sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1\n" +
      head +
      "tcp-be-liberal\n"
      "pods 10.244.0.0/16 fd00:10::/64\n"
      "pods-interface-prefix cali\n"
      "services 10.96.0.0/12\n"
      "set 2 default/web:http 198.51.100.0/24 203.0.113.0/25\n"
      "set 3 \"pod a b\"\n"
      "local 127.0.0.1 scope 1\n"
      "local 192.168.0.9 elsewhere scope 2\n"
      "local 192.168.0.11\n"
      "local ::1\n"
      "local-others ipv4 scope 1\n"
      "guard invalid ipv4\n"
      "guard martian ipv4\n"
      "pool 0 default/web:http tcp affinity 600s memory 0x2a { 10.0.1.2:8080 hairpin 10.0.2.2:8080 weight 3 }\n"
      "pool 1 default/web:http tcp local affinity 600s memory 0x2a { 10.0.1.2:8080 hairpin always refused none reject "
      "drop none }\n"
      "pool 2 default/six:80/udp udp { [fd00::1]:53 }\n"
      "route tcp scope 1:30080 default/web:http pools 0 1 : pod dnat | self dnat masquerade | * dnat.1\n"
      "route any 10.96.0.7 \"hygiene default/web\" : * reject\n"
      "route tcp 10.96.0.7:80 default/web:http ranges 2 pools 0 : no-range drop | pod dnat | * dnat masquerade\n"
      "route udp [fd96::7]:53 default/six:80/udp pools 2 : * dnat\n"
      "forget udp 10.96.0.53:53 kube-system/dns:dns/udp keep { 10.244.1.53:5353 }\n"
      "forget udp @any:30053 kube-system/dns:dns/udp keep { }\n";
  const Answer answer = read_text(text);
  CHECK(answer.findings.empty());
  REQUIRE(answer.tables);
  CHECK(print(*answer.tables) == text);
  CHECK(answer.tables->pools[0].slots() == 4);
  CHECK(answer.tables->frontends[0].key.scope == 1);
}

TEST_CASE("ebpf: the order of lines does not matter where they stand alone") {
  const std::string text = head +
                           "local ::1\nlocal 10.0.0.1\n"
                           "route any 10.96.0.9 b : * reject\nroute any 10.96.0.7 a : * reject\n";
  const Answer answer = read_text(text);
  REQUIRE(answer.tables);
  CHECK(answer.tables->frontends[0].owner == "a");
  CHECK(answer.tables->locals[0].address.text() == "10.0.0.1");
}

TEST_CASE("ebpf: what is wrong is named at its place") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "3:75 "},  // nothing wrong: only the head
      {"frontend tcp\n", "4:1 expected tcp-be-liberal, pods"},
      {"pods 10.0.0.1/8\n", "4:6 `10.0.0.1/8` is no prefix"},
      {"pods 10.0.0.0/8\npods 11.0.0.0/8\n", "5:1 this line stands here for the second time"},
      {"set 3 a 10.0.0.0/8\n", "4:5 sets are numbered: this is 2"},
      {"local 10.0.0.300\n", "4:7 `10.0.0.300` is no IP address"},
      {"local 10.0.0.3 scope 0\n", "4:22 scopes begin at 1"},
      {"local 10.0.0.3 scope 256\n", "4:22 "},
      {"local 10.0.0.3\nlocal 10.0.0.3\n", "`local 10.0.0.3` stands here twice"},
      {"guard martian ipv4\nguard martian ipv4\n", "5:15 this guard stands here already"},
      {"pool 1 a tcp { 10.0.0.1:1 }\n", "4:6 pools are numbered: this is 0"},
      {"pool 0 a tcp { }\n", "4:16 a pool has at least one endpoint"},
      {"pool 0 a tcp { 10.0.0.1:1 weight 0 }\n", "4:34 a weight is at least 1"},
      {"pool 0 a tcp { 10.0.0.1:1 weight 4096 10.0.0.2:1 }\n", "a pool has at most 4096 slots"},
      {"pool 0 a tcp { 10.0.0.1:1 refused dnat none none none }\n", "4:35 an endpoint is refused by none"},
      {"pool 0 a tcp { 10.0.0.1:70000 }\n", "4:16 `10.0.0.1:70000` is no address and port"},
      {"route tcp 10.0.0.1:80 a : * dnat\n", "the route has no pool 0"},
      {"route tcp 10.0.0.1:80 a pools 0 : * dnat\n", "4:31 no pool of this number stands above"},
      {"route tcp 10.0.0.1:80 a ranges 2 : * drop\n", "4:32 no set of this number stands above"},
      {"pool 0 a tcp { 10.0.0.1:1 [fd00::1]:1 }\n", "a pool has endpoints of one family"},
      {"pool 0 a udp { 10.0.0.1:1 }\nroute tcp 10.0.0.9:80 a pools 0 : * dnat\n", "pool 0 is of udp"},
      {"pool 0 a tcp { [fd00::1]:1 }\nroute tcp 10.0.0.9:80 a pools 0 : * dnat\n", "pool 0 is of the other family"},
      {"route tcp scope 0:80 a : * drop\n", "4:17 `0:80` is no scope and port"},
      {"route tcp scope 1 a : * drop\n", "4:17 `1` is no scope and port"},
      {"route tcp 10.0.0.1:80 a : * drop\nroute tcp 10.0.0.1:80 b : * drop\n", "5:1 another route above"},
      {"route tcp 10.0.0.1:80 a : pod drop\n", "for the other classes"},
      {"route tcp 10.0.0.1:80 a : * drop more\n", "4:34 expected the end of the line"},
      {"forget udp @all:53 a keep { }\n", "4:12 only `@any` can stand here"},
  };
  for (const auto& [lines, finding] : rows) {
    INFO(lines);
    const Answer answer = read_text(head + lines);
    if (lines.empty()) {
      CHECK(answer.tables);
      continue;
    }
    INFO(answer.findings);
    CHECK(answer.findings.find(finding) != std::string::npos);
  }
}

TEST_CASE("ebpf: a file of something else or a cut one is refused") {
  CHECK(read_text("").findings.find("expected `node` and `program`") != std::string::npos);
  CHECK(read_text("table ip portcullis {\n}\n").findings.find("1:1 expected `portcullis`") != std::string::npos);
  CHECK(read_text("portcullis ebpf 2\n").findings.find("1:17 this version is not known") != std::string::npos);
  CHECK(read_text(head.substr(0, head.size() - 10)).findings.find("3:9 a digest has 64 digits") != std::string::npos);
  const std::string text =
      head + "pool 0 default/web tcp { 10.0.0.1:80 }\nroute tcp 10.0.0.9:80 default/web pools 0 : * dnat\n";
  std::size_t refused = 0;
  for (std::size_t cut = 0; cut < text.size(); ++cut) refused += read_text(text.substr(0, cut)).tables ? 0 : 1;
  // A cut at the end of a line, or in front of its newline, can't be told from a shorter file: SHA256SUMS does that.
  CHECK(refused > text.size() - 8);
}

TEST_CASE("ebpf: names from manifests stay in their quotes") {
  Tables tables;
  tables.node = "n\"1\nroute any 10.0.0.1 x : * drop";
  tables.program = std::string(64, 'a');
  tables.frontends.push_back({{net::Address::parse("10.0.0.1"), 0, {}, 0}, "a\" : * dnat\n#", {}, {}, 0});
  const std::string text = print(tables);
  CHECK(std::ranges::count(text, '\n') == 6);
  const Answer answer = read_text(text);
  REQUIRE(answer.tables);
  CHECK(*answer.tables == tables);
}

}  // namespace portcullis::ebpf

#include "compiler/policy/parse.hpp"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/unit/policy/reading.hpp"

namespace portcullis::tests {

namespace {

using Texts = std::vector<std::string>;

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("sentences that parse are kept as they are") {
  const std::string row = GENERATE(values<std::string>({
      // zones
      "zone internet = 0.0.0.0/0, ::/0 except cluster",
      "zone office = 203.0.113.0/24",
      "zone one = 192.0.2.7, 2001:db8::7",
      "zone shop = pods in namespace shop where tier != \"db\"",
      "zone ours = anywhere except office, 198.51.100.0/24",
      "zone all-pods = pods",
      "zone canaries = pods where has canary and lacks legacy and app in (\"web\", api) and tier not in (db)",
      "zone one-pod = pod shop/web-0",
      "zone some-pods = pod web-* in namespace shop where app == web",
      "zone machines = nodes where \"node-role.kubernetes.io/control-plane\" == \"\\\"x\\\"\", node n1",
      "zone \"a b\" = \"internet\"",
      // reachable
      "reachable from internet to ingress \"shop.example.com\" path \"/cart\" surviving any 1 node",
      "reachable from internet to ingress shop.example.com path /cart",
      "reachable from shop to service shop/db port 5432",
      "reachable from a, b except c to service shop/db port http tcp surviving any 2 nodes",
      "reachable from a to service shop/dns port 53 udp, service shop/dns port 53 tcp",
      "reachable from a to services in namespace shop where app == web port 8000-8100",
      "reachable from nodes to pod shop/web-0 port 8080 sctp",
      "reachable from pods in namespace shop to pods in namespace db port pg",
      "reachable from anywhere to node port 30080",
      "reachable from anywhere to node port 30080-30090 udp",
      "reachable from anywhere to address 203.0.113.5 port 443",
      "reachable from anywhere to address fd00::5",
      // unreachable
      "unreachable from internet to service * in namespace * where tier == \"db\"",
      "unreachable from internet to any node port except service edge/gateway",
      "unreachable from internet to any node port udp except service edge/*, node port 30080",
      "unreachable from cluster to address 169.254.169.254",
      // the others
      "only office reaches service ops/grafana",
      "only office, vpn reach service ops/grafana except service ops/grafana port 9090",
      "preserves source from internet to service edge/mail port 25",
      "same fate for service shop/web on cluster-ip and load-balancer",
      "same fate for services on cluster-ip, external-ip, node-port and load-balancer with source",
      "forbid host-port, host-network except in namespace kube-system",
      "forbid node-port, external-ip, load-balancer except in namespace edge, team-*",
      "no conflicts",
      "waive PC3107 on service shop/legacy until 2027-03-01 because \"moves to the gateway\"",
      "waive host-port on daemonset node-exporter in namespace monitoring until 2027-03-01 because \"metrics\"",
      "waive PC2100 on ingress shop/* until 2028-02-29 because \"\\\\ and \\\"\"",
  }));
  const Parsed parsed(row);
  CHECK(parsed.findings() == Texts{});
  CHECK(parsed.sentences() == Texts{"1: " + row});
}

TEST_CASE("blanks, comments, lines and byte order marks do not matter") {
  const Parsed parsed(
      "\xEF\xBB\xBF# first\r\n\r\nzone a\t=\r\n  10.0.0.0/8  # comment \"with quote\r\n  ,  fd00::/8 except(\n");
  CHECK(parsed.findings() == Texts{"5:21-22 PC4001 `(`: expected `anywhere`, `cluster`, `pods`, `pod`, `nodes`, "
                                   "`node` or the name of a zone, or an address range"});
  const Parsed good(
      "\xEF\xBB\xBF# first\r\n\r\nzone a\t=\r\n  10.0.0.0/8  # comment \"with quote\r\n  ,  "
      "fd00::/8#end\nno\nconflicts "
      "no conflicts");
  CHECK(good.findings() == Texts{});
  CHECK(good.sentences() == Texts{"3: zone a = 10.0.0.0/8, fd00::/8", "6: no conflicts", "7: no conflicts"});
}

TEST_CASE("what does not parse is said at the word, with what was expected") {
  struct Row {
    std::string text;
    std::string finding;
  };
  const std::string sentence_words =
      "`zone`, `reachable`, `unreachable`, `only`, `preserves`, `same`, `forbid`, `no` or `waive`";
  const std::string zone_words =
      "`anywhere`, `cluster`, `pods`, `pod`, `nodes`, `node` or the name of a zone, or an address range";
  const std::string target_words = "`service`, `services`, `pod`, `pods`, `any`, `node`, `address` or `ingress`";
  const Row row = GENERATE_COPY(values<Row>({
      // the first word
      {"reachabel from a to services",
       "1:1-10 PC4001 `reachabel`: expected " + sentence_words + " | did you mean `reachable`?"},
      {"Reachable from a to services",
       "1:1-10 PC4001 `Reachable`: expected " + sentence_words + " | did you mean `reachable`?"},
      {"kind: Service", "1:1-6 PC4001 `kind:`: expected " + sentence_words},
      // a word in the middle
      {"reachable form a to services", "1:11-15 PC4001 `form`: expected `from` | did you mean `from`?"},
      {"reachable from a ot services", "1:18-20 PC4001 `ot`: expected `,`, `except` or `to` | did you mean `to`?"},
      {"reachable from a to servce x",
       "1:21-27 PC4001 `servce`: expected " + target_words + " | did you mean `service`?"},
      {"reachable from a to shop/web", "1:21-29 PC4001 `shop/web`: expected " + target_words},
      {"reachable from zone a to services",
       "1:16-20 PC4001 `zone`: expected " + zone_words + " | leave out `zone`: its name is enough"},
      {"reachable from a or b to services",
       "1:18-20 PC4001 `or`: expected `,`, `except` or `to` | alternatives are separated by `,`"},
      // optional words are named too
      {"reachable from a to service x prt 80",
       "1:31-34 PC4001 `prt`: expected `in`, `where`, `port`, `,`, `surviving` or the next sentence | did you mean "
       "`port`?"},
      {"reachable from a to service x port 80 tpc",
       "1:39-42 PC4001 `tpc`: expected `tcp`, `udp`, `sctp`, `,`, `surviving` or the next sentence | did you mean "
       "`tcp`?"},
      {"no conflicts;", "1:13-14 PC4001 `;`: expected the next sentence | a sentence needs no sign at its end"},
      {"reachable from a to services surviving any 2 nods",
       "1:46-50 PC4001 `nods`: expected `node` or `nodes` | did you mean `node`?"},
      // the end
      {"reachable from a to", "1:18-20 PC4001 the sentence ends after `to`: expected " + target_words},
      {"zone a =\nno conflicts", "1:8-9 PC4001 the sentence ends after `=`: expected " + zone_words},
      {"same fate for service x on cluster-ip",
       "1:28-38 PC4001 the sentence ends after `cluster-ip`: expected `,` or `and`"},
      // signs
      {"zone a == pods", "1:8-10 PC4001 `==`: expected `=` | a zone is defined with one `=`"},
      {"reachable from a to services where tier = db",
       "1:41-42 PC4001 `=`: expected `==`, `!=`, `in` or `not` | labels are compared with `==` or `!=`"},
      {"reachable from a to services where tier in (a b)", "1:47-48 PC4001 `b`: expected `,` or `)`"},
      {"reachable from a to ingress “x”",
       "1:29-30 PC4001 `“`: expected a host | texts stand in straight double quotes: \""},
      {"no conflicts // all", "1:14-16 PC4001 `//`: expected the next sentence | a comment begins with `#`"},
      {"waive PC3107 on service a/b until 2027-01-01 because \"open\nno conflicts",
       "1:54-59 PC4001 `\"open`: this text is not closed | a text ends on its line, with `\"`"},
      {"waive PC3107 on service a/b until 2027-01-01 because \"open\\",
       "1:54-60 PC4001 `\"open\\`: this text is not closed | a text ends on its line, with `\"`"},
      // words of the language as names
      {"reachable from a to services in namespace node",
       "1:43-47 PC4001 `node`: expected a namespace | `node` is a word of the language; in quotes it is a name: "
       "\"node\""},
      {"waive PC3107 on service a/b until 2027-01-01 because reason",
       "1:54-60 PC4001 `reason`: expected a reason in quotes"},
      // values
      {"zone a = 10.0.0.1/8",
       "1:10-20 PC4001 `10.0.0.1/8`: expected an address range such as 203.0.113.0/24 or 2001:db8::/32 | the network "
       "of "
       "this address is 10.0.0.0/8"},
      {"zone a = 10.0.0.256",
       "1:10-20 PC4001 `10.0.0.256`: expected an address range such as 203.0.113.0/24 or 2001:db8::/32"},
      {"zone 10.0.0.0/8 = pods",
       "1:6-16 PC4001 `10.0.0.0/8`: expected a name for the zone: letters, digits and `-`, a letter first"},
      {"reachable from a to service a/b/c", "1:29-34 PC4001 `a/b/c`: expected a name such as shop/web"},
      {"reachable from a to service /b", "1:29-31 PC4001 `/b`: expected a name such as shop/web"},
      {"reachable from a to service \"\"", "1:29-31 PC4001 `\"\"`: expected a text that is not empty"},
      {"reachable from a to service \"a\\n\"",
       "1:29-34 PC4001 `\"a\\n\"`: expected a text in which only \\\" and \\\\ follow a backslash"},
      {"reachable from a to service s/x in namespace y",
       "1:46-47 PC4001 `y`: expected no second namespace: the name before it has one"},
      {"reachable from a to services port 53/udp",
       "1:35-41 PC4001 `53/udp`: expected a port number (1–65535), a range such as 8000-8100, or a port name | the "
       "protocol "
       "is a word of its own: port 53 udp"},
      {"reachable from a to services port 0",
       "1:35-36 PC4001 `0`: expected a port number (1–65535), a range such as "
       "8000-8100, or a port name"},
      {"reachable from a to services port 9-8",
       "1:35-38 PC4001 `9-8`: expected a port number (1–65535), a range such as "
       "8000-8100, or a port name"},
      {"reachable from a to address 10.0.0.1 port http",
       "1:43-47 PC4001 `http`: expected a port number (1–65535) or a range such as 8000-8100"},
      {"reachable from a to address x", "1:29-30 PC4001 `x`: expected an address such as 203.0.113.5 or 2001:db8::5"},
      {"reachable from a to node port http",
       "1:31-35 PC4001 `http`: expected a port number (1–65535) or a range such as 8000-8100"},
      {"reachable from a to ingress h path cart", "1:36-40 PC4001 `cart`: expected a path that begins with `/`"},
      {"reachable from a to services surviving any 0 nodes",
       "1:44-45 PC4001 `0`: expected a number of nodes, 1 or more"},
      {"same fate for service x on cluster-ip and cluster-ip",
       "1:43-53 PC4001 `cluster-ip`: expected another frontend: this one is listed already"},
      {"waive PC3107 on service a/b until 2026-02-30 because \"x\"",
       "1:35-45 PC4001 `2026-02-30`: expected a day that exists, such as 2027-03-01"},
      {"waive PC3107 on service a/b until soon because \"x\"",
       "1:35-39 PC4001 `soon`: expected a day that exists, such as 2027-03-01"},
      {"waive PC3107 on service a/b until 2026-02-20 because \" \"", "1:54-57 PC4001 ` `: expected a reason"},
      // bytes that are no text
      {"no \xff\xfe conflicts", "1:4-6 PC4001 `\\xff\\xfe`: expected `conflicts`"},
      {"no \x01", "1:4-5 PC4001 `\\x01`: expected `conflicts`"},
  }));
  const Parsed parsed(row.text);
  INFO(row.text);
  REQUIRE_FALSE(parsed.findings().empty());
  CHECK(parsed.findings().front() == row.finding);
}

TEST_CASE("an error costs its sentence, or the rest of its line, and nothing more") {
  const Parsed parsed(
      "zone a = 10.0.0.0/8\n"
      "reachable from a to servce x\n"
      "  port 80\n"
      "no conflicts\n"
      "zone b =\n"
      "zone c = pods\n"
      "reachable from a to services\n"
      "  port 80 tpc\n"
      "no conflicts extra no conflicts\n"
      "zone d = nodes\n"
      "prt 80\n"
      "zone e = 10.0.0.1/8, 10.0.0.2/8\n");
  CHECK(parsed.sentences() ==
        Texts{"1: zone a = 10.0.0.0/8", "4: no conflicts", "6: zone c = pods", "10: zone d = nodes"});
  Texts places;
  for (const std::string& finding : parsed.findings()) places.push_back(finding.substr(0, finding.find(' ')));
  CHECK(places == Texts{"2:21-27", "5:8-9", "8:11-14", "9:14-19", "11:1-4", "12:10-20", "12:22-32"});
}

TEST_CASE("every word has its place") {
  const Parsed parsed(
      "reachable from office, pods in namespace \"shop\" except 10.0.0.0/8\n  to service shop/web where tier == \"db\" "
      "port "
      "http udp surviving any 2 nodes");
  REQUIRE(parsed.findings() == Texts{});
  const auto text = [&](base::SourceSpan span) { return std::string(parsed.sources.text(span)); };
  const policy::Sentence& sentence = parsed.tree.sentences.at(0);
  const auto& reachable = std::get<policy::Reachable>(sentence.body);
  CHECK(text(sentence.span).ends_with("any 2 nodes"));
  CHECK(text(reachable.from.span) == "office, pods in namespace \"shop\" except 10.0.0.0/8");
  CHECK(text(reachable.from.terms.at(0).span) == "office");
  CHECK(std::get<policy::ZoneName>(reachable.from.terms[0].value).name == "office");
  const auto& pods = std::get<policy::Pods>(reachable.from.terms.at(1).value);
  CHECK_FALSE(pods.every);
  CHECK(pods.selection.ns->text == "shop");
  CHECK(text(pods.selection.ns->span) == "\"shop\"");
  CHECK(std::get<policy::Range>(reachable.from.except.at(0).value).prefix.text() == "10.0.0.0/8");
  const auto& service = std::get<policy::ServiceTarget>(reachable.to.at(0).value);
  CHECK(service.selection.object->ns->text == "shop");
  CHECK(service.selection.object->name.text == "web");
  CHECK(text(service.selection.object->span) == "shop/web");
  const policy::Condition& condition = service.selection.where.conditions.at(0);
  CHECK(condition.kind == policy::Condition::Kind::in);
  CHECK(condition.key.value == "tier");
  CHECK(condition.values.at(0).value == "db");
  CHECK(text(condition.span) == "tier == \"db\"");
  CHECK(std::get<std::string>(service.port->value) == "http");
  CHECK(service.port->protocol == net::Protocol::udp);
  CHECK(text(service.port->span) == "port http udp");
  CHECK(reachable.surviving.value == 2);
  CHECK(text(reachable.surviving.span) == "2");
}

TEST_CASE("labels are compared in six ways") {
  const Parsed parsed(
      "zone z = pods where a == x and b != x and c in (x, y) and d not in (x, y) and has e and lacks f");
  REQUIRE(parsed.findings() == Texts{});
  const auto& zone = std::get<policy::ZoneDefinition>(parsed.tree.sentences.at(0).body);
  const auto& conditions = std::get<policy::Pods>(zone.zones.terms.at(0).value).selection.where.conditions;
  using enum policy::Condition::Kind;
  std::vector<policy::Condition::Kind> kinds;
  std::string keys;
  std::size_t values = 0;
  for (const policy::Condition& c : conditions) {
    kinds.push_back(c.kind);
    keys += c.key.value;
    values += c.values.size();
  }
  CHECK(kinds == std::vector{in, not_in, in, not_in, has, lacks});
  CHECK(keys == "abcdef");
  CHECK(values == 6);
}

TEST_CASE("a pattern's star stands for any characters") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Row row = GENERATE(values<Row>({
      {"web", "web", true},
      {"web", "web2", false},
      {"web", "we", false},
      {"*", "", true},
      {"*", "anything", true},
      {"web-*", "web-", true},
      {"web-*", "web", false},
      {"*-db", "shop-db", true},
      {"*-db", "shop-dbs", false},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-c-b", false},
      {"**", "x", true},
      {"*a", "aaab", false},
      {"*ab", "aaab", true},
  }));
  INFO(row.pattern << " " << row.name);
  CHECK(policy::Pattern{row.pattern, {}}.matches(row.name) == row.matches);
}

TEST_CASE("hostile texts end early") {
  SECTION("a long text") {
    const Parsed parsed(std::string(policy::most_bytes + 1, ' '));
    CHECK(parsed.findings() == Texts{"1:1-1 PC4001 a policy of 262145 bytes: at most 262144 are read"});
  }
  SECTION("many errors") {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "zone\n";
    const Parsed parsed(text);
    REQUIRE(parsed.findings().size() == policy::most_errors + 1);
    CHECK(parsed.findings().back() == "101:1-5 PC4001 100 errors: the rest of the file was not read");
  }
  SECTION("a long list") {
    std::string text = "zone a = pods";
    while (text.size() + 5 < policy::most_bytes) text += ",pods";
    const Parsed parsed(text);
    CHECK(parsed.findings() == Texts{});
    REQUIRE(parsed.tree.sentences.size() == 1);
  }
  SECTION("many brackets") {
    const Parsed parsed("zone a = " + std::string(100'000, '('));
    CHECK(parsed.findings().size() == 1);
  }
  SECTION("a long word") {
    const Parsed parsed("zone a = b " + std::string(100'000, 'x'));
    REQUIRE(parsed.findings().size() == 1);
    CHECK(parsed.findings().front().size() < 200);
  }
}

TEST_CASE("one token decides everywhere in the grammar") {
  CHECK(file_text(PORTCULLIS_GENERATED_PARSER).find("adaptivePredict") == std::string::npos);
}

}  // namespace portcullis::tests

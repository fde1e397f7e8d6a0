// Loading beside others, again, and in place of an older load: what it must not touch.
#include <algorithm>
#include <map>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/kernel/fates.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/topology.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;

net::Address address(const std::string& text) {
  return net::Address::parse(text).value();
}

std::string profile(Dialect dialect) {
  return fmt::format(R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {{name: p}}
spec:
  dialect: {}
  serviceCIDRs: [10.96.0.0/16, 'fd96::/112']
  podCIDRs: [10.0.0.0/16, 'fd01::/32']
  nodes:
  - {{name: node-a, addresses: [10.100.0.2, 'fd10::2'], primary: [10.100.0.2, 'fd10::2'], podCIDRs: [10.0.1.0/24, 'fd01::/64']}}
)",
                     cases::name(dialect));
}

struct ServiceText {
  std::string name;
  int number = 0;  // in addresses and the node port
  std::vector<std::string> endpoints;
  std::string more;  // of spec
};

std::string text(const ServiceText& service) {
  std::string result = fmt::format(R"(---
apiVersion: v1
kind: Service
metadata: {{name: {0}, namespace: default}}
spec:
  type: NodePort
  clusterIP: 10.96.{1}.{2}
  clusterIPs: [10.96.{1}.{2}, 'fd96::{3:x}']
  ipFamilyPolicy: PreferDualStack
  ports: [{{name: http, port: 80, nodePort: {4}}}]
{5}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {0}-4, namespace: default, labels: {{kubernetes.io/service-name: {0}}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints:
)",
                                   service.name, service.number / 200, service.number % 200 + 10, service.number + 0x10,
                                   30000 + service.number, service.more);
  for (const auto& endpoint : service.endpoints)
    result += fmt::format("- {{addresses: [{}], nodeName: node-b}}\n", endpoint);
  return result;
}

constexpr const char* sticky = "  sessionAffinity: ClientIP\n";

std::string web_endpoint(int i) {
  return fmt::format("10.0.2.{}", i + 10);
}

ServiceText web(int endpoints = 8, const std::string& more = sticky) {
  ServiceText service{.name = "web", .number = 1, .endpoints = {}, .more = more};
  for (int i = 0; i < endpoints; ++i) service.endpoints.push_back(web_endpoint(i));
  return service;
}

std::unique_ptr<kernel::NodePrograms> compile(Dialect dialect, const std::vector<ServiceText>& services) {
  std::string manifests = profile(dialect);
  for (const auto& service : services) manifests += text(service);
  return kernel::compile("update", manifests, "node-a");
}

constexpr const char* foreign_nft = R"(table inet foreign {
  set blocked { type ipv4_addr; elements = { 198.51.100.1 } }
  chain in { type filter hook input priority 0; policy accept; ip saddr @blocked drop; }
  chain nat { type nat hook prerouting priority -100; tcp dport 8443 dnat ip to 10.9.9.9:443; }
}
table ip portcullis_like {
  chain output { type route hook output priority -150; meta mark set 0x10; }
}
)";
constexpr const char* foreign_iptables = R"(*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:FORWARD DROP [0:0]
:PCLIKE - [0:0]
-A INPUT -s 198.51.100.2/32 -j DROP
-A FORWARD -o docker0 -j PCLIKE
-A PCLIKE -d 172.17.0.2/32 -j ACCEPT
COMMIT
*mangle
-A PREROUTING -p udp -m udp --dport 53 -j MARK --set-xmark 0x1/0xffffffff
COMMIT
)";

// What is loaded, without ours and without the packet counters of built-in chains (the kernel itself sends reports of
// multicast listeners).
std::map<std::string, std::string> foreign_listing(kernel::Namespace& node) {
  std::map<std::string, std::string> result;
  for (const char* table : {"inet foreign", "ip portcullis_like"}) {
    const std::string words = table;
    const auto space = words.find(' ');
    result[table] = node.run({"nft", "list", "table", words.substr(0, space), words.substr(space + 1)});
  }
  for (const char* tool :
       {"iptables-legacy-save", "iptables-nft-save", "ip6tables-legacy-save", "ip6tables-nft-save"}) {
    const auto kept =
        std::regex_replace(node.run({tool}), std::regex(R"([^\n]*PCL-[^\n]*\n|#[^\n]*\n|\[\d+:\d+\])"), "");
    // A table in which only ours was is one that nobody had.
    result[tool] = std::regex_replace(kept, std::regex(R"(\*\w+\n(:[A-Z]+ ACCEPT *\n)*COMMIT\n)"), "");
  }
  return result;
}

std::string listing(const kernel::Backend& backend, kernel::Namespace& node) {
  // A chain that an older load needed stays behind without rules: nft 1.0 cannot delete what may not be there.
  if (!backend.variant)
    return std::regex_replace(node.run({"nft", "list", "ruleset"}), std::regex(R"(\n*\tchain \w+ \{\n\t\})"), "");
  const std::string variant = backend.name.substr(std::string("iptables-").size());
  std::string text;
  for (const char* family : {"iptables", "ip6tables"}) text += node.run({fmt::format("{}-{}-save", family, variant)});
  return std::regex_replace(text, std::regex(R"(#[^\n]*\n|\[\d+:\d+\])"), "");
}

void apply(const kernel::Backend& backend, kernel::Namespace& node, const kernel::NodePrograms& programs) {
  node.run(kernel::Folder(backend, kernel::artefact(backend, programs)).apply());
}
void apply(const kernel::Backend& backend, kernel::Topology& net, const kernel::NodePrograms& programs) {
  net.run("node-a", kernel::Folder(backend, kernel::artefact(backend, programs)).apply());
}

net::Packet to_web(const std::string& source) {
  net::Packet packet;
  packet.from = net::PacketFrom::external;
  packet.src = address(source);
  packet.dst = address("10.96.0.11");
  packet.dport = 80;
  return packet;
}

constexpr int clients = 24;

// Where each client's first flow went.
std::vector<net::Address> endpoints_of_clients(kernel::Namespace& node, unsigned flows) {
  std::vector<net::Packet> packets;
  for (int i = 0; i < clients; ++i) packets.push_back(to_web(fmt::format("203.0.113.{}", i + 1)));
  std::vector<net::Address> result;
  for (const auto& observed : node.observe(packets, flows)) {
    INFO(observed.text());
    REQUIRE(observed.arrived.size() == 1);
    REQUIRE(observed.arrived.begin()->second == flows);
    result.push_back(observed.arrived.begin()->first.address);
  }
  return result;
}

}  // namespace

TEST_CASE("loading leaves foreign rules as they were") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    kernel::Namespace node({.addresses = {address("10.100.0.2")}, .pod_interface = {}});
    node.load({.nft = {foreign_nft}, .iptables = {}, .ip6tables = {}});
    for (const auto& variant : {kernel::IptablesVariant::legacy, kernel::IptablesVariant::nft}) {
      if (!kernel::why_not(variant).empty()) continue;
      node.load({.nft = {},
                 .iptables = {foreign_iptables},
                 .ip6tables = {"*filter\n:FORWARD DROP [0:0]\n-A INPUT -s 2001:db8::1/128 -j DROP\nCOMMIT\n"},
                 .variant = variant,
                 .noflush = true});
    }
    const auto before = foreign_listing(node);
    REQUIRE(before.at("iptables-nft-save").find("DOCKER") != std::string::npos);
    const auto check_untouched = [&] {
      const auto after = foreign_listing(node);
      for (const auto& [tool, listed] : before) {
        INFO(tool);
        CHECK(after.at(tool) == listed);
      }
    };
    apply(backend, node, *compile(dialect, {web()}));
    check_untouched();
    apply(backend, node, *compile(dialect, {web(3)}));
    check_untouched();
  });
}

TEST_CASE("loading twice is loading once") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    const auto programs =
        compile(dialect, {web(), {.name = "api", .number = 2, .endpoints = {"10.0.2.90"}, .more = {}}});
    kernel::Namespace node(programs->setup());
    apply(backend, node, *programs);
    const auto once = listing(backend, node);
    apply(backend, node, *programs);
    CHECK(listing(backend, node) == once);
    // And after a detour over another ruleset.
    apply(backend, node, *compile(dialect, {web(3)}));
    CHECK(listing(backend, node) != once);
    apply(backend, node, *programs);
    CHECK(listing(backend, node) == once);
  });
}

TEST_CASE("an update keeps what affinity remembers") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    const auto first = compile(dialect, {web()});
    kernel::Namespace node(first->setup());
    apply(backend, node, *first);
    const auto before = endpoints_of_clients(node, 3);
    // 24 clients over 8 endpoints: all at one endpoint would be no memory to keep.
    REQUIRE(std::count(before.begin(), before.end(), before.front()) < clients);

    const ServiceText added{.name = "added", .number = 7, .endpoints = {"10.0.2.90", "10.0.2.91"}, .more = sticky};
    apply(backend, node, *compile(dialect, {added, web()}));
    CHECK(endpoints_of_clients(node, 3) == before);

    // One endpoint goes: its clients are balanced anew, the others stay.
    apply(backend, node, *compile(dialect, {added, web(7)}));
    const auto after = endpoints_of_clients(node, 3);
    for (std::size_t i = 0; i < before.size(); ++i) {
      INFO("client " << i << " was at " << before[i].text() << ", is at " << after[i].text());
      CHECK((before[i] == after[i]) == (before[i] != address(web_endpoint(7))));
    }
  });
}

TEST_CASE("an update keeps established flows") {
  kernel::for_each_ruleset([](const kernel::Backend& backend, Dialect dialect) {
    kernel::Topology net;
    for (const char* host : {"client", "node-a", "pod"}) net.add(host);
    net.cable({"client", "eth0", {"10.100.0.9/24"}}, {"node-a", "eth0", {"10.100.0.2/24"}});
    net.cable({"node-a", "pods", {"10.0.2.1/24"}}, {"pod", "eth0", {"10.0.2.10/24"}});
    net.route("pod", "default via 10.0.2.1");
    net.route("client", "10.96.0.0/16 via 10.100.0.2");
    net.serve("pod", "web", net::Protocol::tcp, address("10.0.2.10"), 8080);

    const ServiceText added{.name = "added", .number = 7, .endpoints = {"10.0.2.90"}, .more = {}};
    apply(backend, net, *compile(dialect, {web(1, "")}));
    const auto by_node_port = net.open("client", address("10.100.0.2"), 30001);
    const auto by_cluster_ip = net.open("client", address("10.96.0.11"), 80);
    REQUIRE(by_node_port.answer().server == "web");
    REQUIRE(by_cluster_ip.answer().server == "web");
    CHECK(by_node_port.echo("one"));

    apply(backend, net, *compile(dialect, {added, web(1, "")}));
    CHECK(by_node_port.echo("two"));
    CHECK(by_cluster_ip.echo(std::string(3000, 'x')));
    CHECK(net.ask("client", net::Protocol::tcp, address("10.96.0.11"), 80).server == "web");

    // The Service goes; who is connected stays so, who comes is refused.
    apply(backend, net, *compile(dialect, {added}));
    CHECK(by_node_port.echo("three"));
    CHECK(by_cluster_ip.echo("four"));
    CHECK(net.ask("client", net::Protocol::tcp, address("10.100.0.2"), 30001).outcome ==
          kernel::Answer::Outcome::refused);
  });
}

TEST_CASE("the same input makes the same bytes in whatever order it comes") {
  const ServiceText api{.name = "api", .number = 2, .endpoints = {"10.0.2.90", "10.0.2.80"}, .more = {}};
  for (const auto& backend : kernel::backends()) {
    for (const auto dialect : cases::all_dialects) {
      INFO(backend.name << " in dialect " << cases::name(dialect));
      const auto once = kernel::artefact(backend, *compile(dialect, {web(), api}));
      for (const auto& again : {compile(dialect, {web(), api}), compile(dialect, {api, web()})}) {
        const auto other = kernel::artefact(backend, *again);
        REQUIRE(other.files.size() == once.files.size());
        for (std::size_t i = 0; i < once.files.size(); ++i) {
          INFO(once.files[i].name);
          CHECK(other.files[i].name == once.files[i].name);
          CHECK(other.files[i].text == once.files[i].text);
          CHECK_FALSE(once.files[i].text.empty());
        }
      }
    }
  }
}

// Everything per Service is an element.
TEST_CASE("nftables: as many rules and chains for 1,000 Services as for 10") {
  if (!kernel::permitted()) return;
  const auto count = [](const std::string& listing, const char* what) {
    std::size_t n = 0;
    for (auto at = listing.find(what); at != std::string::npos; at = listing.find(what, at + 1)) ++n;
    return n;
  };
  for (const auto dialect : cases::all_dialects) {
    std::map<int, std::pair<std::size_t, std::size_t>> chains_and_rules;
    std::map<int, std::size_t> elements;
    for (const int services : {10, 1000}) {
      std::vector<ServiceText> all;
      for (int i = 1; i <= services; ++i) {
        const auto address_of = [&](int k) { return fmt::format("10.0.{}.{}", i % 200 + 2, k + i / 200 * 10 + 10); };
        ServiceText service{
            .name = fmt::format("s{}", i), .number = i, .endpoints = {}, .more = i % 3 == 0 ? sticky : ""};
        if (i % 5 == 0) service.more += "  externalTrafficPolicy: Local\n";
        for (int k = 0; k < i % 4; ++k) service.endpoints.push_back(address_of(k));
        all.push_back(service);
      }
      const auto programs = compile(dialect, all);
      kernel::Namespace node(programs->setup());
      node.load(kernel::rulesets(kernel::backend("nftables"), *programs));
      const auto json = node.run({"nft", "-j", "list", "ruleset"});
      chains_and_rules[services] = {count(json, "{\"chain\": "), count(json, "{\"rule\": ")};
      elements[services] = json.size();
    }
    INFO("dialect " << cases::name(dialect) << ": " << chains_and_rules[1000].first << " chains, "
                    << chains_and_rules[1000].second << " rules");
    CHECK(chains_and_rules[10].second > 10);
    CHECK(chains_and_rules[10] == chains_and_rules[1000]);
    CHECK(elements[1000] > 20 * elements[10]);
    fmt::print("nftables, dialect {}: {} chains and {} rules (with the probe's) for 10 Services, {} and {} for 1,000\n",
               cases::name(dialect), chains_and_rules[10].first, chains_and_rules[10].second,
               chains_and_rules[1000].first, chains_and_rules[1000].second);
  }
}

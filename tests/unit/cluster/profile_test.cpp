#include "compiler/cluster/profile.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

using cluster::DetectMode;
using cluster::Dialect;

namespace {

std::string profile(const std::string& spec, const std::string& name = "p") {
  return "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: " + name + "}, spec: {" + spec +
         "}}\n";
}
std::string kube_proxy(const std::string& fields) {
  return "---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n" + fields;
}
Texts texts(const std::vector<net::Prefix>& prefixes) {
  Texts out;
  for (const net::Prefix& p : prefixes) out.push_back(p.text());
  return out;
}
const cluster::Profile& of(const World& world) {
  return world.resolved.cluster.profile;
}

}  // namespace

TEST_CASE("without a document the profile is the default") {
  const World world("");
  CHECK(of(world).dialect == Dialect::nftables);
  CHECK(texts(of(world).service_cidrs) == Texts{"10.96.0.0/12"});
  CHECK_FALSE(of(world).service_cidrs_given);
  CHECK(of(world).service_cidrs_known);
  CHECK(texts(of(world).pod_cidrs) == Texts{"10.244.0.0/16"});
  CHECK(of(world).node_ports == cluster::PortRange{30000, 32767});
  CHECK(of(world).masquerade_bit == 14);
  CHECK(of(world).localhost_node_ports);
  CHECK(of(world).detector.mode == DetectMode::cluster_cidr);
  CHECK(texts(of(world).detector.cidrs) == Texts{"10.244.0.0/16"});
  CHECK_FALSE(of(world).node_port_addresses.set);
  CHECK_FALSE(of(world).nodes_given);
  REQUIRE(of(world).reserved_ports.size() == 5);
  CHECK(of(world).reserved_ports.back().first == 2379);
  CHECK(of(world).reserved_ports.back().last == 2380);
}

TEST_CASE("a profile says what it says") {
  const World world(
      profile(R"(serviceCIDRs: [10.96.0.0/16, 'fd96::/112'], podCIDRs: [10.40.0.0/14], nodePortRange: 30000-30100,
    dialect: iptables, masqueradeAll: true, masqueradeBit: 20, localhostNodePorts: false, conntrackTCPBeLiberal: true, forwardPolicy: DROP,
    nodePortAddresses: [192.168.60.0/24], detectLocal: {mode: BridgeInterface, interface: cni0}, reservedPorts: [], hostPorts: cni,
    loadBalancers: [{name: edge, class: example.com/edge, pool: '198.51.100.0/24, fd98::/64', ipMode: Proxy, via: vip}],
    zones: {office: [203.0.113.0/24]})"));
  INFO(world.said());
  CHECK(world.diagnostics.all().empty());
  CHECK(of(world).dialect == Dialect::iptables);
  CHECK(texts(of(world).service_cidrs) == Texts{"10.96.0.0/16", "fd96::/112"});
  CHECK(of(world).service_cidrs_given);
  CHECK(of(world).node_ports == cluster::PortRange{30000, 30100});
  CHECK(of(world).masquerade_all);
  CHECK(of(world).masquerade_bit == 20);
  CHECK_FALSE(of(world).localhost_node_ports);
  CHECK(of(world).conntrack_tcp_be_liberal);
  CHECK(of(world).forward_policy == cluster::ForwardPolicy::drop);
  CHECK(texts(of(world).node_port_addresses.cidrs) == Texts{"192.168.60.0/24"});
  CHECK(of(world).detector.mode == DetectMode::bridge_interface);
  CHECK(of(world).detector.interface == "cni0");
  CHECK(of(world).reserved_ports.empty());
  CHECK_FALSE(of(world).emit_host_ports);
  REQUIRE(of(world).load_balancers.size() == 1);
  CHECK(texts(of(world).load_balancers[0].pool) == Texts{"198.51.100.0/24", "fd98::/64"});
  CHECK_FALSE(of(world).load_balancers[0].vip);
  CHECK_FALSE(of(world).load_balancers[0].via_node_port);
  CHECK(texts(of(world).zones.at("office")) == Texts{"203.0.113.0/24"});
}

TEST_CASE("several profiles are joined, two values for one scalar contradict") {
  const World joined(profile("serviceCIDRs: [10.0.0.0/16], dialect: iptables", "a") +
                     profile("serviceCIDRs: ['fd00::/112'], dialect: iptables", "b"));
  CHECK(joined.count("PC2111") == 0);
  CHECK(texts(of(joined).service_cidrs) == Texts{"10.0.0.0/16", "fd00::/112"});

  const World world(profile("dialect: iptables, masqueradeBit: 3", "a") +
                    profile("dialect: nftables, masqueradeBit: 3", "b"));
  const auto found = world.findings("PC2111");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->field == "spec.dialect");
  CHECK(found[0]->object.name == "b");
  CHECK(world.text(found[0]->span) == "nftables");
  REQUIRE(found[0]->related.size() == 1);
  CHECK(world.text(found[0]->related[0].span) == "iptables");
  CHECK(of(world).dialect == Dialect::iptables);
}

TEST_CASE("values that cannot be used are named with their field, and the rest is used") {
  struct Row {
    const char* spec;
    const char* field;
    const char* scalar;
  };
  for (const Row& row :
       {Row{"serviceCIDRs: [10.96.0.0/12, 10.0.0.0/33]", "spec.serviceCIDRs[1]", "10.0.0.0/33"},
        Row{"nodePortRange: 32767-30000", "spec.nodePortRange", "32767-30000"},
        Row{"nodePortRange: '30000'", "spec.nodePortRange", "'30000'"},
        Row{"nodePortRange: 0-70000", "spec.nodePortRange", "0-70000"}, Row{"dialect: ipvs", "spec.dialect", "ipvs"},
        Row{"forwardPolicy: drop", "spec.forwardPolicy", "drop"}, Row{"masqueradeBit: 32", "spec.masqueradeBit", "32"},
        Row{"masqueradeBit: -1", "spec.masqueradeBit", "-1"},
        Row{"detectLocal: {mode: Cluster}", "spec.detectLocal.mode", "Cluster"},
        Row{"detectLocal: {mode: InterfaceNamePrefix}", "spec.detectLocal.mode", "InterfaceNamePrefix"},
        Row{"loadBalancers: [{name: a, pool: 1.2.3.0/24, ipMode: vip}]", "spec.loadBalancers[0].ipMode", "vip"},
        Row{"loadBalancers: [{name: a, pool: none}]", "spec.loadBalancers[0].pool", "none"},
        Row{"reservedPorts: [{port: 22}, {port: 70000}]", "spec.reservedPorts[1].port", "70000"},
        Row{"reservedPorts: [{port: 22, protocol: tcp}]", "spec.reservedPorts[0].protocol", "tcp"},
        Row{"nodes: [{name: a, addresses: [192.168.0.300]}]", "spec.nodes[0].addresses[0]", "192.168.0.300"},
        Row{"nodes: [{name: a, hostPorts: [{podIP: 10.0.0.1, containerPort: 0, hostPort: 80}]}]",
            "spec.nodes[0].hostPorts[0].containerPort", "0"},
        Row{"nodes: [{name: a, hostPorts: [{podIP: 10.0.0.1, containerPort: 1, hostPort: 80, hostIP: 'fd00::1'}]}]",
            "spec.nodes[0].hostPorts[0].hostIP", "'fd00::1'"}}) {
    INFO(row.spec);
    const World world(profile(row.spec));
    const auto found = world.findings("PC2110");
    INFO(world.said());
    REQUIRE(found.size() == 1);
    CHECK(found[0]->field == row.field);
    CHECK(world.text(found[0]->span) == row.scalar);
    CHECK(found[0]->object.kind == "ClusterProfile");
    CHECK(found[0]->reason == base::Reason::none);
  }
  CHECK(of(World(profile("masqueradeBit: 99"))).masquerade_bit == 14);
}

TEST_CASE("an empty list of Service ranges means that they are unknown") {
  const World world(profile("serviceCIDRs: []"));
  CHECK_FALSE(of(world).service_cidrs_known);
  CHECK(of(world).service_cidrs.empty());
}

TEST_CASE("ServiceCIDR objects replace the default, and yield to the profile") {
  const std::string object =
      "---\n{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: "
      "[10.3.240.0/20]}}\n";
  const World alone(object);
  CHECK(texts(of(alone).service_cidrs) == Texts{"10.3.240.0/20"});
  CHECK(of(alone).service_cidrs_given);
  const World both(object + profile("serviceCIDRs: [10.96.0.0/12]"));
  CHECK(texts(of(both).service_cidrs) == Texts{"10.96.0.0/12"});
  CHECK(both.count("PC2112") == 1);
}

TEST_CASE("kube-proxy's configuration brings kube-proxy's defaults") {
  const World world(kube_proxy("mode: ''\n"));
  INFO(world.said());
  CHECK(of(world).dialect == Dialect::iptables);
  CHECK(of(world).detector.mode == DetectMode::none);
  CHECK_FALSE(of(world).service_cidrs_known);
  CHECK(of(world).localhost_node_ports);
  CHECK(world.diagnostics.all().empty());
}

TEST_CASE("kube-proxy's configuration fills what the profile leaves out") {
  const World world(kube_proxy(
      "mode: nftables\nclusterCIDR: 10.40.0.0/14,fd40::/32\nnodePortAddresses: [primary]\nnftables: {masqueradeAll: "
      "true, "
      "masqueradeBit: 9}\niptables: {masqueradeBit: 5, localhostNodePorts: false}\nconntrack: {tcpBeLiberal: true}\n"));
  INFO(world.said());
  CHECK(of(world).dialect == Dialect::nftables);
  CHECK(of(world).detector.mode == DetectMode::cluster_cidr);
  CHECK(texts(of(world).detector.cidrs) == Texts{"10.40.0.0/14", "fd40::/32"});
  CHECK(texts(of(world).pod_cidrs) == Texts{"10.40.0.0/14", "fd40::/32"});
  CHECK(of(world).node_port_addresses.primary);
  CHECK(of(world).masquerade_all);
  CHECK(of(world).masquerade_bit == 9);
  CHECK_FALSE(of(world).localhost_node_ports);
  CHECK(of(world).conntrack_tcp_be_liberal);
  // The profile wins, and the bit is then that of its dialect.
  const World won(kube_proxy("mode: nftables\nnftables: {masqueradeBit: 9}\niptables: {masqueradeBit: 5}\n") +
                  profile("dialect: iptables"));
  CHECK(of(won).dialect == Dialect::iptables);
  CHECK(of(won).masquerade_bit == 5);
  const auto notes = won.findings("PC2112");
  REQUIRE(notes.size() == 1);
  CHECK(notes[0]->severity == base::Severity::info);
  CHECK(notes[0]->field == "spec.dialect");
}

TEST_CASE("kube-proxy's detector modes") {
  CHECK(of(World(kube_proxy("detectLocalMode: NodeCIDR\n"))).detector.mode == DetectMode::node_cidr);
  const World bridge(kube_proxy("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cbr0}\n"));
  CHECK(of(bridge).detector.mode == DetectMode::bridge_interface);
  CHECK(of(bridge).detector.interface == "cbr0");
  CHECK(of(World(kube_proxy("detectLocalMode: InterfaceNamePrefix\n"))).detector.mode == DetectMode::none);
  const World ours(kube_proxy("detectLocalMode: NodeCIDR\n") + profile("detectLocal: {mode: none}"));
  CHECK(of(ours).detector.mode == DetectMode::none);
  CHECK(ours.count("PC2112") == 1);
}

TEST_CASE("pod ranges follow what tells pods apart, and Services' families") {
  CHECK(texts(of(World(profile("detectLocal: {mode: ClusterCIDR, cidrs: [10.40.0.0/14]}"))).pod_cidrs) ==
        Texts{"10.40.0.0/14"});
  const World dual(profile("serviceCIDRs: [10.96.0.0/16, 'fd96::/112']"));
  CHECK(texts(of(dual).pod_cidrs) == Texts{"10.244.0.0/16", "fd00:10:244::/56"});
  CHECK(of(dual).detector.cidrs == of(dual).pod_cidrs);
  const World stated(profile("serviceCIDRs: [10.96.0.0/16, 'fd96::/112'], podCIDRs: [10.40.0.0/14]"));
  CHECK(texts(of(stated).pod_cidrs) == Texts{"10.40.0.0/14"});
}

TEST_CASE("ingress controllers are taken as the profile gives them") {
  const World none("");
  CHECK(of(none).ingress_controllers.empty());
  CHECK_FALSE(of(none).ingress_controllers_given);
  const World empty(profile("ingressControllers: []"));
  CHECK(of(empty).ingress_controllers.empty());
  CHECK(of(empty).ingress_controllers_given);

  const World world(profile("ingressControllers: [{class: public, flavour: haproxy-ingress, entry: infra/lb, "
                            "options: {ssl-redirect: false, hsts: 'true', limit: 5}}]") +
                    profile("ingressControllers: [{flavour: gce}, {class: x}]", "q"));
  INFO(world.said());
  REQUIRE(of(world).ingress_controllers.size() == 3);
  const cluster::IngressController& first = of(world).ingress_controllers[0];
  CHECK(first.ingress_class == "public");
  CHECK(first.flavour == "haproxy-ingress");
  CHECK(first.entry == "infra/lb");
  CHECK(first.options ==
        std::map<std::string, std::string>{{"hsts", "true"}, {"limit", "5"}, {"ssl-redirect", "false"}});
  CHECK(of(world).ingress_controllers[1].ingress_class.empty());
  CHECK(of(world).ingress_controllers[1].flavour == "gce");
  CHECK(of(world).ingress_controllers[2].flavour.empty());
  CHECK(world.count("PC2110") == 0);
}

TEST_CASE("an unknown flavour of ingress controller is refused where it stands") {
  const World world(profile("ingressControllers: [{class: x}, {class: y, flavour: envoy}]"));
  REQUIRE(world.count("PC2110") == 1);
  const base::Diagnostic& finding = *world.findings("PC2110").front();
  CHECK(finding.field == "spec.ingressControllers[1].flavour");
  CHECK(world.text(finding.span) == "envoy");
  CHECK(finding.hint == "it is one of `api`, `nginx`, `haproxy`, `haproxy-ingress`, `traefik` and `gce`");
  REQUIRE(of(world).ingress_controllers.size() == 2);
  CHECK(of(world).ingress_controllers[1].flavour.empty());
}

}  // namespace portcullis::tests

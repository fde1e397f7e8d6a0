#include "tests/kernel/ebpf_hosts.hpp"

#include <fstream>

#include <fmt/format.h>

#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {
namespace {

std::string wide(const Dual& address, int v4, int v6, bool second) {
  return second ? fmt::format("{}/{}", address.v6, v6) : fmt::format("{}/{}", address.v4, v4);
}

std::vector<std::string> both(const Dual& address, int v4, int v6) {
  return {wide(address, v4, v6, false), wide(address, v4, v6, true)};
}

std::string slice(const ServiceText& service, net::Family family) {
  const bool v4 = family == net::Family::ipv4;
  std::string out =
      fmt::format(R"(---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {0}-{1}, namespace: default, labels: {{kubernetes.io/service-name: {0}}}}}
addressType: {2}
ports: [{{name: t, port: 8080, protocol: TCP}}, {{name: u, port: 8080, protocol: UDP}}]
endpoints:{3}
)",
                  service.name, v4 ? 4 : 6, net::to_string(family), service.endpoints.empty() ? " []" : "");
  for (const Dual& endpoint : service.endpoints) {
    const bool here = endpoint.v4.starts_with("10.244.1.") || endpoint.v4 == at::node.v4;
    out += fmt::format("- {{addresses: ['{}'], nodeName: {}}}\n", endpoint.of(family).text(), here ? "node" : "other");
  }
  return out;
}

}  // namespace

net::Address Dual::of(net::Family family) const {
  return net::Address::parse(family == net::Family::ipv4 ? v4 : v6).value();
}

std::string profile_of_hosts(cluster::Dialect dialect) {
  return fmt::format(R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {{name: p}}
spec:
  dialect: {}
  serviceCIDRs: [10.96.0.0/16, 'fd96::/112']
  podCIDRs: [10.244.0.0/16, 'fd44::/16']
  nodes:
  - name: node
    addresses: [10.100.0.2, 10.101.0.2, 10.102.0.2, 10.244.1.1, 'fd10::2', 'fd11::2', 'fd12::2', 'fd44:1::1']
    primary: [10.100.0.2, 'fd10::2']
    podCIDRs: [10.244.1.0/24, 'fd44:1::/32']
  - {{name: other, addresses: [10.101.0.3, 'fd11::3'], primary: [10.101.0.3, 'fd11::3'], podCIDRs: [10.244.2.0/24, 'fd44:2::/32']}}
)",
                     dialect == cluster::Dialect::nftables ? "nftables" : "iptables");
}

Dual cluster_ip(int number) {
  return {fmt::format("10.96.0.{}", number), fmt::format("fd96::{:x}", number)};
}

std::string text_of(const ServiceText& service) {
  const Dual ip = cluster_ip(service.number);
  std::string out = fmt::format(R"(---
apiVersion: v1
kind: Service
metadata: {{name: {0}, namespace: default}}
spec:
  type: LoadBalancer
  clusterIP: {1}
  clusterIPs: ['{1}', '{2}']
  ipFamilyPolicy: RequireDualStack
  ports:
  - {{name: t, port: 80, targetPort: 8080, protocol: TCP, nodePort: {3}}}
  - {{name: u, port: 80, targetPort: 8080, protocol: UDP, nodePort: {4}}}
{5}{6})",
                                service.name, ip.v4, ip.v6, 30000 + 10 * service.number, 30001 + 10 * service.number,
                                service.spec, service.status);
  for (const auto family : net::all_families) out += slice(service, family);
  return out;
}

EbpfHosts::EbpfHosts(bool served, Pods pods) : pods_(pods) {
  for (const char* host : {"client", "node", "pod-a", "pod-b", "pod-c", "other", "far-a", "far-c"}) net_.add(host);
  lay_cables();
  lay_routes();
  const OwnMounts& mounts = OwnMounts::get();
  options_.pins = mounts.bpf() + "/portcullis";
  options_.cgroup = mounts.cgroup();
  for (const char* own : {"10.100.0.2", "10.101.0.2", "10.102.0.2", "10.244.1.1", "127.0.0.1", "fd10::2", "fd11::2",
                          "fd12::2", "fd44:1::1", "::1"})
    own_.insert(net::Address::parse(own).value());
  if (!served) return;
  serve("pod-a", at::pod_a, 8080);
  serve("pod-b", at::pod_b, 8080);
  serve("far-a", at::far_a, 8080);
  serve("node", at::node, 8080);
}

void EbpfHosts::lay_cables() {
  auto outside = both(at::client, 24, 64);
  for (auto& address : both(at::stranger, 32, 128)) outside.push_back(address);
  net_.cable({"node", "eth0", both(at::node, 24, 64)}, {"client", "eth0", outside});
  net_.cable({"node", "eth1", {"10.101.0.2/24", "fd11::2/64"}}, {"other", "eth0", {"10.101.0.3/24", "fd11::3/64"}});
  net_.cable({"node", "eth2", {"10.102.0.2/24", "fd12::2/64"}}, {"far-c", "eth0", both(at::far_c, 32, 128)});
  net_.cable({"other", "pod0", {"10.244.2.1/24", "fd44:2::1/64"}}, {"far-a", "eth0", both(at::far_a, 24, 64)});
  const bool bridge = pods_ == Pods::on_bridge;
  if (bridge)
    net_.run("node", {"ip", "-batch", "-"},
             fmt::format("link add cni0 type bridge\naddress add {}/32 dev cni0\naddress add {}/128 dev cni0 nodad\n"
                         "link set cni0 up\n",
                         at::gateway.v4, at::gateway.v6));
  const auto gateway = bridge ? std::vector<std::string>{} : both(at::gateway, 32, 128);
  for (const auto& [pod, address] : {std::pair{"pod-a", at::pod_a}, {"pod-b", at::pod_b}, {"pod-c", at::pod_c}}) {
    net_.cable({"node", pod, gateway}, {pod, "eth0", both(address, 32, 128)});
    // As CNI's plugin has it; netfilter translates a hairpin's answer at the port that it came by.
    if (bridge)
      net_.run("node", {"ip", "-batch", "-"},
               fmt::format("link set {0} master cni0\nlink set {0} type bridge_slave hairpin on\n", pod));
  }
}

void EbpfHosts::lay_routes() {
  const auto both_ways = [&](const std::string& host, const std::string& v4, const std::string& v6) {
    net_.route(host, v4);
    net_.route(host, v6);
  };
  both_ways("client", "default via 10.100.0.2 src 10.100.0.9", "default via fd10::2 src fd10::9");
  both_ways("other", "default via 10.101.0.2", "default via fd11::2");
  both_ways("far-a", "default via 10.244.2.1", "default via fd44:2::1");
  both_ways("far-c", "10.102.0.2 dev eth0", "fd12::2 dev eth0");
  both_ways("far-c", "default via 10.102.0.2", "default via fd12::2");
  both_ways("node", "198.51.100.0/24 via 10.100.0.9", "2001:db8:64::/48 via fd10::9");
  both_ways("node", "10.244.2.0/24 via 10.101.0.3", "fd44:2::/32 via fd11::3");
  both_ways("node", "10.244.3.7 dev eth2", "fd44:3::7 dev eth2");
  for (const auto& [pod, address] : {std::pair{"pod-a", at::pod_a}, {"pod-b", at::pod_b}, {"pod-c", at::pod_c}}) {
    const std::string device = pods_ == Pods::on_bridge ? "cni0" : pod;
    both_ways("node", fmt::format("{} dev {}", address.v4, device), fmt::format("{} dev {}", address.v6, device));
    both_ways(pod, fmt::format("{} dev eth0", at::gateway.v4), fmt::format("{} dev eth0", at::gateway.v6));
    both_ways(pod, fmt::format("default via {}", at::gateway.v4), fmt::format("default via {}", at::gateway.v6));
  }
}

void EbpfHosts::serve(const std::string& host, const Dual& address, std::uint16_t port) {
  net_.settle();
  for (const auto family : net::all_families) {
    const auto one = address.of(family);
    for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp})
      net_.serve(host, net::endpoint_text(one, port), protocol, one, port);
  }
}

void EbpfHosts::apply(const NodePrograms& programs) {
  base::Diagnostics diagnostics;
  apply(ebpf::lower(programs.both(), ebpf::program_digest(), diagnostics));
}

void EbpfHosts::apply(const ebpf::Tables& tables) {
  net_.settle();
  ebpf::loader::Artefact artefact;
  artefact.tables = tables;
  artefact.digest = ebpf::sha256(ebpf::print(tables));
  artefact.companion = options_.pins.substr(0, options_.pins.find("/bpf/")) + "/companion.nft";
  std::ofstream(artefact.companion) << ebpf::companion(tables);
  net_.within("node", [&] {
    const auto applied = ebpf::loader::apply(artefact, options_);
    const std::size_t entrances = pods_ == Pods::on_bridge ? 4 : 6;
    if (applied.interfaces.size() != entrances) throw Failure("the program is not at every entrance of the node");
  });
}

void EbpfHosts::remove() {
  net_.within("node", [&] {
    if (!ebpf::loader::remove(true, options_).was_loaded) throw Failure("nothing was loaded");
  });
}

ebpf::loader::Status EbpfHosts::status() {
  ebpf::loader::Status out;
  net_.within("node", [&] { out = ebpf::loader::look(nullptr, options_); });
  return out;
}

std::uint64_t EbpfHosts::counter(const std::string& name) {
  for (const auto& [word, count] : status().counters)
    if (word == name) return count;
  throw Failure("there is no counter " + name);
}

}  // namespace portcullis::kernel

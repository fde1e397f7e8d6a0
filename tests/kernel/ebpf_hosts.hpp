// A node with the eBPF program among hosts with real sockets, and the cluster that they are of. IPv4 and IPv6 alike;
// whatever passes between two hosts passes the node, in both directions.
//
//              10.100.0.0/24        10.101.0.0/24            pods of the node: 10.244.1.0/24
//   client ───────────────── node ───────────────── other ── far-a      10.244.2.5
//   (.9, and 198.51.100.9)    │││└─ eth2 ── far-c   10.244.3.7, a pod of a third node
//                        pod-a pod-b pod-c
//                          .5    .6    .7
//
// Endpoints of Services are pod-a, pod-b and far-a, and a process of the node.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/ebpf/loader/status.hpp"
#include "backends/ebpf/tables.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/kernel/tables_on_node.hpp"
#include "tests/kernel/topology.hpp"

namespace portcullis::kernel {

// One address in either family: the same host.
struct Dual {
  std::string v4, v6;
  [[nodiscard]] net::Address of(net::Family family) const;
};

namespace at {
inline const Dual client{"10.100.0.9", "fd10::9"};
inline const Dual stranger{"198.51.100.9", "2001:db8:64::9"};  // the client's other address
inline const Dual node{"10.100.0.2", "fd10::2"};
inline const Dual gateway{"10.244.1.1", "fd44:1::1"};  // the node's address on its cables to pods
inline const Dual pod_a{"10.244.1.5", "fd44:1::5"};
inline const Dual pod_b{"10.244.1.6", "fd44:1::6"};
inline const Dual pod_c{"10.244.1.7", "fd44:1::7"};
inline const Dual far_a{"10.244.2.5", "fd44:2::5"};
inline const Dual far_c{"10.244.3.7", "fd44:3::7"};
}  // namespace at

// The cluster's profile: what is not the same for every test is the dialect.
[[nodiscard]] std::string profile_of_hosts(cluster::Dialect dialect);

struct ServiceText {
  std::string name;
  int number =
      0;  // of its cluster IP, 10.96.0.<number>, and of its node ports: 30000 + 10 · number for TCP, 1 more for UDP
  std::vector<Dual> endpoints;  // at port 8080
  std::string spec;             // more lines of spec, with two spaces before each
  std::string status;
};
// A dual-stack Service of type LoadBalancer with port 80 of TCP and UDP.
[[nodiscard]] std::string text_of(const ServiceText& service);
[[nodiscard]] Dual cluster_ip(int number);

// How the node's pods hang at it: each at a cable of its own, or all at a bridge.
enum class Pods : std::uint8_t { on_cables, on_bridge };

class EbpfHosts {
 public:
  // `served`: echo servers at port 8080 of every endpoint, called `<address>:<port>`.
  explicit EbpfHosts(bool served = true, Pods pods = Pods::on_cables);
  [[nodiscard]] Topology& net() { return net_; }
  [[nodiscard]] const ebpf::loader::Options& options() const { return options_; }

  // TCP and UDP.
  void serve(const std::string& host, const Dual& address, std::uint16_t port);
  void apply(const NodePrograms& programs);
  void apply(const ebpf::Tables& tables);
  // Everything at once, also the companion.
  void remove();
  [[nodiscard]] ebpf::loader::Status status();
  [[nodiscard]] std::uint64_t counter(const std::string& name);
  [[nodiscard]] bool is_of_node(const net::Address& address) const { return own_.contains(address); }

 private:
  void lay_cables();
  void lay_routes();

  Pods pods_;
  Topology net_;
  ebpf::loader::Options options_;
  std::set<net::Address> own_;
};

}  // namespace portcullis::kernel

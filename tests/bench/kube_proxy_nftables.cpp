#include <iterator>

#include <fmt/format.h>

#include "tests/bench/kube_proxy_parts.hpp"
#include "tests/bench/kube_proxy_shape.hpp"

namespace portcullis::bench {

namespace {

// Every line of the text: `add KIND ip kube-proxy REST`.
class Shape {
 public:
  explicit Shape(const ir::Program& program) : program_(program), services_(service_ports(program)) {}

  std::string text() {
    text_ = "add table ip kube-proxy { comment \"rules for kube-proxy\" ; }\n";
    hooks();
    sets();
    checks();
    dispatch();
    for (const ServicePort& s : services_) service(s);
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(std::string_view kind, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), "add {} ip kube-proxy ", kind);
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }

  void hook(std::string_view name, std::string_view type, std::string_view hook, int priority) {
    add("chain", "{} {{ type {} hook {} priority {} ; }}", name, type, hook, priority);
  }
  void hooks() {
    for (const char* name : {"firewall-check", "nodeport-endpoints-check", "service-endpoints-check",
                             "cluster-ips-check", "services", "masquerading"})
      add("chain", "{}", name);
    add("chain", "reject-chain {{ comment \"helper for @no-endpoint-services / @no-endpoint-nodeports\" ; }}");
    hook("filter-prerouting-pre-dnat", "filter", "prerouting", -110);
    hook("filter-output-pre-dnat", "filter", "output", -110);
    hook("filter-input", "filter", "input", 0);
    hook("filter-forward", "filter", "forward", 0);
    hook("filter-output", "filter", "output", 0);
    hook("nat-prerouting", "nat", "prerouting", -100);
    hook("nat-output", "nat", "output", -100);
    hook("nat-postrouting", "nat", "postrouting", 100);
    add("rule", "filter-prerouting-pre-dnat ct state new jump firewall-check");
    add("rule", "filter-output-pre-dnat ct state new jump firewall-check");
    add("rule", "filter-input ct state new jump nodeport-endpoints-check");
    add("rule", "filter-input ct state new jump service-endpoints-check");
    add("rule", "filter-forward ct state new jump service-endpoints-check");
    add("rule", "filter-forward ct state new jump cluster-ips-check");
    add("rule", "filter-output ct state new jump service-endpoints-check");
    add("rule", "filter-output ct state new jump cluster-ips-check");
    add("rule", "nat-prerouting jump services");
    add("rule", "nat-output jump services");
    add("rule", "nat-postrouting jump masquerading");
  }

  void sets() {
    constexpr std::string_view service = "ipv4_addr . inet_proto . inet_service : verdict";
    constexpr std::string_view node_port = "inet_proto . inet_service : verdict";
    const auto map = [this](std::string_view name, std::string_view type, std::string_view comment) {
      add("map", "{} {{ type {} ; comment \"{}\" ; }}", name, type, comment);
    };
    add("set", "cluster-ips {{ type ipv4_addr ; comment \"Active ClusterIPs\" ; }}");
    if (!program_.accepted.every_local)
      add("set", "nodeport-ips {{ type ipv4_addr ; comment \"IPs that accept NodePort traffic\" ; }}");
    for (const net::Address& a : program_.accepted.addresses) add("element", "nodeport-ips {{ {} }}", a.text());
    add("set",
        "hairpin-connections {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service ; comment \"service hairpin "
        "connections\" ; }}");
    map("no-endpoint-services", service, "vmap to drop or reject packets to services with no endpoints");
    map("no-endpoint-nodeports", node_port, "vmap to drop or reject packets to service nodeports with no endpoints");
    map("firewall-ips", service, "destinations that are subject to LoadBalancerSourceRanges");
    map("service-ips", service, "ClusterIP, ExternalIP and LoadBalancer IP traffic");
    map("service-nodeports", node_port, "NodePort traffic");
  }

  void checks() {
    add("rule", "firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips");
    add("rule", "nodeport-endpoints-check {} meta l4proto . th dport vmap @no-endpoint-nodeports", accepted());
    add("rule", "service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services");
    add("rule",
        "cluster-ips-check ip daddr @cluster-ips reject comment \"Reject traffic to invalid ports of ClusterIPs\"");
    for (const ir::Check& c : program_.checks) {
      const auto* range = std::get_if<ir::ToPrefix>(&c.match);
      if (range != nullptr)
        add("rule", "cluster-ips-check ip daddr {} drop comment \"Drop traffic to unallocated ClusterIPs\"",
            range->prefix.text());
    }
    add("rule", "reject-chain reject");
    add("rule", "masquerading meta mark & 0x4000 != 0 meta mark set meta mark ^ 0x4000 masquerade fully-random");
    add("rule",
        "masquerading ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade "
        "fully-random");
  }

  void dispatch() {
    add("rule",
        "services ip daddr @cluster-ips ip saddr != {} meta mark set meta mark | 0x4000 comment \"masquerade clusterIP "
        "traffic from outside cluster\"",
        pod_prefix(program_).text());
    add("rule", "services ip daddr . meta l4proto . th dport vmap @service-ips");
    add("rule", "services {} meta l4proto . th dport vmap @service-nodeports", accepted());
  }
  [[nodiscard]] std::string_view accepted() const {
    return program_.accepted.every_local ? "fib daddr type local ip daddr != 127.0.0.0/8" : "ip daddr @nodeport-ips";
  }

  void service(const ServicePort& s) {
    const std::string name = name_of(s.pool->name);
    add("element", "cluster-ips {{ {} }}", s.cluster_ip.text());
    add("chain", "service-{}", name);
    add("element", "service-ips {{ {} . tcp . {} : goto service-{} }}", s.cluster_ip.text(), s.port, name);
    if (s.node_port) external(name, *s.node_port);
    std::string choices;
    for (std::size_t i = 0; i < s.pool->entries.size(); ++i) {
      const ir::PoolEntry& e = s.pool->entries[i];
      fmt::format_to(std::back_inserter(choices), "{}{} : {} . {}", i == 0 ? "" : " , ", i, e.address.text(), e.port);
      if (e.local) add("element", "hairpin-connections {{ {0} . {0} . tcp . {1} }}", e.address.text(), e.port);
    }
    add("rule", "service-{} meta l4proto tcp dnat ip to numgen random mod {} map {{ {} }}", name,
        s.pool->entries.size(), choices);
  }

  void external(const std::string& name, unsigned port) {
    add("chain", "external-{}", name);
    add("element", "service-nodeports {{ tcp . {} : goto external-{} }}", port, name);
    add("rule", "external-{} meta mark set meta mark | 0x4000 comment \"masquerade\"", name);
    add("rule", "external-{0} goto service-{0}", name);
  }

  // `ABCDEFGH-default/web/tcp/http`.
  [[nodiscard]] static std::string name_of(const std::string& service_port) {
    std::string path = service_port;
    path.replace(path.rfind(':'), 1, "/tcp/");
    return hashed(service_port, 8) + "-" + path;
  }

  const ir::Program& program_;
  std::vector<ServicePort> services_;
  std::string text_;
};

}  // namespace

std::string kube_proxy_nftables(const ir::Program& program) {
  return Shape(program).text();
}

}  // namespace portcullis::bench

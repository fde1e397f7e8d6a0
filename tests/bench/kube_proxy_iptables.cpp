#include <iterator>

#include <fmt/format.h>

#include "tests/bench/kube_proxy_parts.hpp"
#include "tests/bench/kube_proxy_shape.hpp"

namespace portcullis::bench {

namespace {

// With more endpoints than this, kube-proxy leaves out the comments of what there is one of an endpoint.
constexpr std::size_t large_cluster = 1000;

constexpr std::string_view filter = R"(*filter
:KUBE-SERVICES - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-PROXY-CANARY - [0:0]
-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
COMMIT
)";

constexpr std::string_view nat_chains = R"(*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-PROXY-CANARY - [0:0]
)";

constexpr std::string_view nat_head = R"(-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
)";

// The nat table: kube-proxy writes all chains, then all rules, Service port by Service port.
class Nat {
 public:
  explicit Nat(const ir::Program& program) : program_(program), services_(service_ports(program)) {
    std::size_t endpoints = 0;
    for (const ServicePort& s : services_) endpoints += s.pool->entries.size();
    comments_ = endpoints <= large_cluster;
  }

  std::string text() {
    for (const ServicePort& s : services_) service(s);
    const std::string_view note =
        "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\"";
    if (program_.accepted.every_local) {
      rule("KUBE-SERVICES {} -m addrtype --dst-type LOCAL{} -j KUBE-NODEPORTS", note,
           program_.accepted.loopback ? "" : " ! -d 127.0.0.0/8");
    }
    for (const net::Address& a : program_.accepted.addresses)
      rule("KUBE-SERVICES {} -d {} -j KUBE-NODEPORTS", note, a.text());
    return fmt::format("{}{}{}{}COMMIT\n", nat_chains, chains_, nat_head, rules_);
  }

 private:
  template <class... Args>
  void rule(fmt::format_string<Args...> format, Args&&... args) {
    rules_ += "-A ";
    fmt::format_to(std::back_inserter(rules_), format, std::forward<Args>(args)...);
    rules_ += '\n';
  }
  void chain(const std::string& name) { fmt::format_to(std::back_inserter(chains_), ":{} - [0:0]\n", name); }

  void service(const ServicePort& s) {
    const std::string& name = s.pool->name;
    const std::string hash = hashed(name, 16), balancing = "KUBE-SVC-" + hash;
    const std::string key = fmt::format("-m comment --comment \"{} cluster IP\" -m tcp -p tcp -d {} --dport {}", name,
                                        s.cluster_ip.text(), s.port);
    chain(balancing);
    rule("KUBE-SERVICES {} -j {}", key, balancing);
    if (s.node_port) external(name, "KUBE-EXT-" + hash, balancing, *s.node_port);
    rule("{} {} ! -s {} -j KUBE-MARK-MASQ", balancing, key, pod_prefix(program_).text());
    const std::size_t n = s.pool->entries.size();
    for (std::size_t i = 0; i < n; ++i) choice(name, balancing, s.pool->entries[i], n - i);
    for (const ir::PoolEntry& e : s.pool->entries) endpoint(name, e);
  }

  void external(const std::string& name, const std::string& entry, const std::string& balancing, unsigned port) {
    chain(entry);
    rule("KUBE-NODEPORTS -m comment --comment \"{}\" -m tcp -p tcp --dport {} -j {}", name, port, entry);
    rule("{} -m comment --comment \"masquerade traffic for {} external destinations\" -j KUBE-MARK-MASQ", entry, name);
    rule("{} -j {}", entry, balancing);
  }

  void choice(const std::string& name, const std::string& balancing, const ir::PoolEntry& e, std::size_t left) {
    const std::string chance =
        left == 1 ? ""
                  : fmt::format(" -m statistic --mode random --probability {:.10f}", 1.0 / static_cast<double>(left));
    rule("{}{}{} -j {}", balancing, comment(name + " -> " + e.text()), chance, chain_of(name, e));
  }

  void endpoint(const std::string& name, const ir::PoolEntry& e) {
    const std::string own = chain_of(name, e), said = comment(name);
    chain(own);
    rule("{}{} -s {} -j KUBE-MARK-MASQ", own, said, e.address.text());
    rule("{}{} -m tcp -p tcp -j DNAT --to-destination {}", own, said, e.text());
  }

  [[nodiscard]] static std::string chain_of(const std::string& name, const ir::PoolEntry& e) {
    return "KUBE-SEP-" + hashed(name + e.text(), 16);
  }
  [[nodiscard]] std::string comment(const std::string& text) const {
    return comments_ ? fmt::format(" -m comment --comment \"{}\"", text) : "";
  }

  const ir::Program& program_;
  std::vector<ServicePort> services_;
  bool comments_ = false;  // of endpoints
  std::string chains_, rules_;
};

}  // namespace

std::string kube_proxy_iptables(const ir::Program& p) {
  return "*mangle\n:KUBE-PROXY-CANARY - [0:0]\nCOMMIT\n" + std::string(filter) + Nat(p).text();
}

}  // namespace portcullis::bench

#include "tests/bench/kube_proxy_shape.hpp"

#include <iterator>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::bench {

namespace {

using ir::Program;
using ir::Route;

// `length` characters of A–Z and 2–7 that depend on `text`.
std::string hashed(std::string_view text, std::size_t length) {
  std::uint64_t h = 14695981039346656037ULL;
  std::string out;
  for (std::size_t i = 0; i < length; ++i) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[h >> 59U];
  }
  return out;
}

const ir::Balance& balance_of(const Route& route) {
  const auto* b = std::get_if<ir::Balance>(&route.outcomes.front().outcome);
  if (b == nullptr || b->affinity_seconds || route.outcomes.size() != 1)
    throw base::InternalError("not one of the benchmark's clusters");
  return *b;
}

std::string nft_name(const Program& p, const ir::Balance& b) {
  const std::string& name = p.pools[b.pool].name;
  std::string path = name;
  const std::size_t colon = path.rfind(':');
  path.replace(colon, 1, "/tcp/");
  return hashed(name, 8) + "-" + path;
}

}  // namespace

std::string kube_proxy_nftables(const Program& p) {
  std::string text;
  const auto out = std::back_inserter(text);
  const auto* cidr = std::get_if<ir::CidrDetector>(&p.detector);
  if (cidr == nullptr) throw base::InternalError("not one of the benchmark's clusters");
  fmt::format_to(out, "table ip kube-proxy {{\n\tset cluster-ips {{ type ipv4_addr; elements = {{ ");
  for (const Route& r : p.routes) {
    if (r.kind == ir::FrontendKind::cluster_ip) fmt::format_to(out, "{},\n", r.key.address->text());
  }
  fmt::format_to(out, "}}\n\t}}\n\tset nodeport-ips {{ type ipv4_addr; elements = {{ {} }}\n\t}}\n",
                 fmt::join(
                     [&] {
                       std::vector<std::string> all;
                       for (const auto& a : p.accepted.addresses) all.push_back(a.text());
                       return all;
                     }(),
                     ", "));
  fmt::format_to(out,
                 "\tset hairpin-connections {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service; elements = {{ ");
  for (const ir::Pool& pool : p.pools) {
    for (const ir::PoolEntry& e : pool.entries) {
      if (e.local) fmt::format_to(out, "{0} . {0} . tcp . {1},\n", e.address.text(), e.port);
    }
  }
  fmt::format_to(out, "}}\n\t}}\n");
  for (const auto* name : {"no-endpoint-services", "firewall-ips"}) {
    fmt::format_to(out, "\tmap {} {{ type ipv4_addr . inet_proto . inet_service : verdict\n\t}}\n", name);
  }
  fmt::format_to(out, "\tmap no-endpoint-nodeports {{ type inet_proto . inet_service : verdict\n\t}}\n");
  std::set<ir::PoolId> chains, external;
  for (const Route& r : p.routes) {
    chains.insert(balance_of(r).pool);
    if (r.table == ir::Table::node_port) external.insert(balance_of(r).pool);
  }
  for (const ir::PoolId id : chains) {
    const ir::Pool& pool = p.pools[id];
    const std::string name = nft_name(p, {id, false, ir::Masquerade::never, {}});
    fmt::format_to(out, "\tchain service-{} {{\n\t\tmeta l4proto tcp dnat ip to numgen random mod {} map {{ ", name,
                   pool.entries.size());
    for (std::size_t i = 0; i < pool.entries.size(); ++i)
      fmt::format_to(out, "{} : {} . {},", i, pool.entries[i].address.text(), pool.entries[i].port);
    fmt::format_to(out, " }}\n\t}}\n");
    if (external.contains(id))
      fmt::format_to(
          out, "\tchain external-{0} {{\n\t\tmeta mark set meta mark | 0x00004000\n\t\tgoto service-{0}\n\t}}\n", name);
  }
  fmt::format_to(out, "\tmap service-ips {{ type ipv4_addr . inet_proto . inet_service : verdict; elements = {{ ");
  for (const Route& r : p.routes) {
    if (r.table == ir::Table::service)
      fmt::format_to(out, "{} . tcp . {} : goto service-{},\n", r.key.address->text(), r.key.port,
                     nft_name(p, balance_of(r)));
  }
  fmt::format_to(out, "}}\n\t}}\n\tmap service-nodeports {{ type inet_proto . inet_service : verdict; elements = {{ ");
  for (const Route& r : p.routes) {
    if (r.table == ir::Table::node_port)
      fmt::format_to(out, "tcp . {} : goto external-{},\n", r.key.port, nft_name(p, balance_of(r)));
  }
  fmt::format_to(out, R"(}}
	}}
	chain nodeport-endpoints-check {{ ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
	}}
	chain service-endpoints-check {{ ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}}
	chain firewall-check {{ ip daddr . meta l4proto . th dport vmap @firewall-ips
	}}
	chain cluster-ips-check {{ ip daddr @cluster-ips reject
		ip daddr 10.96.0.0/12 drop
	}}
	chain services {{
		ip daddr @cluster-ips ip saddr != {} meta mark set meta mark | 0x00004000
		ip daddr . meta l4proto . th dport vmap @service-ips
		ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
	}}
	chain masquerading {{
		meta mark & 0x00004000 != 0 meta mark set meta mark ^ 0x00004000 masquerade fully-random
		ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random
	}}
	chain filter-prerouting-pre-dnat {{ type filter hook prerouting priority -110; ct state new jump firewall-check
	}}
	chain filter-output-pre-dnat {{ type filter hook output priority -110; ct state new jump firewall-check
	}}
	chain filter-input {{ type filter hook input priority 0; ct state new jump nodeport-endpoints-check
		ct state new jump service-endpoints-check
	}}
	chain filter-forward {{ type filter hook forward priority 0; ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}}
	chain filter-output {{ type filter hook output priority 0; ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}}
	chain nat-prerouting {{ type nat hook prerouting priority -100; jump services
	}}
	chain nat-output {{ type nat hook output priority -100; jump services
	}}
	chain nat-postrouting {{ type nat hook postrouting priority 100; jump masquerading
	}}
}}
)",
                 cidr->cidr.text());
  return text;
}

std::string kube_proxy_iptables(const Program& p) {
  const auto* cidr = std::get_if<ir::CidrDetector>(&p.detector);
  if (cidr == nullptr) throw base::InternalError("not one of the benchmark's clusters");
  std::string chains, dispatch, node_ports, services, endpoints;
  std::set<ir::PoolId> done;
  for (const Route& r : p.routes) {
    const ir::Balance& b = balance_of(r);
    const ir::Pool& pool = p.pools[b.pool];
    const std::string svc = "KUBE-SVC-" + hashed(pool.name, 16), ext = "KUBE-EXT-" + hashed(pool.name, 16);
    if (r.table == ir::Table::node_port) {
      fmt::format_to(std::back_inserter(node_ports),
                     "-A KUBE-NODEPORTS -m comment --comment \"{}\" -m tcp -p tcp --dport {} -j {}\n", pool.name,
                     r.key.port, ext);
      fmt::format_to(std::back_inserter(chains), ":{} - [0:0]\n", ext);
      fmt::format_to(std::back_inserter(services),
                     "-A {0} -m comment --comment \"masquerade traffic for {1} external destinations\" -j "
                     "KUBE-MARK-MASQ\n-A {0} -j {2}\n",
                     ext, pool.name, svc);
      continue;
    }
    const std::string to = fmt::format("-m comment --comment \"{} cluster IP\" -m tcp -p tcp -d {} --dport {}",
                                       pool.name, r.key.address->text(), r.key.port);
    fmt::format_to(std::back_inserter(dispatch), "-A KUBE-SERVICES {} -j {}\n", to, svc);
    if (!done.insert(b.pool).second) continue;
    fmt::format_to(std::back_inserter(chains), ":{} - [0:0]\n", svc);
    fmt::format_to(std::back_inserter(services), "-A {} {} ! -s {} -j KUBE-MARK-MASQ\n", svc, to, cidr->cidr.text());
    const std::size_t n = pool.entries.size();
    for (std::size_t i = 0; i < n; ++i) {
      const std::string at = pool.entries[i].text(), sep = "KUBE-SEP-" + hashed(pool.name + at, 16);
      fmt::format_to(std::back_inserter(chains), ":{} - [0:0]\n", sep);
      fmt::format_to(
          std::back_inserter(services), "-A {} -m comment --comment \"{} -> {}\"{} -j {}\n", svc, pool.name, at,
          i + 1 < n ? fmt::format(" -m statistic --mode random --probability {:.10f}", 1.0 / static_cast<double>(n - i))
                    : "",
          sep);
      fmt::format_to(std::back_inserter(endpoints),
                     "-A {0} -m comment --comment \"{1}\" -s {2} -j KUBE-MARK-MASQ\n-A {0} -m comment --comment "
                     "\"{1}\" -m tcp -p tcp -j DNAT --to-destination {3}\n",
                     sep, pool.name, pool.entries[i].address.text(), at);
    }
  }
  return "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-POSTROUTING - [0:0]\n" +
         chains +
         "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000\n-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n-A "
         "KUBE-POSTROUTING -j MARK --xor-mark 0x4000\n"
         "-A KUBE-POSTROUTING -j MASQUERADE --random-fully\n" +
         dispatch + node_ports + services + endpoints +
         "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT "
         "-j KUBE-SERVICES\n-A POSTROUTING -j KUBE-POSTROUTING\nCOMMIT\n";
}

}  // namespace portcullis::bench

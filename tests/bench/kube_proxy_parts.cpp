#include "tests/bench/kube_proxy_parts.hpp"

#include <algorithm>
#include <map>

#include "compiler/base/error.hpp"

namespace portcullis::bench {

namespace {

[[noreturn]] void foreign() {
  throw base::InternalError("not one of the benchmark's clusters");
}

ir::PoolId pool_of(const ir::Route& route) {
  const auto* b = std::get_if<ir::Balance>(&route.outcomes.front().outcome);
  if (route.outcomes.size() != 1 || b == nullptr || b->affinity_seconds || b->local_set) foreign();
  if (route.key.protocol != net::Protocol::tcp) foreign();
  return b->pool;
}

bool of_a_service(const ir::Check& check) {
  return std::holds_alternative<ir::ToFrontend>(check.match) || std::holds_alternative<ir::ToNodePort>(check.match);
}

}  // namespace

std::vector<ServicePort> service_ports(const ir::Program& p) {
  if (p.family != net::Family::ipv4 || !p.pre.empty() || std::ranges::any_of(p.checks, of_a_service)) foreign();
  std::map<ir::PoolId, std::uint16_t> node_ports;
  for (const ir::Route& r : p.routes) {
    if (r.kind == ir::FrontendKind::node_port) node_ports[pool_of(r)] = r.key.port;
  }
  std::vector<ServicePort> out;
  for (const ir::Route& r : p.routes) {
    if (r.kind == ir::FrontendKind::node_port) continue;
    if (r.kind != ir::FrontendKind::cluster_ip) foreign();
    const ir::PoolId pool = pool_of(r);
    ServicePort s{&p.pools[pool], *r.key.address, r.key.port, {}};
    if (const auto found = node_ports.find(pool); found != node_ports.end()) s.node_port = found->second;
    out.push_back(s);
  }
  return out;
}

const net::Prefix& pod_prefix(const ir::Program& p) {
  const auto* cidr = std::get_if<ir::CidrDetector>(&p.detector);
  if (cidr == nullptr) foreign();
  return cidr->cidr;
}

std::string hashed(std::string_view text, std::size_t length) {
  std::uint64_t h = 14695981039346656037ULL;
  std::string out;
  for (std::size_t i = 0; i < length; ++i) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[h >> 59U];
  }
  return out;
}

}  // namespace portcullis::bench

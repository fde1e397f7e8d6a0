#include "tests/proof/subjects.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/ir/l4/build.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/engines/engines.hpp"

namespace portcullis::proof {

namespace {

void cut_down(cluster::Cluster& cluster, std::uint64_t seed) {
  constexpr std::size_t most_endpoints = 3;
  cluster.services.resize(std::min<std::size_t>(cluster.services.size(), 2 + seed % 3));
  for (cluster::Service& service : cluster.services) {
    for (cluster::ServicePort& port : service.ports) {
      if (port.endpoints.size() > most_endpoints) port.endpoints.resize(most_endpoints);
    }
  }
}

}  // namespace

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<Subject> subjects(std::uint64_t seed, Size size) {
  std::vector<Subject> out;
  for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
    agreement::Random random(seed);
    cluster::Cluster cluster = agreement::random_cluster(random, dialect);
    if (size == Size::small) cut_down(cluster, seed);
    for (const net::Family family : net::all_families) {
      ir::Program program = ir::build(cluster, cluster.nodes.front(), family);
      const bool unfit = std::ranges::any_of(program.routes, [](const ir::Route& r) { return !r.rivals.empty(); }) ||
                         std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
      if (unfit) continue;
      const std::string name =
          fmt::format("seed {}, dialect {}, {}", seed, dialect == cluster::Dialect::nftables ? "nftables" : "iptables",
                      net::to_string(family));
      netfilter::Model nft = engines::nftables_model(engines::nftables_text(program), program);
      netfilter::Model ipt = engines::iptables_model(engines::iptables_text(program), program);
      out.push_back({name + ", nftables", cluster, program, std::move(nft)});
      out.push_back({name + ", iptables", cluster, program, std::move(ipt)});
    }
  }
  return out;
}

}  // namespace portcullis::proof

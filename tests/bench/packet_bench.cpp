// What the first packet of a flow costs, by cluster size: once counted (rules looked at and look-ups, by the evaluator
// of the printed text) and once timed in the kernel, beside rulesets in kube-proxy's shapes. All sizes and rulesets are
// loaded first, each in a namespace of its own, and every round goes through all of them: the machine's drift meets
// all alike. Usage: bench_packets [--rounds N] [--services N]…
//
// The cost of everything but the ruleset is the row `no ruleset`.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <stdlib.h>

#include "compiler/base/error.hpp"
#include "compiler/base/file.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/bench/packet_subject.hpp"
#include "tests/bench/pipeline.hpp"
#include "tests/engines/engines.hpp"

namespace {

using namespace portcullis;

void write(const std::string& path, const std::string& text) {
  if (const auto error = base::write_file(path, text)) throw base::InternalError(path + ": " + *error);
}

std::vector<std::uint32_t> cluster_ips(const ir::Program& p) {
  std::vector<std::uint32_t> out;
  for (const ir::Route& r : p.routes) {
    if (r.kind == ir::FrontendKind::cluster_ip) out.push_back(r.key.address->v4_value());
  }
  return out;
}

// The worst first packet to any of a sample of Services.
netfilter::Cost counted(const engines::Costing& costing, const std::vector<std::uint32_t>& services) {
  netfilter::Cost worst;
  for (std::size_t i = 0; i < services.size(); i += 1 + services.size() / 200) {
    net::Packet p;
    p.from = net::PacketFrom::node;
    p.src = *net::Address::parse("10.0.0.1");
    p.dst = net::Address::v4(services[i]);
    p.dport = 80;
    const netfilter::Cost cost = costing(p);
    worst.rules = std::max(worst.rules, cost.rules);
    worst.lookups = std::max(worst.lookups, cost.lookups);
  }
  return worst;
}

struct Row {
  std::unique_ptr<bench::PacketSubject> subject;
  std::optional<netfilter::Cost> cost;  // of our own text
};

// The rows of one size, in the same order for every size.
std::vector<Row> rows(const std::string& folder, std::size_t services) {
  const std::string text = bench::json_text({services, 10, 10});
  const ir::Program nft = bench::program_of(text, true, ir::Dialect::nftables);
  const ir::Program ipt = bench::program_of(text, true, ir::Dialect::iptables);
  const std::string nft_text = engines::nftables_text(nft);
  const engines::IptablesText ipt_text = engines::iptables_text(ipt);
  write(folder + "/ours.nft", nft_text);
  write(folder + "/ours.rules", ipt_text.rules);
  write(folder + "/ours.jumps", ipt_text.jumps);
  write(folder + "/shape.nft", bench::kube_proxy_nftables(nft));
  write(folder + "/shape.rules", bench::kube_proxy_iptables(ipt));
  const auto addresses = cluster_ips(nft);
  std::vector<Row> out;
  const auto add = [&](const char* name, const std::string& load) {
    fmt::print(stderr, "{} Services: {}\n", services, name);
    out.push_back({std::make_unique<bench::PacketSubject>(name, load, addresses), {}});
  };
  const auto legacy = [&](const char* file) {
    return fmt::format("iptables-legacy-restore --noflush < {}/{}", folder, file);
  };
  add("no ruleset", {});
  add("nftables, portcullis", fmt::format("nft -f {}/ours.nft", folder));
  out.back().cost = counted(engines::nftables_costing(nft_text, nft), addresses);
  // In parts: how long it takes as one transaction, which grows with the square, is bench_load's matter.
  add("nftables, kube-proxy's shape",
      fmt::format("cd {} && split -l 20000 shape.nft part- && for f in part-*; do nft -f $f || exit 1; done; rm part-*",
                  folder));
  add("iptables legacy, portcullis", legacy("ours.rules") + " && " + legacy("ours.jumps"));
  out.back().cost = counted(engines::iptables_costing(ipt_text, ipt), addresses);
  add("iptables legacy, kube-proxy's shape", legacy("shape.rules"));
  return out;
}

std::string spelled(const std::optional<netfilter::Cost>& cost) {
  return cost ? fmt::format("{} rules, {} look-ups", cost->rules, cost->lookups) : "";
}

// How many times as much a packet costs in `large`, by the rounds' ratios.
double growth(const bench::PacketSubject& small, const bench::PacketSubject& large) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < small.nanoseconds().size(); ++i)
    ratios.push_back(large.nanoseconds()[i] / small.nanoseconds()[i]);
  return bench::median(std::move(ratios));
}

void print_growth(const std::vector<std::size_t>& sizes, const std::vector<std::vector<Row>>& table) {
  fmt::print(
      "\n| ruleset | {0} against {1} Services, median of the rounds' ratios | counted at {1} | counted at {0} |\n",
      sizes.back(), sizes.front());
  fmt::print("|---|---|---|---|\n");
  for (std::size_t i = 0; i < table.front().size(); ++i) {
    const Row& small = table.front()[i];
    const Row& large = table.back()[i];
    fmt::print("| {} | {:.2f} | {} | {} |\n", small.subject->name(), growth(*small.subject, *large.subject),
               spelled(small.cost), spelled(large.cost));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rounds = 10;
  std::vector<std::size_t> services;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--rounds") rounds = std::stoul(argv[i + 1]);
    if (std::string(argv[i]) == "--services") services.push_back(std::stoul(argv[i + 1]));
  }
  if (services.empty()) services = {100, 1000, 10000, 30000};
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  std::vector<std::vector<Row>> table;
  for (const std::size_t n : services) table.push_back(rows(folder, n));
  std::filesystem::remove_all(folder);
  for (std::size_t i = 0; i < rounds; ++i) {
    for (const auto& size : table) {
      for (const Row& row : size) row.subject->round();
    }
  }
  fmt::print("| Services × 10 | ruleset | ns a first packet, median | counted, worst packet |\n|---|---|---|---|\n");
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (const Row& row : table[i])
      fmt::print("| {} | {} | {:.0f} | {} |\n", services[i], row.subject->name(),
                 bench::median(row.subject->nanoseconds()), spelled(row.cost));
  }
  if (table.size() > 1) print_growth(services, table);
  return 0;
}

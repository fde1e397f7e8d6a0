#include "compiler/driver/emit.hpp"

#include "backends/ebpf/ebpf.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/ir/l4/text.hpp"
#include "compiler/ir/l7/text.hpp"

namespace portcullis::driver {

namespace {

netfilter::Artefact ir_files(const std::vector<ir::Program>& programs) {
  netfilter::Artefact artefact;
  for (const ir::Program& program : programs) {
    const char* name = program.family == net::Family::ipv4 ? "ipv4.ir" : "ipv6.ir";
    artefact.files.push_back({name, ir::print(program), false});
  }
  return artefact;
}

}  // namespace

std::vector<ir::Program> programs(const cluster::Cluster& cluster, const cluster::Node& node,
                                  std::optional<net::Family> family) {
  std::vector<ir::Program> all;
  for (const net::Family one : ir::families(cluster, node)) {
    if (!family || *family == one) all.push_back(ir::build(cluster, node, one));
  }
  return all;
}

netfilter::Artefact emit(Target target, const std::vector<ir::Program>& programs, base::Diagnostics& diagnostics) {
  switch (target) {
    case Target::nftables:
      return nftables::emit(programs, diagnostics);
    case Target::iptables:
      return iptables::emit(programs, diagnostics);
    case Target::ebpf:
      return ebpf::emit(programs, diagnostics);
    case Target::ir:
      return ir_files(programs);
    case Target::haproxy:  // of routers, not of programs
      break;
  }
  throw base::InternalError("no such target");
}

std::string routers_text(const std::vector<ir::l7::Router>& routers, const base::SourceMap& sources) {
  return ir::l7::print(routers, ir::l7::lines_of(sources));
}

void add_routers(netfilter::Artefact& artefact, const std::string& routers_text) {
  if (!routers_text.empty()) artefact.files.push_back({"routers.ir", routers_text, false});
}

std::string main_text(Target target, const netfilter::Artefact& artefact) {
  std::string out;
  for (const netfilter::File& file : artefact.files) {
    const bool is_rules = target == Target::ir || file.name == "nftables.nft" || file.name == "iptables.rules" ||
                          file.name == "ip6tables.rules";
    if (!is_rules) continue;
    if (!out.empty()) out += '\n';
    out += file.text;
  }
  return out;
}

}  // namespace portcullis::driver

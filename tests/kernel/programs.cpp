#include "tests/kernel/programs.hpp"

#include <utility>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {

NodePrograms::NodePrograms(cluster::Cluster cluster, const std::string& node)
    : cluster_(std::move(cluster)), node_(cluster_.node(node)) {
  if (node_ == nullptr) throw Failure("there is no node " + node);
  for (const auto family : net::all_families) {
    const auto [program, added] = programs_.emplace(family, ir::build(cluster_, *node_, family));
    interpreters_.emplace(family, program->second);
  }
}

std::vector<ir::Program> NodePrograms::both() const {
  return {programs_.at(net::Family::ipv4), programs_.at(net::Family::ipv6)};
}

ir::Fate NodePrograms::fate(const net::Packet& packet, const ir::Memory& memory, ir::Trail* trail) const {
  return interpreters_.at(packet.family()).fate(packet, memory, trail);
}

NodeSetup NodePrograms::setup() const {
  const auto& program = programs_.at(net::Family::ipv4);
  NodeSetup setup{.addresses = node_->addresses,
                  .pod_interface = {},
                  .route_localnet = program.route_localnet,
                  .tcp_be_liberal = program.tcp_be_liberal};
  if (const auto* interface = std::get_if<ir::InterfaceDetector>(&program.detector))
    setup.pod_interface = interface->name + (interface->is_prefix ? "0" : "");
  return setup;
}

std::unique_ptr<NodePrograms> compile(const std::string& name, const std::string& manifests, const std::string& node) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input = manifest::read_text(name, manifests, false, {}, sources, diagnostics);
  if (input.unreadable) throw Failure(name + " can't be read: " + diagnostics.all().front().message);
  return std::make_unique<NodePrograms>(cluster::resolve(input, {}, diagnostics).cluster, node);
}

}  // namespace portcullis::kernel

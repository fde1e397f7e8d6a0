#include "compiler/trace/trace.hpp"

#include "compiler/base/error.hpp"
#include "compiler/trace/atlas.hpp"
#include "compiler/trace/programs.hpp"
#include "compiler/trace/walk.hpp"

namespace portcullis::trace {

std::string_view to_string(After after) {
  switch (after) {
    case After::delivered:
      return "delivered";
    case After::refused:
      return "refused";
    case After::forwarded:
      return "forwarded";
    case After::lost:
      return "lost";
  }
  return {};
}

struct Tracer::State {
  explicit State(const cluster::Cluster& cluster) : atlas(cluster), programs(cluster) {}
  [[nodiscard]] const cluster::Node* node(const std::string& name) const {
    if (name.empty()) return nullptr;
    const cluster::Node* found = atlas.cluster().node(name);
    if (found == nullptr) throw base::InternalError("trace at a node that the cluster does not have: " + name);
    return found;
  }

  Atlas atlas;
  Programs programs;
};

Tracer::Tracer(const cluster::Cluster& cluster) : state_(std::make_unique<State>(cluster)) {}
Tracer::~Tracer() = default;

Trace Tracer::trace(const net::Packet& packet, const std::string& node) {
  Walk walk(state_->atlas, state_->programs, packet);
  const cluster::Node* at = state_->node(node);
  return at != nullptr ? walk.at_node(*at) : walk.across_machines();
}

net::PacketFrom Tracer::infer_from(const net::Address& source, const std::string& node) const {
  return state_->atlas.origin_of(source, state_->node(node));
}

}  // namespace portcullis::trace

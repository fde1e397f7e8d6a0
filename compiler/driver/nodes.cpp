#include "compiler/driver/nodes.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

constexpr std::size_t most_shown = 10;

std::string names(const cluster::Cluster& cluster) {
  std::vector<std::string> shown;
  for (const cluster::Node& node : cluster.nodes) {
    if (shown.size() == most_shown) {
      shown.push_back(fmt::format("{} more", cluster.nodes.size() - most_shown));
      break;
    }
    shown.push_back(node.name);
  }
  return base::list_text(shown);
}

}  // namespace

const cluster::Node* choose_node(const cluster::Cluster& cluster, const std::optional<std::string>& name) {
  if (!name) {
    if (cluster.nodes.size() == 1) return &cluster.nodes.front();
    if (!cluster.nodes.empty() && std::ranges::all_of(cluster.nodes, &cluster::Node::planned)) {
      complain(
          fmt::format("the input has no nodes: this is {}, one of {} that are assumed; a ClusterProfile or Node "
                      "objects say what yours are",
                      cluster.nodes.front().name, cluster.nodes.size()));
      return &cluster.nodes.front();
    }
    complain(
        fmt::format("choose a node with --node: the cluster has {}", cluster.nodes.empty() ? "none" : names(cluster)));
    return nullptr;
  }
  const cluster::Node* node = cluster.node(*name);
  if (node != nullptr) return node;
  std::vector<std::string_view> known;
  known.reserve(cluster.nodes.size());
  for (const cluster::Node& n : cluster.nodes) known.push_back(n.name);
  const std::string_view near = base::nearest(*name, known);
  complain(near.empty() ? fmt::format("no node `{}`: the cluster has {}", *name, names(cluster))
                        : fmt::format("no node `{}`; did you mean `{}`?", *name, near));
  return nullptr;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace portcullis::driver

#include "verifier/obligations/flow.hpp"

#include <algorithm>
#include <limits>
#include <queue>

namespace portcullis::obligations {

namespace {

constexpr std::size_t unreached = std::numeric_limits<std::size_t>::max();

}  // namespace

std::size_t Flow::add(std::size_t from, std::size_t to, std::int64_t capacity) {
  const std::size_t edge = edges_.size();
  edges_.push_back({to, capacity});
  edges_.push_back({from, 0});
  out_[from].push_back(edge);
  out_[to].push_back(edge + 1);
  return edge;
}

bool Flow::layer(std::size_t source, std::size_t sink) {
  layer_.assign(out_.size(), unreached);
  layer_[source] = 0;
  std::queue<std::size_t> open({source});
  for (; !open.empty(); open.pop()) {
    for (const std::size_t edge : out_[open.front()]) {
      const std::size_t to = edges_[edge].to;
      if (edges_[edge].left == 0 || layer_[to] != unreached) continue;
      layer_[to] = layer_[open.front()] + 1;
      open.push(to);
    }
  }
  return layer_[sink] != unreached;
}

// Recursion is as deep as the network has layers: source, pods, nodes, sink, and back and forth between the middle two.
std::int64_t Flow::push(std::size_t vertex, std::size_t sink, std::int64_t most) {
  if (vertex == sink) return most;
  for (std::size_t& at = next_[vertex]; at < out_[vertex].size(); ++at) {
    const std::size_t edge = out_[vertex][at], to = edges_[edge].to;
    if (edges_[edge].left == 0 || layer_[to] != layer_[vertex] + 1) continue;
    const std::int64_t pushed = push(to, sink, std::min(most, edges_[edge].left));
    if (pushed == 0) continue;
    edges_[edge].left -= pushed;
    edges_[edge ^ 1U].left += pushed;
    return pushed;
  }
  return 0;
}

std::int64_t Flow::maximize(std::size_t source, std::size_t sink) {
  std::int64_t total = 0;
  while (layer(source, sink)) {
    next_.assign(out_.size(), 0);
    while (const std::int64_t pushed = push(source, sink, std::numeric_limits<std::int64_t>::max())) total += pushed;
  }
  return total;
}

std::vector<bool> Flow::source_side(std::size_t source) const {
  std::vector<bool> reached(out_.size());
  std::vector<std::size_t> open{source};
  reached[source] = true;
  while (!open.empty()) {
    const std::size_t vertex = open.back();
    open.pop_back();
    for (const std::size_t edge : out_[vertex]) {
      if (edges_[edge].left == 0 || reached[edges_[edge].to]) continue;
      reached[edges_[edge].to] = true;
      open.push_back(edges_[edge].to);
    }
  }
  return reached;
}

}  // namespace portcullis::obligations

// Maximum flow through a small network (Dinic), and the cut that bounds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace portcullis::obligations {

class Flow {
 public:
  explicit Flow(std::size_t vertices) : out_(vertices) {}

  // An edge that carries at most `capacity` (≥ 0). The number is for `carried`.
  std::size_t add(std::size_t from, std::size_t to, std::int64_t capacity);
  // Fills the network and says how much arrives. Once.
  std::int64_t maximize(std::size_t source, std::size_t sink);

  [[nodiscard]] std::int64_t carried(std::size_t edge) const { return edges_[edge ^ 1U].left; }
  // After maximize: the vertices that more could still reach. Every edge that leaves them is full: a minimum cut.
  [[nodiscard]] std::vector<bool> source_side(std::size_t source) const;

 private:
  struct Edge {
    std::size_t to = 0;
    std::int64_t left = 0;  // what more it could carry; its reverse is the edge with the last bit flipped
  };
  bool layer(std::size_t source, std::size_t sink);
  std::int64_t push(std::size_t vertex, std::size_t sink, std::int64_t most);

  std::vector<Edge> edges_;
  std::vector<std::vector<std::size_t>> out_;  // by vertex: edges
  std::vector<std::size_t> layer_, next_;      // by vertex: distance from the source; the first edge not yet tried
};

}  // namespace portcullis::obligations

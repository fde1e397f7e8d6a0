// Which packets the `reachable` sentences of a policy are about.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/net/packet.hpp"
#include "compiler/policy/bound.hpp"

namespace portcullis::obligations {

class Demanded {
 public:
  // The cluster is what the policy was bound to; it must outlive this.
  Demanded(const policy::Bound& bound, const cluster::Cluster& cluster);

  // Whether a sentence demands that a packet gets through that looks like this where it meets a node's rules. Of a
  // sentence that is content with one of several addresses, each of them counts.
  [[nodiscard]] bool holds(const net::Packet& packet) const;
  // The sentences' sources, one set each.
  [[nodiscard]] std::vector<net::PrefixSet> sources() const;

 private:
  struct One {
    policy::SharedSources from;
    std::set<std::tuple<net::Address, net::Protocol, std::uint16_t>> keys;
  };
  std::vector<One> all_;
};

}  // namespace portcullis::obligations

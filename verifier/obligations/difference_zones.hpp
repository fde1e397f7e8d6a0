// Who is who in two versions of a cluster: where a source is, and whose an endpoint.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/trace/atlas.hpp"
#include "verifier/obligations/difference.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::obligations {

class Zones {
 public:
  // The setting must outlive this.
  explicit Zones(const Setting& setting);

  // Pods and nodes of either version.
  [[nodiscard]] Zone of(const net::Packet& packet) const;
  // Sets of sources of the family, each by its intervals, that tell zones apart, and what the setting does.
  [[nodiscard]] const std::vector<specialise::SourceIn>& sets(net::Family family) const {
    return sets_[family == net::Family::ipv4 ? 0 : 1];
  }
  // Where a packet with this source starts, if that is on an interface of the node (or at the node, for `from_node`).
  [[nodiscard]] std::optional<net::PacketFrom> start(const net::Address& source, const std::string& node,
                                                     bool from_node) const;
  [[nodiscard]] std::span<const net::Address> likely(const std::string& node, net::Family family);
  // `Deployment shop/web`, or the address.
  [[nodiscard]] std::string workload(const net::Address& address, bool in_after) const;

 private:
  void add_sets(net::Family family);

  const Setting& setting_;
  trace::Atlas before_, after_;
  net::PrefixSet pods_, nodes_;
  std::array<std::vector<specialise::SourceIn>, 2> sets_;
  std::map<std::pair<std::string, net::Family>, std::vector<net::Address>> likely_;
};

}  // namespace portcullis::obligations

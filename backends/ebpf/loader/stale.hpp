// Which UDP flows an update leaves behind: those whose endpoint is gone, wherever they are remembered (conntrack, the
// program's sockets). Reference: kube-proxy's clean-up of conntrack.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "compiler/ir/l4/program.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::ebpf::loader {

using Place = std::pair<net::Address, std::uint16_t>;

// Which endpoints a destination keeps. A node port has no address; its family is that of its endpoints. A destination
// that keeps none (a Service without serving endpoints) has nothing that is stale.
class Kept {
 public:
  explicit Kept(const std::vector<ir::UdpCleanup>& cleanup);
  [[nodiscard]] bool empty() const { return by_place_.empty() && by_port_.empty(); }
  [[nodiscard]] bool is_stale(const Place& to, const Place& answers) const;

 private:
  std::map<Place, std::set<Place>> by_place_;
  std::map<std::pair<net::Family, std::uint16_t>, std::set<Place>> by_port_;
};

}  // namespace portcullis::ebpf::loader

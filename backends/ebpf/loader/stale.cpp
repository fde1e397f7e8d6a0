#include "backends/ebpf/loader/stale.hpp"

namespace portcullis::ebpf::loader {

Kept::Kept(const std::vector<ir::UdpCleanup>& cleanup) {
  for (const ir::UdpCleanup& one : cleanup) {
    for (const Place& kept : one.keep) {
      if (one.dst) by_place_[{*one.dst, one.port}].insert(kept);
      if (!one.dst) by_port_[{kept.first.family(), one.port}].insert(kept);
    }
  }
}

bool Kept::is_stale(const Place& to, const Place& answers) const {
  const auto by_place = by_place_.find(to);
  if (by_place != by_place_.end() && !by_place->second.contains(answers)) return true;
  const auto by_port = by_port_.find({to.first.family(), to.second});
  return by_port != by_port_.end() && !by_port->second.contains(answers);
}

}  // namespace portcullis::ebpf::loader

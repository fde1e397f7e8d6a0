#include "backends/ebpf/lookup.hpp"

#include <algorithm>

namespace portcullis::ebpf {

const Frontend* find_frontend(const Tables& tables, const FrontendKey& key) {
  const auto found = std::ranges::lower_bound(tables.frontends, key, {}, &Frontend::key);
  return found != tables.frontends.end() && found->key == key ? &*found : nullptr;
}

const Local* find_local(const Tables& tables, const net::Address& address) {
  const auto found = std::ranges::lower_bound(tables.locals, address, {}, &Local::address);
  return found != tables.locals.end() && found->address == address ? &*found : nullptr;
}

net::Address loopback_entry(const net::Address& destination, bool from_loopback) {
  const std::uint32_t other = destination.v4_value() == PCL_LOOPBACK ? 0U : unsigned{PCL_LOOPBACK_OTHER};
  return net::Address::v4(PCL_LOOPBACK + other + (from_loopback ? 0U : unsigned{PCL_LOOPBACK_ELSEWHERE}));
}

bool is_loopback4(const net::Address& address) {
  return address.family() == net::Family::ipv4 && address.is_loopback();
}

}  // namespace portcullis::ebpf

#include "backends/ebpf/entries.hpp"

#include <algorithm>
#include <map>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace portcullis::ebpf {

namespace {

constexpr std::size_t v4_begin = 12;
constexpr std::array<std::uint8_t, v4_begin> v4_head{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint8_t protocol_number(const std::optional<net::Protocol>& protocol) {
  return protocol ? net::number(*protocol, net::Family::ipv4) : std::uint8_t{0};
}

std::optional<net::Protocol> protocol_of(std::uint8_t number) {
  for (const net::Protocol protocol : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
    if (protocol_number(protocol) == number) return protocol;
  }
  return std::nullopt;
}

pcl_frontend_key key_bytes(const FrontendKey& key) {
  pcl_frontend_key out{};
  if (key.address) out.address = to_bytes(*key.address);
  out.port = network_order(key.port);
  out.protocol = protocol_number(key.protocol);
  out.scope = key.address ? std::uint8_t{0} : key.scope;
  return out;
}

FrontendKey key_of(const pcl_frontend_key& bytes) {
  FrontendKey out;
  if (bytes.scope == 0) out.address = to_address(bytes.address);
  out.scope = bytes.scope;
  out.protocol = protocol_of(bytes.protocol);
  out.port = network_order(bytes.port);
  return out;
}

pcl_u8 action_byte(const Action& action) {
  unsigned byte = static_cast<unsigned>(action.verdict) | unsigned{action.pool} << PCL_ACTION_POOL_SHIFT;
  if (action.masquerade) byte |= PCL_ACTION_MASQUERADE;
  return static_cast<pcl_u8>(byte);
}

Action action_of(pcl_u8 byte) {
  return {.verdict = static_cast<Verdict>(byte & PCL_ACTION_VERDICT),
          .masquerade = (byte & PCL_ACTION_MASQUERADE) != 0,
          .pool = static_cast<std::uint8_t>((byte & PCL_ACTION_POOL) >> PCL_ACTION_POOL_SHIFT)};
}

pcl_u16 flags_of(const Endpoint& endpoint) {
  unsigned flags = 0;
  if (endpoint.hairpin) flags |= PCL_ENDPOINT_HAIRPIN;
  if (endpoint.hairpin_same) flags |= PCL_ENDPOINT_HAIRPIN_SAME;
  for (std::size_t i = 0; i < endpoint.refusals.size(); ++i)
    flags |= static_cast<unsigned>(endpoint.refusals[i]) << (PCL_ENDPOINT_REFUSAL_SHIFT + 2 * i);
  return static_cast<pcl_u16>(flags);
}

Endpoint endpoint_of(const pcl_endpoint& bytes) {
  Endpoint out;
  out.address = to_address(bytes.address);
  out.port = network_order(bytes.port);
  out.hairpin = (bytes.flags & PCL_ENDPOINT_HAIRPIN) != 0;
  out.hairpin_same = (bytes.flags & PCL_ENDPOINT_HAIRPIN_SAME) != 0;
  for (std::size_t i = 0; i < out.refusals.size(); ++i)
    out.refusals[i] = static_cast<Verdict>(bytes.flags >> (PCL_ENDPOINT_REFUSAL_SHIFT + 2 * i) & 3);
  return out;
}

void add_pools(const Tables& tables, Entries& out) {
  Rows& pools = out.of(TableId::pools);
  Rows& endpoints = out.of(TableId::endpoints);
  Rows& members = out.of(TableId::members);
  pcl_u32 slot = 0;
  for (pcl_u32 i = 0; i < tables.pools.size(); ++i) {
    const Pool& pool = tables.pools[i];
    pcl_pool value{.first = slot, .count = 0, .sticky = pool.sticky.value_or(0), .memory = pool.memory};
    for (const Endpoint& endpoint : pool.endpoints) {
      const pcl_endpoint bytes{to_bytes(endpoint.address), network_order(endpoint.port), flags_of(endpoint)};
      if (value.sticky != 0) members.add(pcl_member_key{i, bytes.address, bytes.port, 0}, slot);
      for (std::uint32_t n = 0; n < endpoint.weight; ++n) endpoints.add(slot++, bytes);
    }
    value.count = slot - value.first;
    pools.add(i, value);
  }
}

void add_frontends(const Tables& tables, Rows& out) {
  for (const Frontend& frontend : tables.frontends) {
    pcl_frontend value{};
    std::ranges::transform(frontend.actions, std::begin(value.action), action_byte);
    std::ranges::copy(frontend.pools, std::begin(value.pool));
    value.ranges = frontend.ranges;
    out.add(key_bytes(frontend.key), value);
  }
}

void add_set(pcl_u32 number, const std::vector<net::Prefix>& prefixes, Rows& out) {
  for (const net::Prefix& prefix : prefixes) {
    const int outer = prefix.family() == net::Family::ipv4 ? 96 : 0;
    const pcl_prefix_key key{static_cast<pcl_u32>(32 + outer + prefix.length()), htonl(number),
                             to_bytes(prefix.address())};
    out.add(key, pcl_u32{1});
  }
}

net::Prefix prefix_of(const pcl_prefix_key& key) {
  const net::Address address = to_address(key.address);
  return {address, static_cast<int>(key.length) - 32 - (128 - address.bits())};
}

void take_prefixes(const Rows& rows, Tables& out) {
  std::map<pcl_u32, std::vector<net::Prefix>> sets;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const auto key = rows.key<pcl_prefix_key>(i);
    sets[ntohl(key.set)].push_back(prefix_of(key));
  }
  for (auto& [number, prefixes] : sets) {
    std::ranges::sort(prefixes);
    if (number == PCL_SET_PODS) {
      out.pods = std::move(prefixes);
    } else if (number == PCL_SET_SERVICES) {
      out.services = std::move(prefixes);
    } else {
      out.sets.push_back({number, fmt::format("unknown-set-{}", number), std::move(prefixes)});
    }
  }
}

// The slots of one endpoint lie side by side; how many they are is its weight.
std::vector<Endpoint> endpoints_of(const pcl_pool& pool, const Rows& slots) {
  std::vector<Endpoint> out;
  for (std::uint64_t slot = pool.first; slot < std::uint64_t{pool.first} + pool.count && slot < slots.count(); ++slot) {
    Endpoint endpoint = endpoint_of(slots.value<pcl_endpoint>(slot));
    if (!out.empty()) {
      endpoint.weight = out.back().weight;
      if (endpoint == out.back()) {
        ++out.back().weight;
        continue;
      }
    }
    endpoint.weight = 1;
    out.push_back(std::move(endpoint));
  }
  return out;
}

void take_pools(const Entries& entries, Tables& out) {
  const Rows& pools = entries.of(TableId::pools);
  for (std::size_t i = 0; i < pools.count(); ++i) {
    const auto bytes = pools.value<pcl_pool>(i);
    Pool pool{.name = fmt::format("unknown-pool-{}", i), .sticky = {}, .memory = bytes.memory, .endpoints = {}};
    if (bytes.sticky != 0) pool.sticky = bytes.sticky;
    pool.endpoints = endpoints_of(bytes, entries.of(TableId::endpoints));
    out.pools.push_back(std::move(pool));
  }
}

// How many of a frontend's pools its actions use, or the map names beyond the first.
std::size_t pools_used(const pcl_frontend& bytes) {
  std::size_t used = 0;
  for (const pcl_u8 byte : bytes.action) {
    const Action action = action_of(byte);
    if (action.verdict == Verdict::dnat) used = std::max<std::size_t>(used, std::size_t{action.pool} + 1);
  }
  for (std::size_t i = 0; i < PCL_POOLS; ++i)
    if (bytes.pool[i] != 0) used = std::max(used, i + 1);
  return used;
}

Frontend frontend_of(const pcl_frontend_key& key, const pcl_frontend& bytes) {
  Frontend out{.key = key_of(key), .owner = "unknown", .actions = {}, .pools = {}, .ranges = bytes.ranges};
  std::ranges::transform(bytes.action, out.actions.begin(), action_of);
  for (std::size_t i = 0; i < std::min<std::size_t>(pools_used(bytes), PCL_POOLS); ++i)
    out.pools.push_back(bytes.pool[i]);
  return out;
}

void take_frontends(const Rows& rows, Tables& out) {
  for (std::size_t i = 0; i < rows.count(); ++i)
    out.frontends.push_back(frontend_of(rows.key<pcl_frontend_key>(i), rows.value<pcl_frontend>(i)));
  std::ranges::sort(out.frontends, {}, &Frontend::key);
}

void take_locals(const Rows& rows, Tables& out) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const auto value = rows.value<pcl_local>(i);
    out.locals.push_back({to_address(rows.key<pcl_addr>(i)), value.local != 0, value.scope});
  }
  std::ranges::sort(out.locals, {}, &Local::address);
}

// A map has at least one row, so an array without pools has an empty one.
void drop_filler(Tables& out) {
  const Pool empty{.name = "unknown-pool-0", .sticky = {}, .endpoints = {}};
  if (out.pools.size() == 1 && out.pools.front() == empty) out.pools.clear();
}

void take_names(const Tables& like, Tables& out) {
  for (std::size_t i = 0; i < std::min(like.pools.size(), out.pools.size()); ++i) {
    out.pools[i].name = like.pools[i].name;
    out.pools[i].local_set = like.pools[i].local_set;
    out.pools[i].protocol = like.pools[i].protocol;
  }
  for (Frontend& frontend : out.frontends) {
    const auto known = std::ranges::lower_bound(like.frontends, frontend.key, {}, &Frontend::key);
    if (known == like.frontends.end() || known->key != frontend.key) continue;
    frontend.owner = known->owner;
    // An index that no action uses says nothing, and zero at the end of the list is the same as none.
    while (frontend.pools.size() < known->pools.size()) frontend.pools.push_back(0);
  }
  for (Set& set : out.sets) {
    const auto known = std::ranges::find(like.sets, set.number, &Set::number);
    if (known != like.sets.end()) set.name = known->name;
  }
}

}  // namespace

pcl_addr to_bytes(const net::Address& address) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  if (address.family() == net::Family::ipv4) std::ranges::copy(v4_head, bytes.begin());
  pcl_addr out{};
  std::memcpy(&out, bytes.data(), bytes.size());
  return out;
}

net::Address to_address(const pcl_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  if (!std::equal(v4_head.begin(), v4_head.end(), bytes.begin())) return net::Address::v6(bytes);
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + v4_begin, sizeof value);
  return net::Address::v4(ntohl(value));
}

std::uint16_t network_order(std::uint16_t port) {
  return htons(port);
}

Entries entries(const Tables& tables) {
  Entries out;
  add_pools(tables, out);
  add_frontends(tables, out.of(TableId::frontends));
  Rows& prefixes = out.of(TableId::prefixes);
  add_set(PCL_SET_PODS, tables.pods, prefixes);
  add_set(PCL_SET_SERVICES, tables.services, prefixes);
  for (const Set& set : tables.sets) add_set(set.number, set.prefixes, prefixes);
  for (const Local& local : tables.locals)
    out.of(TableId::locals)
        .add(to_bytes(local.address), pcl_local{local.here ? std::uint8_t{1} : std::uint8_t{0}, local.scope, 0});
  // Arrays are in the order of their index already, and always have a row.
  for (const TableId table : {TableId::members, TableId::prefixes, TableId::locals, TableId::frontends})
    out.of(table).sort();
  if (out.of(TableId::pools).count() == 0) out.of(TableId::pools).add(pcl_u32{0}, pcl_pool{});
  if (out.of(TableId::endpoints).count() == 0) out.of(TableId::endpoints).add(pcl_u32{0}, pcl_endpoint{});
  return out;
}

Tables tables_of(const Entries& entries, const Tables& like) {
  Tables out;
  out.node = like.node;
  out.dialect = like.dialect;
  out.program = like.program;
  out.pod_interface = like.pod_interface;
  out.guards = like.guards;
  out.tcp_be_liberal = like.tcp_be_liberal;
  out.others_scope = like.others_scope;
  out.cleanup = like.cleanup;
  take_prefixes(entries.of(TableId::prefixes), out);
  take_locals(entries.of(TableId::locals), out);
  take_pools(entries, out);
  drop_filler(out);
  take_frontends(entries.of(TableId::frontends), out);
  take_names(like, out);
  return out;
}

}  // namespace portcullis::ebpf

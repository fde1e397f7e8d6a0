#include "backends/iptables/tree.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace portcullis::iptables {

namespace {

// A chain of at most so many rules is not worth a level of its own; below half of it, neither is a part.
constexpr std::uint32_t leaf_size = 8;
constexpr std::uint32_t fan_out = 8;
constexpr std::size_t most_gates = 4;

int offset(const net::Address& a) {
  return 128 - a.bits();
}

bool bit_of(const net::Address& a, int bit) {
  const auto at = static_cast<unsigned>(bit + offset(a));
  return ((static_cast<unsigned>(a.bytes()[at / 8]) >> (7U - at % 8)) & 1U) != 0;
}

// How many leading bits two prefixes have in common.
int common_length(const net::Prefix& a, const net::Prefix& b) {
  const int limit = std::min(a.length(), b.length());
  for (std::size_t i = static_cast<std::size_t>(offset(a.address())) / 8; i < 16; ++i) {
    const auto difference = static_cast<std::uint8_t>(a.address().bytes()[i] ^ b.address().bytes()[i]);
    if (difference != 0)
      return std::min(limit, static_cast<int>(i) * 8 - offset(a.address()) + std::countl_zero(difference));
  }
  return limit;
}

auto port_key(const Leaf& leaf) {
  return std::tie(leaf.protocol, leaf.port);
}

}  // namespace

PortMatch destination_ports(net::Protocol protocol, std::uint16_t first, std::uint16_t last) {
  return {protocol, {}, PortRange{first, last, false}};
}

ProtocolMatch protocol_match(net::Protocol protocol, net::Family family) {
  return {net::number(protocol, family), false};
}

// ---- cutting

class TreeBuilder::Cut {
 public:
  Cut(const TreeBuilder& tree, const std::vector<Unit>& units) : tree_(tree), units_(units), sums_{0} {
    sums_.reserve(units.size() + 1);
    for (const Unit u : units) sums_.push_back(sums_.back() + tree.weight(u));
    threshold_ = std::max(sums_.back() / fan_out, leaf_size / 2);
  }

  // The parts in the order of their gates; `rest` gets the units that are in none.
  std::vector<Part> parts(std::vector<Unit>& rest) {
    const Left left = collect(0, units_.size());
    rest = gather(left);
    return std::move(parts_);
  }

 private:
  struct Left {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    std::uint32_t weight = 0;
  };

  Left collect(std::size_t low, std::size_t high) {
    if (low == high) return {};
    const std::uint32_t weight = sums_[high] - sums_[low];
    if (weight < threshold_) return {{{low, high}}, weight};
    if (high - low == 1) {
      parts_.push_back({tree_.leaves_[units_[low]].prefix, {units_[low]}});
      return {};
    }
    const std::size_t middle = tree_.branch(units_, low, high);
    Left left = collect(low, middle);
    Left right = collect(middle, high);
    std::ranges::copy(right.ranges, std::back_inserter(left.ranges));
    left.weight += right.weight;
    if (left.weight < threshold_) return left;
    std::vector<Unit> units = gather(left);
    parts_.push_back({tree_.cover(units.front(), units.back()), std::move(units)});
    return {};
  }

  std::vector<Unit> gather(const Left& left) const {
    std::vector<Unit> units;
    for (const auto& [low, high] : left.ranges) {
      units.insert(units.end(), units_.begin() + static_cast<std::ptrdiff_t>(low),
                   units_.begin() + static_cast<std::ptrdiff_t>(high));
    }
    return units;
  }

  const TreeBuilder& tree_;
  const std::vector<Unit>& units_;
  std::vector<std::uint32_t> sums_;
  std::uint32_t threshold_ = 0;
  std::vector<Part> parts_;
};

// ---- by address

void TreeBuilder::enter_by_address(ChainId from, std::vector<Leaf> leaves) {
  if (leaves.empty()) return;
  take(std::move(leaves));
  otherwise_.reset();
  const std::vector<Unit> all = units();
  struct Gate {
    std::size_t low, high;
  };
  std::vector<Gate> gates{{0, all.size()}};
  const auto length = [&](const Gate& g) {  // the widest goes first; a single key cannot be cut
    return g.high - g.low == 1 ? 129 : cover(all[g.low], all[g.high - 1]).length();
  };
  while (leaves_.size() > leaf_size && gates.size() < most_gates) {
    const auto widest = std::ranges::min_element(gates, {}, length);
    if (length(*widest) == 129) break;
    const std::size_t middle = branch(all, widest->low, widest->high);
    const Gate right{middle, widest->high};
    widest->high = middle;
    gates.insert(widest + 1, right);
  }
  for (const Gate& g : gates) {
    const net::Prefix prefix = cover(all[g.low], all[g.high - 1]);
    const ChainId chain = prefix_chain(from, prefix);
    table_.add(from, gate(prefix, chain, false));
    address_level(chain, std::vector<Unit>(all.begin() + static_cast<std::ptrdiff_t>(g.low),
                                           all.begin() + static_cast<std::ptrdiff_t>(g.high)));
  }
}

void TreeBuilder::grow_by_address(ChainId chain, std::vector<Leaf> leaves, std::optional<Rule> otherwise) {
  take(std::move(leaves));
  otherwise_ = std::move(otherwise);
  address_level(chain, units());
}

void TreeBuilder::take(std::vector<Leaf> leaves) {
  leaves_ = std::move(leaves);
  const auto before = [](const Leaf& a, const Leaf& b) {
    return std::tie(a.prefix, a.protocol, a.port) < std::tie(b.prefix, b.protocol, b.port);
  };
  // They mostly come sorted, and moving them is what sorting costs.
  if (!std::ranges::is_sorted(leaves_, before)) std::ranges::stable_sort(leaves_, before);
  ends_.assign(leaves_.size(), 0);
  for (std::size_t i = leaves_.size(); i-- > 0;) {
    const bool last = i + 1 == leaves_.size() || leaves_[i + 1].prefix != leaves_[i].prefix;
    ends_[i] = last ? static_cast<std::uint32_t>(i + 1) : ends_[i + 1];
  }
}

std::vector<TreeBuilder::Unit> TreeBuilder::units() const {
  std::vector<Unit> out;
  for (Unit u = 0; u < leaves_.size(); u = ends_[u]) out.push_back(u);
  return out;
}

net::Prefix TreeBuilder::cover(Unit first, Unit last) const {
  const net::Prefix& a = leaves_[first].prefix;
  return {a.address(), common_length(a, leaves_[last].prefix)};
}

// Where the trie branches below the common prefix of [low, high): the first unit that has a one there.
std::size_t TreeBuilder::branch(const std::vector<Unit>& units, std::size_t low, std::size_t high) const {
  const int bit = cover(units[low], units[high - 1]).length();
  const auto begin = units.begin() + static_cast<std::ptrdiff_t>(low);
  const auto middle = std::partition_point(begin, units.begin() + static_cast<std::ptrdiff_t>(high),
                                           [&](Unit u) { return !bit_of(leaves_[u].prefix.address(), bit); });
  return low + static_cast<std::size_t>(middle - begin);
}

void TreeBuilder::address_level(ChainId chain, const std::vector<Unit>& units) {
  std::uint32_t total = 0;
  for (const Unit u : units) total += weight(u);
  if (total <= leaf_size) {
    for (const Unit u : units) append(chain, u, ends_[u]);
    return close(chain);
  }
  if (units.size() == 1) return port_level(chain, units.front(), ends_[units.front()]);

  std::vector<Unit> rest;
  std::vector<Part> parts = Cut(*this, units).parts(rest);
  std::uint32_t rest_weight = 0;
  for (const Unit u : rest) rest_weight += weight(u);
  if (rest_weight > leaf_size) parts.push_back({cover(rest.front(), rest.back()), std::exchange(rest, {})});
  for (const Part& part : parts) {
    const ChainId child = prefix_chain(chain, part.prefix);
    table_.add(chain, gate(part.prefix, child, true));
    address_level(child, part.units);
  }
  for (const Unit u : rest) append(chain, u, ends_[u]);
  close(chain);
}

Rule TreeBuilder::gate(const net::Prefix& prefix, ChainId to, bool go) const {
  Rule r = go ? go_to(to) : jump_to(to);
  if (prefix.length() > 0) (side_ == Side::source ? r.source : r.destination) = AddressMatch{prefix, false};
  return r;
}

// Chains of a source tree belong to the frontend that has them, so they are named for it.
ChainId TreeBuilder::prefix_chain(ChainId from, const net::Prefix& prefix) {
  if (side_ == Side::source) return table_.chain(table_.name(from));
  return table_.chain(fmt::format("{}{}{:02}", address_stem(prefix.address(), family_, forest_),
                                  static_cast<char>(Kind::tree), prefix.length()));
}

// ---- by port

// `PCL-00000000A7530`: node ports from 30000; behind an address, that address.
ChainId TreeBuilder::port_chain(const Leaf& first) {
  const bool behind_address = first.prefix.length() > 0;
  const std::string stem = address_stem(
      behind_address ? std::optional(first.prefix.address()) : std::optional<net::Address>{}, family_, forest_);
  return table_.chain(fmt::format("{}{}{:04X}", stem, static_cast<char>(Kind::tree), first.port));
}

void TreeBuilder::enter_by_port(ChainId from, std::vector<Leaf> leaves, const Rule& condition) {
  leaves_ = std::move(leaves);
  otherwise_.reset();
  std::ranges::stable_sort(leaves_, {}, port_key);
  for (std::uint32_t begin = 0; begin < leaves_.size();) {
    std::uint32_t end = begin;
    while (end < leaves_.size() && leaves_[end].protocol == leaves_[begin].protocol) ++end;
    Rule r = condition;
    const ChainId chain = port_chain(leaves_[begin]);
    const net::Protocol protocol = leaves_[begin].protocol;
    r.protocol = protocol_match(protocol, family_);
    r.matches.insert(r.matches.begin(), destination_ports(protocol, leaves_[begin].port, leaves_[end - 1].port));
    r.target = Jump{chain, false};
    table_.add(from, std::move(r));
    port_level(chain, begin, end);
    begin = end;
  }
}

void TreeBuilder::port_level(ChainId chain, std::uint32_t begin, std::uint32_t end) {
  const bool one_protocol = leaves_[begin].protocol == leaves_[end - 1].protocol;
  const bool one_key = one_protocol && leaves_[begin].port == leaves_[end - 1].port;
  if (end - begin <= leaf_size || one_key) {
    append(chain, begin, end);
    return close(chain);
  }
  const std::uint32_t share = std::max((end - begin + fan_out - 1) / fan_out, leaf_size / 2);
  for (std::uint32_t low = begin; low < end;) {
    std::uint32_t high = one_protocol ? std::min(low + share, end) : low + 1;
    while (high < end && (one_protocol ? port_key(leaves_[high]) == port_key(leaves_[high - 1])
                                       : leaves_[high].protocol == leaves_[low].protocol)) {
      ++high;
    }
    port_gate(chain, low, high, !one_protocol);
    low = high;
  }
  close(chain);
}

void TreeBuilder::port_gate(ChainId from, std::uint32_t begin, std::uint32_t end, bool whole_protocol) {
  const ChainId chain = port_chain(leaves_[begin]);
  Rule r = go_to(chain);
  const net::Protocol protocol = leaves_[begin].protocol;
  r.protocol = protocol_match(protocol, family_);
  if (!whole_protocol) r.matches.emplace_back(destination_ports(protocol, leaves_[begin].port, leaves_[end - 1].port));
  table_.add(from, std::move(r));
  port_level(chain, begin, end);
}

void TreeBuilder::append(ChainId chain, std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t i = begin; i < end; ++i) table_.add(chain, std::move(leaves_[i].rule));
}

void TreeBuilder::close(ChainId chain) {
  if (otherwise_) table_.add(chain, *otherwise_);
}

}  // namespace portcullis::iptables

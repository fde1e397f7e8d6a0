#include "compiler/cluster/pod_addresses.hpp"

#include <algorithm>

#include "compiler/cluster/ranges.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::uint64_t first_usable = 2;

std::uint64_t usable(const net::Prefix& prefix) {
  const std::uint64_t kept_back = prefix.family() == net::Family::ipv4 ? 3 : 2;
  const std::uint64_t count = address_count(prefix);
  return count > kept_back ? count - kept_back : 0;
}

int spare_length(const net::Prefix& range) {
  return std::max(range.length(), range.family() == net::Family::ipv4 ? 24 : 64);
}

}  // namespace

PodAddresses::Share::Share(const net::Prefix& p) : prefix(p), slots(usable(p), 0) {}

std::optional<std::uint64_t> PodAddresses::Share::slot(const net::Address& address) const {
  const auto offset = offset_in(prefix, address);
  if (!offset || *offset < first_usable || *offset - first_usable >= slots.size()) return {};
  return *offset - first_usable;
}

PodAddresses::PodAddresses(const std::vector<Node>& nodes, const Profile& profile)
    : profile_(profile), next_(profile.pod_cidrs.size(), 0) {
  for (const Node& node : nodes) {
    for (const net::Prefix& cidr : node.pod_cidrs) shares_.emplace_back(cidr);
  }
  std::ranges::stable_sort(shares_, {}, &Share::prefix);
  const auto repeated = std::ranges::unique(shares_, {}, &Share::prefix);
  shares_.erase(repeated.begin(), repeated.end());
  for (const Node& node : nodes) {
    OfNode of_node{node.name, {}, node.pod_cidrs_planned};
    for (const net::Prefix& cidr : node.pod_cidrs) {
      of_node.shares.push_back(
          static_cast<std::size_t>(std::ranges::lower_bound(shares_, cidr, {}, &Share::prefix) - shares_.begin()));
    }
    nodes_.push_back(std::move(of_node));
  }
  for (const net::Family family : net::all_families) {
    const auto same = [&](const net::Prefix& p) { return p.family() == family; };
    const bool of_nodes = std::ranges::any_of(shares_, same, &Share::prefix);
    if (of_nodes || std::ranges::any_of(profile.pod_cidrs, same)) families_.push_back(family);
  }
}

const PodAddresses::OfNode* PodAddresses::node(std::string_view name) const {
  const auto found = std::ranges::lower_bound(nodes_, name, {}, &OfNode::name);
  return found != nodes_.end() && found->name == name ? &*found : nullptr;
}

PodAddresses::Share* PodAddresses::share_of(const net::Address& address) {
  const auto after = std::ranges::upper_bound(shares_, address, {}, [](const Share& s) { return s.prefix.address(); });
  if (after != shares_.begin() && std::prev(after)->prefix.contains(address)) return &*std::prev(after);
  const auto spare = std::ranges::find_if(spare_, [&](const Share& s) { return s.prefix.contains(address); });
  return spare == spare_.end() ? nullptr : &*spare;
}

bool PodAddresses::reserve(const net::Address& address) {
  Share* share = share_of(address);
  if (share == nullptr) {
    outside_.push_back(address);
    return true;
  }
  const auto slot = share->slot(address);
  return !slot || share->slots.reserve(*slot, SlotMap::nobody);
}

bool PodAddresses::fits(const net::Address& address, std::string_view node_name) const {
  const OfNode* of_node = node(node_name);
  if (of_node != nullptr) {
    const bool inside =
        std::ranges::any_of(of_node->shares, [&](std::size_t s) { return shares_[s].slot(address).has_value(); });
    if (inside || !of_node->planned) return inside;
  }
  return std::ranges::any_of(profile_.pod_cidrs, [&](const net::Prefix& p) { return p.contains(address); });
}

std::optional<net::Address> PodAddresses::take_from(Share& share, const std::string& key) {
  const auto taken = share.slots.take(stable_hash(key), SlotMap::nobody);
  if (!taken) return {};
  return share.prefix.address().plus(taken->slot + first_usable);
}

std::optional<net::Address> PodAddresses::take(const std::string& key, std::string_view node_name, net::Family family) {
  const OfNode* of_node = node(node_name);
  if (of_node != nullptr) {
    bool has_range = false;
    for (const std::size_t s : of_node->shares) {
      if (shares_[s].prefix.family() != family) continue;
      has_range = true;
      if (const auto address = take_from(shares_[s], key)) return address;
    }
    // A range that somebody gave is the node's capacity; a node with a range of one family has pods of that family
    // only.
    if (!of_node->planned && (has_range || !of_node->shares.empty())) return {};
  }
  do {
    for (Share& share : spare_) {
      if (share.prefix.family() != family) continue;
      if (const auto address = take_from(share, key)) return address;
    }
  } while (open_spare_share(family));
  return {};
}

bool PodAddresses::open_spare_share(net::Family family) {
  for (std::size_t r = 0; r < profile_.pod_cidrs.size(); ++r) {
    const net::Prefix& range = profile_.pod_cidrs[r];
    if (range.family() != family) continue;
    const int length = spare_length(range);
    const auto bits = static_cast<unsigned>(std::min(length - range.length(), 32));
    const std::uint64_t count = std::uint64_t{1} << bits;
    while (next_[r] < count) {
      const net::Prefix prefix = *subnet(range, length, count - 1 - next_[r]++);
      if (std::ranges::any_of(shares_, [&](const Share& s) { return s.prefix.overlaps(prefix); })) continue;
      spare_.emplace_back(prefix);
      for (const net::Address& address : outside_) {
        if (const auto slot = spare_.back().slot(address)) spare_.back().slots.reserve(*slot, SlotMap::nobody);
      }
      return true;
    }
  }
  return false;
}

}  // namespace portcullis::cluster

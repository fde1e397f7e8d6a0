#include "compiler/cluster/node_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/cluster/ranges.hpp"
#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::size_t crowded = 200;          // more nodes without an address than this do not share a /24
constexpr std::uint64_t most_marked = 65536;  // shares that one given range may cover

// The first address that is handed out, and how many: not the network's own and not the broadcast address.
net::Prefix node_range(net::Family family, std::size_t nodes) {
  if (family == net::Family::ipv6) return *net::Prefix::parse("fd00:192:168::/64");
  return *net::Prefix::parse(nodes > crowded ? "192.168.0.0/16" : "192.168.0.0/24");
}

void exhausted(std::string message, const std::vector<const Node*>& without, base::Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add("PC2104", std::move(message), without.front()->span);
  finding.object = {"Node", {}, without.front()->name};
  for (const Node* node : without) finding.related.push_back({"Node " + node->name, node->span});
}

void plan_addresses(std::vector<Node>& nodes, net::Family family, const std::vector<Node*>& wanting,
                    base::Diagnostics& diagnostics) {
  const net::Prefix range = node_range(family, wanting.size());
  SlotMap slots(address_count(range) - 2, 0);
  for (const Node& node : nodes) {
    for (const net::Address& address : node.addresses) {
      const auto offset = offset_in(range, address);
      if (offset && *offset > 0) slots.reserve(*offset - 1, SlotMap::nobody);
    }
  }
  std::vector<const Node*> without;
  std::uint64_t next = 0;
  for (Node* node : wanting) {
    const auto taken = slots.take(node->planned ? next++ : stable_hash(node->name), SlotMap::nobody);
    if (!taken) {
      without.push_back(node);
      continue;
    }
    const net::Address address = *range.address().plus(taken->slot + 1);
    node->addresses.push_back(address);
    (family == net::Family::ipv4 ? node->primary_v4 : node->primary_v6) = address;
  }
  if (!without.empty())
    exhausted(fmt::format("no address of {} is left for {} nodes", range.text(), without.size()), without, diagnostics);
}

// A /24 (IPv4) or /64 (IPv6) a node, smaller where the whole range is not larger than that.
int share_length(const net::Prefix& range) {
  const bool four = range.family() == net::Family::ipv4;
  const int usual = four ? 24 : 64;
  return range.length() < usual ? usual : std::min(range.length() + (four ? 4 : 8), four ? 30 : 124);
}

void mark_given(SlotMap& slots, const net::Prefix& range, int length, const net::Prefix& given) {
  if (!range.overlaps(given)) return;
  const std::uint64_t index = subnet_index(range, length, std::max(range.address(), given.address()));
  if (index >= slots.size()) return;
  const auto wide = static_cast<unsigned>(std::clamp(length - given.length(), 0, 16));
  const std::uint64_t covered = std::min({std::uint64_t{1} << wide, most_marked, slots.size() - index});
  for (std::uint64_t i = 0; i < covered; ++i) slots.reserve(index + i, SlotMap::nobody);
}

void plan_shares(std::vector<Node>& nodes, const net::Prefix& range, const std::vector<Node*>& wanting,
                 base::Diagnostics& diagnostics) {
  const int length = share_length(range);
  const auto bits = static_cast<unsigned>(std::clamp(length - range.length(), 0, 32));
  SlotMap slots(length > range.length() ? std::uint64_t{1} << bits : 0, 0);
  for (const Node& node : nodes) {
    for (const net::Prefix& given : node.pod_cidrs) mark_given(slots, range, length, given);
  }
  std::vector<const Node*> without;
  std::uint64_t next = 0;
  for (Node* node : wanting) {
    const auto taken = slots.take(node->planned ? next++ : stable_hash(node->name), SlotMap::nobody);
    if (taken) {
      node->pod_cidrs.push_back(*subnet(range, length, taken->slot));
    } else {
      without.push_back(node);
    }
  }
  if (without.empty()) return;
  exhausted(fmt::format("{} has no share left for the pods of {} nodes", range.text(), without.size()), without,
            diagnostics);
}

}  // namespace

void plan_nodes(std::vector<Node>& nodes, const Profile& profile, const std::vector<net::Family>& families,
                base::Diagnostics& diagnostics) {
  std::vector<Node*> addressless, rangeless;
  for (Node& node : nodes) {
    node.addresses_planned = node.addresses.empty();
    node.pod_cidrs_planned = node.pod_cidrs.empty();
    if (node.addresses_planned) addressless.push_back(&node);
    if (node.pod_cidrs_planned) rangeless.push_back(&node);
  }
  for (const net::Family family : families) {
    if (!addressless.empty()) plan_addresses(nodes, family, addressless, diagnostics);
  }
  std::vector<net::Family> done;
  for (const net::Prefix& range : profile.pod_cidrs) {
    if (rangeless.empty() || std::ranges::find(done, range.family()) != done.end()) continue;
    done.push_back(range.family());
    plan_shares(nodes, range, rangeless, diagnostics);
  }
}

}  // namespace portcullis::cluster

// Addresses for planned pods: from their node's podCIDRs, by the hash of the pod's name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

class PodAddresses {
 public:
  PodAddresses(const std::vector<Node>& nodes, const Profile& profile);

  // Families that pods have: those of the nodes' ranges and of the profile's.
  [[nodiscard]] const std::vector<net::Family>& families() const { return families_; }
  // An address that somebody has. False: somebody else had it before.
  bool reserve(const net::Address& address);
  // Whether a pod on `node` may have it: inside the node's range, or, where that was only planned, inside the
  // profile's.
  [[nodiscard]] bool fits(const net::Address& address, std::string_view node_name) const;
  // The pod named `key` on `node` (unknown nodes are allowed). When the range of the node is full and was only planned,
  // or there is none, the address comes from a share of the profile's pod ranges that no node has. Nothing: no range of
  // this family has an address left.
  [[nodiscard]] std::optional<net::Address> take(const std::string& key, std::string_view node_name,
                                                 net::Family family);

 private:
  // Addresses 2 … last-1 of a prefix: the first is the bridge's, the last the broadcast address.
  struct Share {
    explicit Share(const net::Prefix& p);
    [[nodiscard]] std::optional<std::uint64_t> slot(const net::Address& address) const;
    net::Prefix prefix;
    SlotMap slots;
  };
  [[nodiscard]] Share* share_of(const net::Address& address);
  [[nodiscard]] std::optional<net::Address> take_from(Share& share, const std::string& key);
  [[nodiscard]] bool open_spare_share(net::Family family);

  struct OfNode {
    std::string_view name;
    std::vector<std::size_t> shares;
    bool planned = false;
  };
  [[nodiscard]] const OfNode* node(std::string_view name) const;

  const Profile& profile_;
  std::vector<net::Family> families_;
  std::vector<Share> shares_;          // of nodes, sorted by prefix
  std::vector<OfNode> nodes_;          // sorted by name
  std::vector<Share> spare_;           // opened on demand
  std::vector<std::uint64_t> next_;    // per profile range: spare shares already looked at, from its end
  std::vector<net::Address> outside_;  // reserved, but in no share that is open yet
};

}  // namespace portcullis::cluster

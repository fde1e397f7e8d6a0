// What is balanced over: a pool with its affinity and the protocol of its routes is a group. Groups are numbered so
// that those of equal size lie next to each other: one interval of numbers leads to one chain, whatever the number of
// Services. Numbers live in one load of the ruleset only; labels outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

struct Group {
  ir::PoolId pool = 0;
  std::optional<std::uint32_t> affinity_seconds;
  net::Protocol protocol{};
  // Entries by their position in the pool, each as often as its weight says (without a common factor), in list order;
  // empty: no route asks for that set.
  std::vector<std::uint32_t> cluster_slots, local_slots;
};

class Groups {
 public:
  // A group that is too heavy, or too many groups, is a finding.
  Groups(const ir::Program& program, base::Diagnostics& diagnostics);
  [[nodiscard]] const std::vector<Group>& all() const { return groups_; }  // a group's number is its position
  [[nodiscard]] std::uint32_t number(const ir::Balance& balance, net::Protocol protocol) const;

 private:
  struct Key {
    ir::PoolId pool = 0;
    std::optional<std::uint32_t> affinity_seconds;
    net::Protocol protocol{};
    auto operator<=>(const Key&) const = default;
  };
  std::vector<Group> groups_;
  std::map<Key, std::uint32_t> numbers_;
};

// 24-bit numbers of affinity labels: a hash of ir::label, a collision takes the next free number in sorted order of the
// labels. Stable across compilations, so that the memory stays valid.
class Labels {
 public:
  Labels(const ir::Program& program, const Groups& groups, base::Diagnostics& diagnostics);
  struct Label {
    ir::PoolId pool = 0;
    std::uint32_t entry = 0;
    std::uint32_t group = 0;
    std::uint32_t number = 0;
  };
  [[nodiscard]] const std::vector<Label>& all() const { return labels_; }  // sorted by group, entry
  [[nodiscard]] std::uint32_t number(std::uint32_t group, std::uint32_t entry) const;

 private:
  std::vector<Label> labels_;
};

}  // namespace portcullis::nftables

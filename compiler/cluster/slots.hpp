// Deterministic allocation: each name hashes to one slot of a range; who finds it taken goes on to the next free one. A
// plan therefore depends on the names alone, and one more name moves another only if their slots meet.
//
// The order of bands is the API server's (reference 2.3, 2.4): first the dynamic band, then, when that is full, the
// static one below it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace portcullis::cluster {

// FNV-1a with a finishing mix. INVARIANT: never changes; every plan without a lock file rests on it.
[[nodiscard]] std::uint64_t stable_hash(std::string_view text);
// The finishing mix alone, for combining hashes.
[[nodiscard]] std::uint64_t mix(std::uint64_t value);

class SlotMap {
 public:
  // An owner is whatever number the caller gives it; `nobody` is for slots that are merely not to be used.
  using Owner = std::uint32_t;
  static constexpr Owner nobody = ~Owner{0};

  // Slots 0 … size-1; names hash into [dynamic_from, size).
  SlotMap(std::uint64_t size, std::uint64_t dynamic_from);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t taken() const { return taken_.size(); }
  // nullptr: free.
  [[nodiscard]] const Owner* owner(std::uint64_t slot) const;
  // False if it is taken already (the first owner stays) or outside.
  bool reserve(std::uint64_t slot, Owner owner);

  struct Taken {
    std::uint64_t slot = 0;
    std::uint64_t wanted = 0;  // the slot of the hash; differs from `slot` after a collision
    Owner holder = nobody;     // who has the wanted slot then
  };
  // The slot of a hash, or the next free one; nothing when all are taken.
  [[nodiscard]] std::optional<Taken> take(std::uint64_t hash, Owner owner);

 private:
  // The first free slot at or after `slot`, or size_. Amortised almost constant: runs of taken slots are skipped by
  // path halving.
  std::uint64_t free_from(std::uint64_t slot);

  struct Entry {
    Owner owner = nobody;
    std::uint64_t next = 0;  // where to look for a free slot
  };
  std::uint64_t size_, dynamic_from_;
  std::unordered_map<std::uint64_t, Entry> taken_;
};

}  // namespace portcullis::cluster

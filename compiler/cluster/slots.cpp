#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 30U;
  value *= 0xBF58476D1CE4E5B9U;
  value ^= value >> 27U;
  value *= 0x94D049BB133111EBU;
  return value ^ value >> 31U;
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3U;
  }
  return mix(hash);
}

SlotMap::SlotMap(std::uint64_t size, std::uint64_t dynamic_from)
    : size_(size), dynamic_from_(dynamic_from < size ? dynamic_from : 0) {}

const SlotMap::Owner* SlotMap::owner(std::uint64_t slot) const {
  const auto found = taken_.find(slot);
  return found == taken_.end() ? nullptr : &found->second.owner;
}

bool SlotMap::reserve(std::uint64_t slot, Owner owner) {
  return slot < size_ && taken_.emplace(slot, Entry{owner, slot + 1}).second;
}

std::uint64_t SlotMap::free_from(std::uint64_t slot) {
  for (auto at = taken_.find(slot); at != taken_.end();) {
    const auto beyond = taken_.find(at->second.next);
    if (beyond == taken_.end()) return at->second.next;
    slot = at->second.next = beyond->second.next;
    at = taken_.find(slot);
  }
  return slot;
}

std::optional<SlotMap::Taken> SlotMap::take(std::uint64_t hash, Owner owner) {
  if (size_ == 0 || taken_.size() == size_) return {};
  Taken taken;
  taken.wanted = dynamic_from_ + hash % (size_ - dynamic_from_);
  taken.slot = free_from(taken.wanted);
  if (taken.slot >= size_) taken.slot = free_from(dynamic_from_);
  if (taken.slot >= size_) taken.slot = free_from(0);
  if (taken.slot >= size_) return {};
  if (taken.slot != taken.wanted) taken.holder = taken_.at(taken.wanted).owner;
  reserve(taken.slot, owner);
  return taken;
}

}  // namespace portcullis::cluster

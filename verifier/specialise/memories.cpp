#include "verifier/specialise/memories.hpp"

#include <cstddef>
#include <vector>

#include "verifier/specialise/lookup.hpp"

namespace portcullis::specialise {

LabelId Memories::label(Arena& arena, const netfilter::Set& set, netfilter::SetId id,
                        std::span<const std::uint32_t> key) {
  const std::size_t at = field_offset(set, set.source_field), width = set.key[set.source_field];
  std::vector<std::uint32_t> rest(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(at));
  rest.insert(rest.end(), key.begin() + static_cast<std::ptrdiff_t>(at + width), key.end());
  std::string name = "memory " + std::to_string(id);
  for (const std::uint32_t word : rest) name += " " + std::to_string(word);
  const LabelId label = arena.label(name);
  names_.try_emplace(label, set.label(rest));
  return label;
}

std::string Memories::name(const Arena& arena, LabelId label) const {
  const auto found = names_.find(label);
  return found == names_.end() ? arena.label_name(label) : found->second;
}

}  // namespace portcullis::specialise

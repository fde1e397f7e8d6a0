// Sets of addresses, combined. Every result is the smallest set of prefixes that means the same, so equal results mean
// the same addresses.
#pragma once

#include <utility>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::net {

// The whole address space of a family.
[[nodiscard]] Prefix everything(Family family);

[[nodiscard]] PrefixSet unite(const PrefixSet& a, const PrefixSet& b);
[[nodiscard]] PrefixSet intersect(const PrefixSet& a, const PrefixSet& b);
// Everything of `a` that is not in `b`.
[[nodiscard]] PrefixSet subtract(const PrefixSet& a, const PrefixSet& b);
[[nodiscard]] PrefixSet of_family(const PrefixSet& set, Family family);
// The same addresses as runs from a first to a last one, none adjacent to the next: short where a set is what something
// was taken away from.
[[nodiscard]] std::vector<std::pair<Address, Address>> runs(const PrefixSet& set);

}  // namespace portcullis::net

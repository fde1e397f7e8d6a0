// Sets of addresses, combined. The results are sets of prefixes that mean the same as the smallest such set, but need
// not be it.
#pragma once

#include <optional>

#include "compiler/net/address.hpp"

namespace portcullis::net {

// The whole address space of a family.
[[nodiscard]] Prefix everything(Family family);

[[nodiscard]] PrefixSet unite(const PrefixSet& a, const PrefixSet& b);
[[nodiscard]] PrefixSet intersect(const PrefixSet& a, const PrefixSet& b);
// Everything of `a` that is not in `b`.
[[nodiscard]] PrefixSet subtract(const PrefixSet& a, const PrefixSet& b);
[[nodiscard]] PrefixSet of_family(const PrefixSet& set, Family family);

}  // namespace portcullis::net

#include "compiler/net/prefix_algebra.hpp"

#include <algorithm>
#include <span>

namespace portcullis::net {

namespace {

using Prefixes = std::span<const Prefix>;

// Those of `all` (sorted, disjoint) that lie inside `p`, or the one that holds it.
Prefixes overlapping(Prefixes all, const Prefix& p) {
  auto first = std::ranges::lower_bound(all, p.address(), {}, [](const Prefix& q) { return q.address(); });
  if (first != all.begin() && std::prev(first)->overlaps(p)) --first;
  auto last = first;
  // Disjoint and sorted: what lies inside of `p` is one run, found by its end.
  last = std::partition_point(first, all.end(), [&](const Prefix& q) { return q.address() <= p.last(); });
  return {first, last};
}

// The half of `p` whose next bit is 1.
Prefix upper_half(const Prefix& p) {
  const int bit = p.length() + (p.family() == Family::ipv4 ? 96 : 0);
  auto bytes = p.address().bytes();
  auto& byte = bytes[static_cast<std::size_t>(bit / 8)];
  byte = static_cast<std::uint8_t>(byte | (0x80U >> static_cast<unsigned>(bit % 8)));
  if (p.family() == Family::ipv6) return {Address::v6(bytes), p.length() + 1};
  std::uint32_t value = 0;
  for (std::size_t i = 12; i < 16; ++i) value = (value << 8U) | bytes[i];
  return {Address::v4(value), p.length() + 1};
}

// INVARIANT: every prefix of `taken` overlaps `p`. Goes at most one level down for each bit, so 128 deep.
void subtract(const Prefix& p, Prefixes taken, std::vector<Prefix>& out) {
  if (taken.empty()) {
    out.push_back(p);
    return;
  }
  if (taken.front().contains(p)) return;
  for (const Prefix& half : {Prefix(p.address(), p.length() + 1), upper_half(p)}) {
    subtract(half, overlapping(taken, half), out);
  }
}

// Two halves become their whole, as often as there are some. `sorted`: disjoint, in order.
PrefixSet smallest(const PrefixSet& sorted) {
  std::vector<Prefix> out;
  for (const Prefix& p : sorted.prefixes()) {
    out.push_back(p);
    while (out.size() > 1) {
      const Prefix& lower = out[out.size() - 2];
      const Prefix& upper = out.back();
      if (lower.length() != upper.length() || lower.length() == 0) break;
      const Prefix whole(lower.address(), lower.length() - 1);
      if (whole.address() != lower.address() || !whole.contains(upper)) break;
      out.pop_back();
      out.back() = whole;
    }
  }
  return PrefixSet(std::move(out));
}

}  // namespace

Prefix everything(Family family) {
  return {family == Family::ipv4 ? Address::v4(0) : Address::v6({}), 0};
}

PrefixSet unite(const PrefixSet& a, const PrefixSet& b) {
  std::vector<Prefix> all = a.prefixes();
  all.insert(all.end(), b.prefixes().begin(), b.prefixes().end());
  return smallest(PrefixSet(std::move(all)));
}

PrefixSet intersect(const PrefixSet& a, const PrefixSet& b) {
  std::vector<Prefix> out;
  for (const Prefix& p : a.prefixes()) {
    for (const Prefix& q : overlapping(b.prefixes(), p)) out.push_back(p.length() > q.length() ? p : q);
  }
  return smallest(PrefixSet(std::move(out)));
}

PrefixSet subtract(const PrefixSet& a, const PrefixSet& b) {
  std::vector<Prefix> out;
  for (const Prefix& p : a.prefixes()) subtract(p, overlapping(b.prefixes(), p), out);
  return smallest(PrefixSet(std::move(out)));
}

PrefixSet of_family(const PrefixSet& set, Family family) {
  std::vector<Prefix> out;
  for (const Prefix& p : set.prefixes()) {
    if (p.family() == family) out.push_back(p);
  }
  return smallest(PrefixSet(std::move(out)));
}

std::vector<std::pair<Address, Address>> runs(const PrefixSet& set) {
  std::vector<std::pair<Address, Address>> out;
  for (const Prefix& p : set.prefixes()) {
    if (!out.empty() && out.back().second.next() == p.address()) {
      out.back().second = p.last();
    } else {
      out.emplace_back(p.address(), p.last());
    }
  }
  return out;
}

}  // namespace portcullis::net

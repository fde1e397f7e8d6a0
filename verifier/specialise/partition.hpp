// Every destination that two sides tell apart, once: regions that cover the whole of one family's destinations and on
// each of which both sides' diagrams are constant.
//
// A region is an interval of addresses without those that some test singles out, or a class of single addresses that no
// test tells apart, or one address; of one protocol; and a range of ports likewise. It is found by asking: both sides
// are run at one destination of the region and say which tests they consulted; where a consulted test has a cut inside
// of the region, the region is split there, until none has. Each protocol has regions of its own: what is asked of
// another one cuts nothing.
//
// Covered, because splitting keeps the union, and the ports that are an address's own are asked for each address of a
// class. Uniform, because a run that consulted the same tests with the same answers ends the same, and no consulted
// test changes its answer inside of the region.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "verifier/specialise/side.hpp"

namespace portcullis::specialise {

struct Region {
  net::Address low, high;                   // of the interval; the first and the last of the class
  bool except_single = false;               // without the addresses inside that have regions of their own
  std::span<const net::Address> members{};  // of a class, sorted, while the region is being told; else empty
  net::Protocol protocol = net::Protocol::tcp;
  std::uint16_t first_port = 0, last_port = 0;
  bool except_ports = false;  // likewise; of a class, without each member's own ports
  Key representative;
};

// What two sides make of a region.
struct Pair {
  Region region;
  NodeId left = 0, right = 0;
};

// What becomes of single addresses that no test tells apart. Their diagrams are one, but not the rules and elements
// that a run goes through: those of an address are seen by a run at that address.
enum class Singles : std::uint8_t { in_classes, apart };

// Calls `each` for every region of the path, in a fixed order. `each` may ask the sides for anything.
void for_each_region(Side& left, Side& right, net::Family family, const Path& path, const Arena& arena,
                     const std::function<void(const Pair&)>& each, Singles singles = Singles::in_classes);

}  // namespace portcullis::specialise

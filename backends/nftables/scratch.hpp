// The scratch value. Between two look-ups a rule can keep 32 bits, in meta priority (skb->priority): a value looked up
// into the mark would overwrite other people's bits of it. It lives from dstnat to dstnat + 1, where it is set to 0
// again.
//
//   0101 cccccccc l ggggggggggggggggggg   class of the frontend, local set or cluster set, group (what is balanced
//   over) 0110 0000 llllllllllllllllllllllll    label (which endpoint's memory)
//
// A process may set SO_PRIORITY to such values only with CAP_NET_ADMIN; others' values pass untouched.
#pragma once

#include <cstdint>

namespace portcullis::nftables::scratch {

inline constexpr std::uint32_t routes = 0x50000000;
inline constexpr std::uint32_t class_shift = 20;
inline constexpr std::uint32_t max_classes = 256;
inline constexpr std::uint32_t local_bit = 0x00080000;
inline constexpr std::uint32_t max_groups = 0x00080000;
inline constexpr std::uint32_t without_class = 0x500fffff;  // mask
inline constexpr std::uint32_t labels = 0x60000000;
inline constexpr std::uint32_t label_mask = 0x00ffffff;
inline constexpr std::uint32_t first = routes, last = labels | label_mask;

}  // namespace portcullis::nftables::scratch

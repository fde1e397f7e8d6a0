// Names that a ruleset needs besides its rules: chains, affinity lists, comments.
//
// A chain is named for the address that it serves: `PCL-0A6028140050TP` is the pool behind 10.96.40.20, port 80, TCP.
// So a chain keeps its name from one compilation to the next, whatever else changes, and the chains of an earlier load
// are either replaced or known to be stale. Kernel limits are in ruleset.hpp.
//
// The names also have an order on purpose. iptables-nft-restore keeps the chains that a table's commands have named in
// a sorted list, and for each command it looks for the command's chain and for its target from the front
// (nft-cache.c, cache_chain_list_insert). Text in which each new chain has a smaller name than all before it, and goes
// to chains that came shortly before, loads in linear time; any other order is quadratic (measured: 7 s or 64 s for
// 10,000 Services). Hence: the address first, in hexadecimal; then a letter by which callers come before what they
// call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

inline constexpr std::string_view chain_prefix = "PCL-";

// A letter behind the address says what the chain is: callers before callees.
enum class Kind : char {
  tree = 'A',
  exception = 'E',  // keys that an earlier route has stopped
  frontend = 'F',
  guard = 'G',   // what follows a guard on source ranges
  always = 'H',  // masquerade, then the pool
  off_cluster = 'K',
  pool = 'P',
  local_pool = 'Q',
  group = 'T',  // of a large pool
  same = 'U',   // an endpoint that is its own frontend
};

// A letter in front of the address keeps trees of one table apart: each is written whole before the next begins. No
// letter for frontends, `G` and more for what comes beside them (a hexadecimal address begins with less).
enum class Forest : char { frontends = 0, host_ports = 'H', hairpins = 'Q', hygiene = 'Y' };

// `PCL-0A602814`: 8 hex digits of an IPv4 address, 14 of an IPv6 one (first and fourth group, last 24 bits). No address
// is all zeros.
[[nodiscard]] std::string address_stem(const std::optional<net::Address>& address, net::Family family,
                                       Forest forest = Forest::frontends);
// The same with port and protocol (`T`, `U`, `S`).
[[nodiscard]] std::string frontend_stem(const ir::RouteKey& key, net::Family family);

// FNV-1a with a final mix, 64 bits. Not a cryptographic hash: whoever uses it as a name checks for collisions.
[[nodiscard]] std::uint64_t hash(std::string_view text);
// Thirteen characters of A–Z, 2–7.
[[nodiscard]] std::string hash_text(std::string_view text);

// What a rule's comment says: one line of printable text of at most 255 bytes (xt_comment.h). Longer text keeps its
// first 120 bytes, followed by `…` and eight hex digits of its hash.
[[nodiscard]] std::string comment_text(std::string_view text);

// The xt_recent list of an affinity label (ir::label): `default/web:http 10.0.1.2:8080` is
// `default,web:http@10.0.1.2:8080`, because a list is a file in /proc and iptables-save prints its name without quotes.
// A label that has other characters than Kubernetes' names, or is too long, becomes `PCL-` and a hash.
[[nodiscard]] std::string recent_name(std::string_view label);
// Back again; nothing for a hash.
[[nodiscard]] std::optional<std::string> label_of_recent(std::string_view name);

}  // namespace portcullis::iptables

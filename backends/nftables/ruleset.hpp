// An nftables ruleset as text means it: the netfilter model (chains, rules, sets) and what the model does not carry,
// namely how sets are declared and what elements are commented with. Ours and other people's alike; only `lower` makes
// ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::nftables {

// Our table, one a family.
inline constexpr std::string_view table_name = "portcullis";
// Changes with the meaning or the type of a set: an older load with another number must be deleted first (it forgets
// the affinity memory).
inline constexpr std::string_view layout_comment = "portcullis layout 1";

// nft's data types, as far as sets hold them.
enum class Type : std::uint8_t {
  ipv4_addr,
  ipv6_addr,
  inet_proto,
  inet_service,
  classid,
  mark,
  ifname,
  integer,
  ct_state,
  ct_status,
  fib_addrtype,
  nf_proto,
};
[[nodiscard]] std::string_view to_string(Type type);
[[nodiscard]] std::uint8_t width(Type type);  // in 32-bit words

// One field of a key or of data. A set is declared by types or, if numgen is in its key (it has no type name), by
// expressions.
struct Declared {
  Type type{};
  std::string expression;  // of typeof: `ip daddr`, `numgen random mod 65536`; else empty
  bool operator==(const Declared&) const = default;
};

// What model.sets[i] does not say.
struct SetText {
  std::vector<Declared> key, data;
  std::optional<std::uint32_t> capacity;  // `size`
  std::string comment;
  std::vector<std::string> names;      // comments of elements, each once where equal ones follow each other
  std::vector<std::uint32_t> name_of;  // by element: index into names plus 1, or 0; may be shorter than the set

  [[nodiscard]] std::string_view comment_of(std::size_t element) const;
  // Elements are named in order; `name` is in its final form.
  void name_element(std::size_t element, std::string_view name);
};

enum class TableFamily : std::uint8_t { ip, ip6, inet, other };
[[nodiscard]] std::string_view to_string(TableFamily family);

struct Table {
  TableFamily family{};
  std::string name;
  std::string comment;
  std::vector<netfilter::SetId> sets;      // named ones, in order of declaration
  std::vector<netfilter::ChainId> chains;  // in order of declaration
  [[nodiscard]] std::string id() const { return std::string(to_string(family)) + " " + name; }
};

struct Ruleset {
  std::vector<std::string> head;     // comment lines before everything else: what the ruleset presumes of its node
  std::vector<TableFamily> removed;  // families in which an older table of ours is deleted
  std::vector<Table> tables;
  std::vector<std::string>
      beyond;  // tables and chains of other layers (netdev, bridge, arp; ingress, egress): passed over
  netfilter::Model model;
  std::vector<SetText> sets;  // by SetId
};

// Fits `text` into an element's comment: at most 128 bytes, nothing that ends the quotes. A longer one is cut to 117
// bytes, `…` (three more) and 8 hex digits of its hash.
[[nodiscard]] std::string comment_text(std::string_view text);

}  // namespace portcullis::nftables

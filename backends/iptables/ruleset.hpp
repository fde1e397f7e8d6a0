// The typed form of an iptables ruleset of one family: what `iptables-save` prints and `iptables-restore` takes.
//
//   table ──▶ chains ──▶ rules:  -s -d -i -o -p │ matches, in order │ target
//
// It is wide enough for our own text and for kube-proxy's; the order of fields in a rule is iptables-save's, so that
// one spelling serves both. What a rule means is said once, by model() (Ruleset → netfilter::Model).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::iptables {

// In the order in which they are written and loaded: refusals before the translation that they guard.
enum class TableName : std::uint8_t { raw, mangle, filter, nat, security };
[[nodiscard]] std::string_view to_string(TableName table);
[[nodiscard]] std::optional<TableName> parse_table(std::string_view text);

// Index into Table::chains.
using ChainId = std::uint32_t;

// Chain names longer than this are refused by xtables (XT_EXTENSION_MAXNAMELEN 29 with its end).
inline constexpr std::size_t longest_chain_name = 28;
// xt_recent: XT_RECENT_NAME_LEN 200 with its end.
inline constexpr std::size_t longest_recent_name = 199;

// ---- matches

struct AddressMatch {  // -s, -d
  net::Prefix prefix;
  bool negated = false;
  bool operator==(const AddressMatch&) const = default;
};
struct ProtocolMatch {  // -p; IANA number
  std::uint8_t number = 0;
  bool negated = false;
  bool operator==(const ProtocolMatch&) const = default;
};
struct InterfaceMatch {  // -i, -o
  bool out = false;
  std::string name;        // without the `+`
  bool is_prefix = false;  // `name+`
  bool negated = false;
  bool operator==(const InterfaceMatch&) const = default;
};
struct PortRange {  // inclusive
  std::uint16_t first = 0, last = 0;
  bool negated = false;
  bool operator==(const PortRange&) const = default;
};
struct PortMatch {  // -m tcp|udp|sctp
  net::Protocol protocol{};
  std::optional<PortRange> source, destination;
  bool operator==(const PortMatch&) const = default;
};
// -m conntrack --ctstate: bits of netfilter::state and netfilter::status together (they are disjoint), as
// xt_conntrack's own word.
struct StateMatch {
  std::uint32_t states = 0;
  bool negated = false;
  bool operator==(const StateMatch&) const = default;
};
struct MarkMatch {  // (mark & mask) == value
  std::uint32_t value = 0, mask = ~0U;
  bool negated = false;
  bool operator==(const MarkMatch&) const = default;
};
struct AddressTypeMatch {  // only LOCAL is known
  enum class Which : std::uint8_t { source, destination };
  Which which{};
  bool negated = false;
  bool operator==(const AddressTypeMatch&) const = default;
};
// -m statistic --mode random. The kernel keeps a 31-bit fixed-point number (xt_statistic.c); the fraction is the
// simplest one that the kernel can't tell from it (probability.hpp). INVARIANT: 0 < numerator <= denominator
struct StatisticMatch {
  std::uint32_t numerator = 1, denominator = 1;
  bool operator==(const StatisticMatch&) const = default;
};
// -m recent on the source address, whole mask.
struct RecentMatch {
  enum class Action : std::uint8_t {
    set,     // records the source, always matches
    rcheck,  // matches if it was recorded
    update,  // the same, and renews
    remove,  // matches if it was recorded, and forgets
  };
  Action action{};
  bool negated = false;
  std::string name;
  std::optional<std::uint32_t> seconds;  // recorded not longer ago
  bool reap = false;                     // purges older entries; of no consequence for the verdict
  bool operator==(const RecentMatch&) const = default;
};
struct AccountingMatch {  // -m nfacct: counts, always matches
  std::string name;
  bool operator==(const AccountingMatch&) const = default;
};
// A match, or an option of one, that this reader does not know: it holds for some packets.
struct OpaqueMatch {
  std::string text;  // as it stands, from `-m` on
  bool operator==(const OpaqueMatch&) const = default;
};
using Match = std::variant<InterfaceMatch, PortMatch, StateMatch, MarkMatch, AddressTypeMatch, StatisticMatch,
                           RecentMatch, AccountingMatch, OpaqueMatch>;

// ---- targets

struct Continue {  // no target: a rule that only counts
  bool operator==(const Continue&) const = default;
};
struct Accept {
  bool operator==(const Accept&) const = default;
};
struct Drop {
  bool operator==(const Drop&) const = default;
};
struct Return {
  bool operator==(const Return&) const = default;
};
struct Jump {  // -j chain, or -g chain: from its end to where this chain was called from
  ChainId chain = 0;
  bool go_to = false;
  bool operator==(const Jump&) const = default;
};
struct Reject {
  std::string_view with;  // one of reject_types(family); never empty
  bool operator==(const Reject&) const = default;
};
struct Dnat {
  net::Address address;
  std::optional<std::uint16_t> port;
  bool operator==(const Dnat&) const = default;
};
struct Masquerade {
  bool random_fully = false;
  bool operator==(const Masquerade&) const = default;
};
struct SetMark {  // mark = (mark & ~mask) ^ value: --set-xmark
  std::uint32_t value = 0, mask = ~0U;
  bool operator==(const SetMark&) const = default;
};
using Target = std::variant<Continue, Accept, Drop, Return, Jump, Reject, Dnat, Masquerade, SetMark>;

// The kinds of REJECT of a family, the default first.
[[nodiscard]] const std::vector<std::string_view>& reject_types(net::Family family);

// ---- rules, chains, tables

struct Rule {
  std::optional<AddressMatch> source, destination;
  std::optional<ProtocolMatch> protocol;
  std::vector<Match> matches;
  Target target;
  // At most one comment, printed behind the matches: a rule pays for it only where everything else matched.
  std::string comment;
  base::SourceSpan span{};  // the line it was read from

  // The span does not count.
  [[nodiscard]] bool operator==(const Rule& other) const;
};

enum class Policy : std::uint8_t { accept, drop };

struct Chain {
  std::string name;
  std::optional<Policy> policy;  // of a built-in chain; absent: a chain of somebody's own
  std::vector<Rule> rules;
  bool operator==(const Chain&) const = default;
};

struct Table {
  TableName name{};
  std::vector<Chain> chains;  // in order of declaration
  bool operator==(const Table&) const = default;
};

struct Ruleset {
  net::Family family{};
  std::vector<std::string> header;  // comment lines in front, without `# `: what the text is and what it requires
  std::vector<Table> tables;        // in order of TableName, each at most once
  bool operator==(const Ruleset&) const = default;

  [[nodiscard]] const Table* find(TableName name) const;
  [[nodiscard]] std::size_t rules() const;
};

// Whether `chain` is one of the table's own (`PREROUTING`, …).
[[nodiscard]] bool is_built_in(TableName table, std::string_view chain);

}  // namespace portcullis::iptables

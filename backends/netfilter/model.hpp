// The general netfilter model: what nftables text, iptables text and dumps of other people's rules mean, in one form.
//
//   base chain ──rules──▶ statements, left to right ──▶ verdict
//
// A statement either goes on (a match that holds, a mark set), breaks off its rule (a match that does not hold, a
// look-up that misses), or ends the chain with a verdict. One Model holds every table of both families; base chains of
// one hook run in order of their priority, as far as they are of the packet's family. The meaning is evaluate.hpp's.
//
// Readers never leave a token out. A match that is not known becomes an Opaque statement: it holds or it does not, and
// whoever evaluates it says which. What this model has no word for at all becomes an Unmodelled statement, and
// evaluation stops aloud when it gets there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/netfilter/value.hpp"
#include "compiler/base/source.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::netfilter {

using SetId = std::uint32_t;     // index into Model::sets
using ChainId = std::uint32_t;   // index into Model::chains
using OpaqueId = std::uint32_t;  // index into Model::opaque

// ---- expressions

// A uniform random number of [offset, offset + modulus). INVARIANT: modulus > 0
struct Random {
  std::uint32_t modulus = 1;
  std::uint32_t offset = 0;
  bool operator==(const Random&) const = default;
};
struct Constant {
  Value value;
  std::uint8_t width = 1;  // in words
  bool operator==(const Constant&) const = default;
};
// (source & mask) ^ flip
struct Term {
  std::variant<Field, Constant, Random> source;
  Value mask = Value::all_ones();
  Value flip{};
  bool operator==(const Term&) const = default;
};
[[nodiscard]] std::uint8_t width(const Term& term);

// A concatenation, or what a map holds for it; a key that the map lacks breaks off the rule.
struct Expression {
  std::vector<Term> terms;
  std::optional<SetId> map;
  bool operator==(const Expression&) const = default;
};

// ---- verdicts

struct Verdict {
  enum class Kind : std::uint8_t {
    go_on,   // `continue`: the next rule
    accept,  // ends this base chain; later base chains still see the packet
    drop,    // final
    jump,    // to `chain`, and back behind this rule
    go_to,   // to `chain`, and from its end to where this chain was called from
    back,    // `return`: to the caller, or to the policy
  };
  Kind kind = Kind::go_on;
  ChainId chain = 0;
  auto operator<=>(const Verdict&) const = default;
};

// ---- statements

// Breaks off the rule unless the key passes the test (or passes it, if negated).
struct Equals {
  Value value;
  bool operator==(const Equals&) const = default;
};
struct Between {  // inclusive
  Value low, high;
  bool operator==(const Between&) const = default;
};
struct AnyBit {
  std::uint32_t bits = 0;
  bool operator==(const AnyBit&) const = default;
};
struct InSet {
  SetId set = 0;
  bool operator==(const InSet&) const = default;
};
struct Match {
  std::vector<Term> key;  // one term, except for InSet
  std::variant<Equals, Between, AnyBit, InSet> test;
  bool negated = false;
};
struct Decide {
  Verdict verdict;
};
struct Reject {};     // final; the sender is told
struct DecideByMap {  // vmap: a key that the map lacks breaks off the rule
  std::vector<Term> key;
  SetId map = 0;
};
struct Assign {
  Field field{};  // mark or priority
  Expression value;
};
struct Translate {   // dnat
  Expression value;  // address, or address and port
  net::Family family{};
  bool has_port = true;
};
struct Masquerade {};
struct Update {  // of a dynamic set
  enum class Operation : std::uint8_t {
    add,      // leaves the age of an element that is there
    refresh,  // `update`, xt_recent's --set
    remove,
  };
  Operation operation = Operation::refresh;
  SetId set = 0;
  std::vector<Term> key;
  std::optional<std::uint32_t> timeout_seconds;  // else the set's
};
struct Chance {  // goes on with this probability. INVARIANT: 0 < numerator <= denominator
  std::uint32_t numerator = 1;
  std::uint32_t denominator = 1;
};
struct Opaque {  // breaks off the rule unless the match holds, a negation in its text included
  OpaqueId match = 0;
};
struct Unmodelled {
  std::string what;  // the tokens, for the message
};
using Statement =
    std::variant<Match, Decide, Reject, DecideByMap, Assign, Translate, Masquerade, Update, Chance, Opaque, Unmodelled>;

// ---- sets and maps

// Elements lie flat, one after the other, `key_width()` words each: 300k of them are a few megabytes.
struct Set {
  enum class Data : std::uint8_t { none, values, verdicts };

  std::string table;               // `ip portcullis`
  std::string name;                // empty: anonymous
  std::vector<std::uint8_t> key;   // widths of the concatenated fields
  std::vector<std::uint8_t> data;  // of a map to values
  Data holds = Data::none;
  bool interval = false;  // an element is a box: a range in each field
  bool dynamic = false;   // filled by Update: a memory. Its elements are not in the text but in ir::Memory
  std::optional<std::uint32_t> timeout_seconds;

  std::vector<std::uint32_t> lows;    // keys
  std::vector<std::uint32_t> highs;   // of interval sets: the other end, as long as lows
  std::vector<std::uint32_t> values;  // of maps to values
  std::vector<Verdict> verdicts;      // of maps to verdicts
  // Of elements, where each was read; shorter than the set where that is not known.
  std::vector<base::SourceSpan> spans;

  // Of a memory: which field of the key is the packet's source, and what the IR calls the rest of the key (ir::label).
  // A rest that is not named here is called by the set's name and its words.
  std::size_t source_field = 0;
  std::map<std::vector<std::uint32_t>, std::string> labels;

  [[nodiscard]] std::size_t key_width() const;
  [[nodiscard]] std::size_t data_width() const;
  [[nodiscard]] std::size_t size() const;  // elements
  [[nodiscard]] base::SourceSpan span_of(std::size_t element) const;
  // The IR's name for a key of this memory.
  [[nodiscard]] std::string label(std::span<const std::uint32_t> rest) const;
};

// ---- chains

enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting };
enum class ChainType : std::uint8_t { filter, nat, route };
[[nodiscard]] std::string_view to_string(Hook hook);
[[nodiscard]] std::string_view to_string(ChainType type);

struct Rule {
  std::vector<Statement> statements;
  base::SourceSpan span;  // in the text it was read from
};
struct BaseHook {
  ChainType type = ChainType::filter;
  Hook hook{};
  std::int32_t priority = 0;
  bool policy_drop = false;
};
struct Chain {
  std::string table;  // `ip portcullis`, `nat` of iptables as `ip nat`
  std::string name;
  bool ipv4 = true, ipv6 = true;  // the packets that it sees
  std::optional<BaseHook> base;
  std::vector<Rule> rules;
};

// A match that is not known, at one place of the text.
struct OpaqueMatch {
  std::string text;       // `-m geoip --src-cc XX`
  base::SourceSpan span;  // of its rule
};

struct Model {
  std::vector<Chain> chains;  // base chains of equal hook and priority run in this order
  std::vector<Set> sets;
  std::vector<OpaqueMatch> opaque;  // each is asked by one statement

  [[nodiscard]] std::size_t rules() const;
  [[nodiscard]] std::size_t elements() const;
};

// Puts the chains and sets of `other` behind those of `model`: one node, several files.
void append(Model& model, Model other);

// Appends the words of `value` that its width has.
void append(std::vector<std::uint32_t>& words, const Value& value, std::uint8_t width);

}  // namespace portcullis::netfilter

// Makes sets, chains and rules of one table: the words in which lowering speaks.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/nftables/ruleset.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::nftables {

using netfilter::ChainId;
using netfilter::Field;
using netfilter::SetId;
using netfilter::Statement;
using netfilter::Term;
using netfilter::Value;
using netfilter::Verdict;
using Statements = std::vector<Statement>;

// Writes elements of one set. The parts of a key are given in order, then (of a map) the parts of its data or its
// verdict.
class Elements {
 public:
  Elements(Ruleset& ruleset, SetId set) : ruleset_(&ruleset), id_(set) {}
  void reserve(std::size_t elements);
  Elements& key(std::uint32_t number);
  Elements& key(const net::Address& address);
  Elements& key(const net::Prefix& prefix);  // of interval sets, as is key(low, high)
  Elements& key(std::uint32_t low, std::uint32_t high);
  Elements& value(std::uint32_t number);
  Elements& value(const net::Address& address);
  void verdict(Verdict verdict) { set().verdicts.push_back(verdict); }
  // Ends the element.
  void comment(std::string_view raw);

 private:
  // By number: sets move when one is added.
  netfilter::Set& set() { return ruleset_->model.sets[id_]; }
  SetText& text() { return ruleset_->sets[id_]; }

  Ruleset* ruleset_;
  SetId id_;
  std::string last_raw_, last_comment_;
};

class Maker {
 public:
  Maker(Ruleset& ruleset, net::Family family);

  // ---- declarations; the table lists them in this order
  struct SetOptions {
    netfilter::Set::Data holds = netfilter::Set::Data::none;
    bool interval = false;
  };
  SetId set(std::string name, std::vector<Declared> key, SetOptions options);
  SetId map(std::string name, std::vector<Declared> key, std::vector<Declared> data);
  SetId anonymous(std::vector<Declared> key);
  SetId memory(std::string name, std::vector<Declared> key, std::uint32_t capacity, std::uint32_t timeout_seconds);
  ChainId chain(std::string name);
  ChainId base(std::string name, netfilter::ChainType type, netfilter::Hook hook, std::int32_t priority);
  void rule(ChainId chain, Statements statements);
  Elements elements(SetId set) { return {*ruleset_, set}; }

  // ---- declared fields
  Declared address_type(std::string_view direction) const;  // `saddr`, `daddr`
  Declared protocol_type() const { return {Type::inet_proto, "meta l4proto"}; }
  Declared port_type() const { return {Type::inet_service, "th dport"}; }
  Declared scratch_type() const { return {Type::classid, "meta priority"}; }
  Declared slot_type() const { return {Type::integer, "numgen random mod 65536"}; }

  // ---- terms
  Term source() const { return field(v4() ? Field::ip4_source : Field::ip6_source); }
  Term destination() const { return field(v4() ? Field::ip4_destination : Field::ip6_destination); }
  static Term field(Field field) { return {field, Value::all_ones(), {}}; }
  static Term random(std::uint32_t modulus, std::uint32_t offset = 0) {
    return {netfilter::Random{modulus, offset}, Value::all_ones(), {}};
  }
  // address . protocol . port; protocol . port
  std::vector<Term> frontend_key() const;
  static std::vector<Term> port_key();

  // ---- statements
  static Statement state(std::uint32_t bits);  // `ct state …`
  static Statement in(std::vector<Term> key, SetId set, bool negated = false);
  static Statement equals(Term term, std::uint32_t value, bool negated = false);
  Statement from(const net::Prefix& prefix, bool negated = false) const;
  Statement to(const net::Prefix& prefix, bool negated = false) const;
  static Statement interface(std::string_view name, bool is_prefix, bool negated = false);
  static Statement local(Field fib_field) { return equals(field(fib_field), netfilter::fib::local); }
  static Statement set_mark_bit(std::uint32_t bit);
  static Statement flip_mark_bit(std::uint32_t bit);
  static Statement marked(std::uint32_t bit);
  static Statement scratch_and(std::uint32_t mask);
  static Statement scratch_or(std::uint32_t bits);
  static Statement scratch(std::uint32_t value);
  static Statement scratch(std::vector<Term> key, SetId map);
  static Statement decide(Verdict::Kind kind, ChainId chain = 0);
  static Statement decide(std::vector<Term> key, SetId map) { return netfilter::DecideByMap{std::move(key), map}; }
  Statement translate(std::vector<Term> key, SetId map) const;
  Statement of_protocols();  // `meta l4proto { tcp, udp, sctp }`

  [[nodiscard]] bool v4() const { return family_ == net::Family::ipv4; }
  [[nodiscard]] net::Family family() const { return family_; }
  [[nodiscard]] netfilter::Model& model() { return ruleset_->model; }
  [[nodiscard]] std::uint32_t number(net::Protocol protocol) const { return net::number(protocol, family_); }

 private:
  static Statement assign_scratch(Value mask, Value flip);

  Ruleset* ruleset_;
  net::Family family_;
  std::size_t table_;
};

}  // namespace portcullis::nftables

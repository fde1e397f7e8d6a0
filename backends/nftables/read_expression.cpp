// Expressions: what a rule reads of a packet, concatenated, combined with bits, looked up in maps.
#include <fmt/format.h>

#include "backends/nftables/reader.hpp"
#include "backends/nftables/words.hpp"

namespace portcullis::nftables {

using netfilter::Field;
using netfilter::Statement;

Reader::Key Reader::key() {
  Key out;
  do {
    Primary p = primary();
    out.terms.push_back(std::move(p.term));
    out.types.push_back(p.type);
  } while (lexer_.take("."));
  return out;
}

Reader::Primary Reader::field(Field field, Type type) {
  return {{field, Value::all_ones(), {}}, type};
}

Reader::Primary Reader::primary() {
  const Token word = lexer_.take();
  if (word.kind != Token::Kind::word) throw Unreadable{word, "an expression is expected"};
  if (word.is("ip")) return network(true);
  if (word.is("ip6")) return network(false);
  if (word.is("th") || word.is("tcp") || word.is("udp") || word.is("sctp")) return transport(word);
  if (word.is("meta")) return meta(lexer_.take());
  if (word.is("ct")) return conntrack();
  if (word.is("fib")) return fib();
  if (word.is("numgen")) return numgen();
  return meta(word);  // `iifname`, `mark` without `meta`
}

Reader::Primary Reader::network(bool v4) {
  if (lexer_.take("saddr"))
    return field(v4 ? Field::ip4_source : Field::ip6_source, v4 ? Type::ipv4_addr : Type::ipv6_addr);
  if (lexer_.take("daddr"))
    return field(v4 ? Field::ip4_destination : Field::ip6_destination, v4 ? Type::ipv4_addr : Type::ipv6_addr);
  // Extension headers are not modelled: the next header is the protocol.
  if (lexer_.take(v4 ? "protocol" : "nexthdr")) {
    require(Field::family, v4 ? 2 : 10);
    return field(Field::protocol, Type::inet_proto);
  }
  fail("not known of an address header");
}

// `tcp dport` asks for the protocol first, as nft does by itself.
Reader::Primary Reader::transport(const Token& protocol) {
  if (!protocol.is("th")) require(Field::protocol, protocol.is("tcp") ? 6 : protocol.is("udp") ? 17 : 132);
  if (lexer_.take("sport")) return field(Field::source_port, Type::inet_service);
  if (lexer_.take("dport")) return field(Field::destination_port, Type::inet_service);
  fail("not known of a transport header");
}

void Reader::require(Field wanted, std::uint32_t value) {
  statements_->push_back(
      netfilter::Match{{field(wanted, Type::integer).term}, netfilter::Equals{Value::number(value)}, false});
}

Reader::Primary Reader::meta(const Token& word) {
  if (word.is("l4proto")) return field(Field::protocol, Type::inet_proto);
  if (word.is("nfproto")) return field(Field::family, Type::nf_proto);
  if (word.is("mark")) return field(Field::mark, Type::mark);
  if (word.is("priority")) return field(Field::priority, Type::classid);
  if (word.is("iifname")) return field(Field::input_interface, Type::ifname);
  if (word.is("oifname")) return field(Field::output_interface, Type::ifname);
  // Only the loopback interface has a number that everybody knows, and nft prints its name.
  if (word.is("iif")) return field(Field::input_interface, Type::ifname);
  if (word.is("oif")) return field(Field::output_interface, Type::ifname);
  throw Unreadable{word, "not known as an expression"};
}

Reader::Primary Reader::conntrack() {
  if (lexer_.take("state")) return field(Field::ct_state, Type::ct_state);
  if (lexer_.take("status")) return field(Field::ct_status, Type::ct_status);
  if (!lexer_.take("original")) fail("not known of conntrack");
  if (lexer_.take("proto-dst")) return field(Field::ct_original_destination_port, Type::inet_service);
  if (lexer_.take("ip") && lexer_.take("daddr")) return field(Field::ct_original_ip4_destination, Type::ipv4_addr);
  if (lexer_.take("ip6") && lexer_.take("daddr")) return field(Field::ct_original_ip6_destination, Type::ipv6_addr);
  fail("not known of conntrack");
}

Reader::Primary Reader::fib() {
  const bool source = lexer_.peek().is("saddr");
  if (!source && !lexer_.peek().is("daddr")) fail("fib");
  lexer_.take();
  if (!lexer_.take("type")) fail("fib by interface or mark");
  return field(source ? Field::fib_source_type : Field::fib_destination_type, Type::fib_addrtype);
}

Reader::Primary Reader::numgen() {
  if (!lexer_.take("random") || !lexer_.take("mod")) fail("`numgen random mod` is expected");
  netfilter::Random random;
  const auto modulus = parse_number(lexer_.peek().text);
  if (!modulus || *modulus == 0) fail("a number is expected");
  random.modulus = *modulus;
  lexer_.take();
  if (lexer_.take("offset")) {
    const auto offset = parse_number(lexer_.peek().text);
    if (!offset || *offset > ~std::uint32_t{0} - (random.modulus - 1)) fail("a number is expected");
    random.offset = *offset;
    lexer_.take();
  }
  return {{random, Value::all_ones(), {}}, Type::integer};
}

// `& 0xff`, `| 0x4000`, `^ 0x4000`, one after the other.
void Reader::bit_operations(netfilter::Term& term, Type type) {
  if (width(type) != 1) return;
  while (true) {
    const Token op = lexer_.peek();
    const bool is_and = op.is("&") || op.is("and"), is_or = op.is("|") || op.is("or"),
               is_xor = op.is("^") || op.is("xor");
    if (!is_and && !is_or && !is_xor) return;
    lexer_.take();
    const std::uint32_t n = value_of(type).words[0];
    std::uint32_t &mask = term.mask.words[0], &flip = term.flip.words[0];
    if (is_xor) {
      flip ^= n;
    } else if (is_and) {
      mask &= n;
      flip &= n;
    } else {
      mask &= ~n;
      flip |= n;
    }
  }
}

netfilter::Value Reader::value_of(Type type) {
  const auto value = parse_value(type, lexer_.peek().text);
  if (!value) fail(fmt::format("this is no {}", to_string(type)));
  lexer_.take();
  return *value;
}

// What is assigned: a constant, a field with bits, or what a map holds.
netfilter::Expression Reader::value_expression(Type type) {
  if (const auto value = parse_value(type, lexer_.peek().text)) {
    lexer_.take();
    return {{{netfilter::Constant{*value, width(type)}, Value::all_ones(), {}}}, {}};
  }
  Key k = key();
  if (lexer_.take("map")) {
    const netfilter::SetId map = set_reference(k, netfilter::Set::Data::values, {type});
    return {std::move(k.terms), map};
  }
  if (k.terms.size() != 1 || width(k.types.front()) != 1) fail("`map` is expected");
  bit_operations(k.terms.front(), k.types.front());
  return {std::move(k.terms), {}};
}

netfilter::SetId Reader::set_reference(const Key& key, netfilter::Set::Data holds, const std::vector<Type>& data) {
  if (lexer_.take("@")) return set_id(*state_, name("a set"));
  if (!lexer_.take("{")) fail("a set is expected");
  const auto id = static_cast<netfilter::SetId>(out_.model.sets.size());
  netfilter::Set set;
  set.table = out_.tables[state_->table].id();
  set.holds = holds;
  SetText text;
  for (const Type type : key.types) {
    set.key.push_back(width(type));
    text.key.push_back({type, {}});
  }
  out_.model.sets.push_back(std::move(set));
  out_.sets.push_back(std::move(text));
  set_declared_.push_back(true);
  elements(id, data);
  return id;
}

}  // namespace portcullis::nftables

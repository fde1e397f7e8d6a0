#include "verifier/specialise/fields.hpp"

#include "backends/netfilter/walk.hpp"

namespace portcullis::specialise {

using namespace netfilter;

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// The kernel puts conntrack between these (NF_IP_PRI_CONNTRACK) and the rest.
constexpr std::int32_t conntrack_priority = -200;

std::uint32_t state_bit(net::ConntrackState s) {
  switch (s) {
    case net::ConntrackState::fresh:
      return state::fresh;
    case net::ConntrackState::established:
      return state::established;
    case net::ConntrackState::related:
      return state::related;
    case net::ConntrackState::invalid:
      return state::invalid;
  }
  return 0;
}

bool is_original(Field f) {
  return f == Field::ct_original_ip4_destination || f == Field::ct_original_ip6_destination ||
         f == Field::ct_original_destination_port;
}

}  // namespace

bool is_destination(Field f) {
  return f == Field::ip4_destination || f == Field::ip6_destination || f == Field::fib_destination_type ||
         f == Field::ct_original_ip4_destination || f == Field::ct_original_ip6_destination;
}
bool is_destination_port(Field f) {
  return f == Field::destination_port || f == Field::ct_original_destination_port;
}
bool is_about_destination(const Term& term) {
  const auto* f = std::get_if<Field>(&term.source);
  return f != nullptr && (is_destination(*f) || is_destination_port(*f));
}

const Random* unchosen(const RunState& s, std::span<const Term> terms) {
  if (s.random) return nullptr;
  for (const Term& t : terms) {
    if (const auto* random = std::get_if<Random>(&t.source)) return random;
  }
  return nullptr;
}

Fields::Fields(const Model& model, const NodeFacts& node, net::Family family, std::size_t statements, std::size_t tests)
    : model_(model),
      node_(node),
      family_(family),
      last_test_(static_cast<std::uint32_t>(statements)),
      consulted_(tests) {}

void Fields::begin(const Key& key, const Path& path) {
  key_ = key;
  path_ = path;
  consulted_.begin();
}

bool Fields::local(const RunState& s) {
  if (!s.translated) consulted_.note(last_test_);
  return node_.is_local(s.destination);
}

Operand Fields::operand(const RunState& s, const Term& t, std::uint32_t statement, bool negated) {
  Operand x = std::visit(Overloaded{
                             [&](Field field) { return load(s, field, statement, negated); },
                             [](const Constant& c) { return Operand{Operand::Kind::value, c.value}; },
                             [&](const Random&) {
                               if (!s.random) throw NotModelled{"a random number in a match"};
                               return Operand{Operand::Kind::value, Value::number(*s.random)};
                             },
                         },
                         t.source);
  if (x.kind == Operand::Kind::value) {
    x.value = (x.value & t.mask) ^ t.flip;
  } else {
    x.mask = t.mask;
    x.flip = t.flip;
  }
  return x;
}

Operand Fields::load(const RunState& s, Field field, std::uint32_t statement, bool negated) {
  const bool ipv4 = family_ == net::Family::ipv4;
  const auto value = [](const Value& v) { return Operand{Operand::Kind::value, v}; };
  const auto number = [](std::uint32_t n) { return Operand{Operand::Kind::value, Value::number(n)}; };
  const auto only = [](bool applies, Operand x) { return applies ? x : Operand{Operand::Kind::missing}; };
  const auto ported = [&](Operand x) {
    if (key_.protocol != net::Protocol::icmp) return x;
    if (negated) throw NotModelled{"the absence of a port is tested on a packet without ports"};
    return Operand{Operand::Kind::missing};
  };
  if ((is_destination(field) || is_destination_port(field)) && (!s.translated || is_original(field)))
    consulted_.note(statement);
  switch (field) {
    case Field::ip4_source:
      return only(ipv4, {Operand::Kind::source});
    case Field::ip6_source:
      return only(!ipv4, {Operand::Kind::source});
    case Field::ip4_destination:
      return only(ipv4, value(Value::address(s.destination)));
    case Field::ip6_destination:
      return only(!ipv4, value(Value::address(s.destination)));
    case Field::source_port:
      return ported({Operand::Kind::source_port});
    case Field::destination_port:
      return ported(number(s.port));
    case Field::protocol:
      return number(net::number(key_.protocol, family_));
    case Field::family:
      return number(ipv4 ? 2 : 10);
    case Field::input_interface:
      if (s.looped) return value(Value::interface("lo"));
      if (from_node()) return value(Value::interface(""));
      return {Operand::Kind::interface};
    case Field::output_interface:
      if (from_node() && local(s)) return value(Value::interface("lo"));
      throw NotModelled{"a rule looks at the output interface, which is not known"};
    case Field::mark:
      return number(s.mark);
    case Field::priority:
      return number(s.priority);
    case Field::ct_state:
    case Field::ct_status:
    case Field::ct_state_or_nat:
    case Field::ct_original_ip4_destination:
    case Field::ct_original_ip6_destination:
    case Field::ct_original_destination_port:
      return conntrack(s, field);
    case Field::fib_source_type:
      return {Operand::Kind::source_local};
    case Field::fib_destination_type:
      return number(local(s) ? fib::local : fib::unicast);
  }
  return {Operand::Kind::missing};
}

Operand Fields::conntrack(const RunState& s, Field field) const {
  const auto number = [](std::uint32_t n) { return Operand{Operand::Kind::value, Value::number(n)}; };
  const bool first_hook = s.hook == Hook::prerouting || s.hook == Hook::output;
  const Chain& base = model_.chains[s.base];
  if (first_hook && !s.looped && base.base->type != ChainType::nat && base.base->priority <= conntrack_priority)
    throw NotModelled{"chain " + base.name + " asks conntrack before it has seen the packet"};
  const std::uint32_t bit = state_bit(path_.state);
  if (field == Field::ct_state) return number(bit);
  const std::uint32_t nat = s.dnat ? status::dnat : 0;
  if (field == Field::ct_state_or_nat) return number(bit | nat);
  if (path_.state == net::ConntrackState::invalid) return {Operand::Kind::missing};
  if (field == Field::ct_status) return number(nat);
  if (field == Field::ct_original_destination_port) return number(key_.port);
  if ((field == Field::ct_original_ip4_destination) != (family_ == net::Family::ipv4)) return {Operand::Kind::missing};
  return {Operand::Kind::value, Value::address(key_.destination)};
}

}  // namespace portcullis::specialise

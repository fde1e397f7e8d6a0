#include "verifier/plain/fields.hpp"

namespace portcullis::plain {

namespace {

using namespace netfilter;

// NF_IP_PRI_CONNTRACK: chains before it see a packet that conntrack has not.
constexpr std::int32_t conntrack_priority = -200;

std::uint32_t bit_of(net::ConntrackState s) {
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

}  // namespace

std::optional<Word> Fields::load(const Traveller& t, const Place& place, const Term& term, bool negated) {
  std::optional<Word> word;
  if (const auto* constant = std::get_if<Constant>(&term.source)) {
    word = Terms::constant(constant->value, constant->width);
  } else if (const auto* f = std::get_if<Field>(&term.source)) {
    word = field(t, place, *f, negated);
  } else {
    if (!t.drawn) throw Unrecognised{"a random number in a match"};
    word = Terms::number(*t.drawn);
  }
  if (!word) return {};
  return terms_.masked(*word, term.mask, term.flip);
}

Word Fields::address_type(const Bit& local) {
  return terms_.choose(local, Terms::number(fib::local), Terms::number(fib::unicast));
}

std::optional<Word> Fields::field(const Traveller& t, const Place& place, Field field, bool negated) {
  const bool ipv4 = packet_.family() == net::Family::ipv4, ported = packet_.region().protocol != net::Protocol::icmp;
  const auto only = [](bool applies, const Word& word) { return applies ? std::optional(word) : std::nullopt; };
  switch (field) {
    case Field::ip4_source:
      return only(ipv4, packet_.source());
    case Field::ip6_source:
      return only(!ipv4, packet_.source());
    case Field::ip4_destination:
      return only(ipv4, t.destination);
    case Field::ip6_destination:
      return only(!ipv4, t.destination);
    case Field::source_port:
    case Field::destination_port:
      if (!ported && negated) throw Unrecognised{"the absence of a port is tested on a packet without ports"};
      return only(ported, field == Field::source_port ? packet_.source_port() : t.port);
    case Field::protocol:
      return Terms::number(net::number(packet_.region().protocol, packet_.family()));
    case Field::family:
      return Terms::number(ipv4 ? 2 : 10);
    case Field::input_interface:
      if (place.looped) return Terms::constant(Value::interface("lo"), 4);
      if (packet_.region().from_node) return Terms::constant(Value{}, 4);
      return packet_.interface();
    case Field::output_interface:
      if (packet_.region().from_node && packet_.is_local(t.destination).is(true))
        return Terms::constant(Value::interface("lo"), 4);
      throw Unrecognised{"a rule looks at the output interface, which is not known"};
    case Field::mark:
      return t.mark;
    case Field::priority:
      return t.priority;
    case Field::fib_source_type:
      return address_type(packet_.source_is_local());
    case Field::fib_destination_type:
      return address_type(packet_.is_local(t.destination));
    case Field::ct_state:
    case Field::ct_status:
    case Field::ct_state_or_nat:
    case Field::ct_original_ip4_destination:
    case Field::ct_original_ip6_destination:
    case Field::ct_original_destination_port:
      return conntrack(t, place, field);
  }
  return {};
}

std::optional<Word> Fields::conntrack(const Traveller& t, const Place& place, Field field) {
  const bool first_hook = place.hook == Hook::prerouting || place.hook == Hook::output;
  if (first_hook && !place.looped && place.base->base->type != ChainType::nat &&
      place.base->base->priority <= conntrack_priority)
    throw Unrecognised{"chain " + place.base->name + " asks conntrack before it has seen the packet"};
  const std::uint32_t bit = bit_of(packet_.region().state);
  const auto with_status = [&](std::uint32_t rest) {
    return terms_.choose(t.changed, Terms::number(rest | status::dnat), Terms::number(rest));
  };
  if (field == Field::ct_state) return Terms::number(bit);
  if (field == Field::ct_state_or_nat) return with_status(bit);
  if (packet_.region().state == net::ConntrackState::invalid) return {};
  if (field == Field::ct_status) return with_status(0);
  if (field == Field::ct_original_destination_port) return packet_.port();
  const bool ipv4 = packet_.family() == net::Family::ipv4;
  if ((field == Field::ct_original_ip4_destination) != ipv4) return {};
  return packet_.destination();
}

}  // namespace portcullis::plain

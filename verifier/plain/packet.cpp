#include "verifier/plain/packet.hpp"

#include <algorithm>
#include <utility>

namespace portcullis::plain {

namespace {

constexpr std::uint32_t last_port = 0xFFFF;

Value value_of(const std::vector<std::uint32_t>& words) {
  Value v;
  std::copy(words.begin(), words.end(), v.words.begin());
  return v;
}

std::string name_of(const Value& interface) {
  std::string name;
  for (const std::uint32_t word : interface.words) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      const char c = static_cast<char>(word >> static_cast<unsigned>(shift) & 0xFFU);
      if (c == 0) return name;
      name += c;
    }
  }
  return name;
}

}  // namespace

Bit Remembered::holds(const std::string& label) {
  const auto found = asked_.find(label);
  if (found != asked_.end()) return terms_.bit(found->second);
  const smt::Term term = terms_.session().boolean(side_ + "-" + std::to_string(asked_.size()));
  asked_.emplace(label, term);
  return terms_.bit(term);
}

Packet::Packet(Terms& terms, const Region& region, net::Family family, const netfilter::NodeFacts& node)
    : terms_(terms), region_(region), family_(family), node_(node) {
  const std::string six = family == net::Family::ipv4 ? "" : "6";
  const std::uint8_t words = address_words();
  source_ = terms.variable("source" + six, words);
  source_port_ = terms.variable("source-port", 1);
  interface_ = terms.variable("interface", 4);
  if (region.address) {
    destination_ = Terms::constant(Value::address(*region.address), words);
  } else {
    destination_ = terms.variable("destination" + six, words);
    destination_.impossible = region.other_addresses;
  }
  if (region.port) {
    port_ = Terms::number(*region.port);
  } else {
    port_ = terms.variable("port", 1);
    port_.impossible = region.other_ports;
  }
}

Bit Packet::within(const Word& address, const net::Prefix& prefix) {
  return terms_.between(address, Value::address(prefix.address()), Value::address(prefix.last()));
}

Bit Packet::is_loopback(const Word& address) {
  static const net::Prefix ipv4(net::Address::v4(0x7F000000), 8);
  static const net::Prefix ipv6 = net::Prefix::host(*net::Address::parse("::1"));
  return within(address, family_ == net::Family::ipv4 ? ipv4 : ipv6);
}

Bit Packet::is_local(const Word& address) {
  Bit out = is_loopback(address);
  for (const net::Address& a : node_.local_addresses) {
    if (out.is(true)) return out;
    if (a.family() == family_) out = terms_.any(out, terms_.equal(address, Value::address(a)));
  }
  return out;
}

Bit Packet::source_is_local() {
  if (!source_is_local_) source_is_local_ = is_local(source_);
  return *source_is_local_;
}

Bit Packet::holds(netfilter::OpaqueId match, netfilter::Hook hook) {
  const auto [at, fresh] = asked_.try_emplace({match, hook});
  if (fresh) at->second = terms_.session().boolean("opaque-" + std::to_string(asked_.size()));
  return terms_.bit(at->second);
}

std::vector<smt::Term> Packet::assumed() {
  smt::Session& session = terms_.session();
  std::vector<smt::Term> out;
  if (interface_asked_) {
    const smt::Term zero = session.number(0, 8);
    const auto is_zero = [&](unsigned byte) {
      const unsigned low = 8 * (15 - byte);
      return session.equal(session.extract(interface_.term.value(), low + 7, low), zero);
    };
    for (unsigned byte = 0; byte < 15; ++byte) out.push_back(session.implies(is_zero(byte), is_zero(byte + 1)));
    out.push_back(is_zero(15));
    out.push_back(session.no(terms_.term(terms_.equal(interface_, Value::interface("lo")))));
  }
  out.push_back(terms_.term(terms_.between(source_port_, Value::number(0), Value::number(last_port))));
  const auto none_of = [&](Word word, std::span<const Value> values) {
    word.impossible = {};
    for (const Value& v : values) out.push_back(terms_.term(terms_.no(terms_.equal(word, v))));
  };
  if (!region_.port) {
    out.push_back(terms_.term(terms_.between(port_, Value::number(0), Value::number(last_port))));
    none_of(port_, region_.other_ports);
  }
  if (!region_.address) none_of(destination_, region_.other_addresses);
  return out;
}

net::Packet Packet::decode(const smt::Model& model) {
  const auto value = [&](const Word& word) {
    return word.known() ? word.value() : value_of(model.words(terms_.term(word)));
  };
  net::Packet p;
  p.src = value(source_).to_address(family_);
  p.dst = value(destination_).to_address(family_);
  p.protocol = region_.protocol;
  p.sport = static_cast<std::uint16_t>(value(source_port_).words[0]);
  p.dport = static_cast<std::uint16_t>(value(port_).words[0]);
  p.ct_state = region_.state;
  p.from = region_.from_node ? net::PacketFrom::node : net::PacketFrom::external;
  if (!region_.from_node) p.iif = name_of(value(interface_));
  return p;
}

}  // namespace portcullis::plain

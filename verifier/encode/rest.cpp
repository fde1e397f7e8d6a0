#include "verifier/encode/rest.hpp"

#include <array>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "backends/netfilter/value.hpp"

namespace portcullis::encode {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

using namespace specialise;

std::array<std::uint32_t, 4> words_of(const net::Address& address) {
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < 16; ++i) words[i / 4] = words[i / 4] << 8U | address.bytes()[i];
  return words;
}

net::Address address_of(const std::vector<std::uint32_t>& words, net::Family family) {
  if (family == net::Family::ipv4) return net::Address::v4(words.front());
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - 8 * (i % 4)));
  return net::Address::v6(bytes);
}

}  // namespace

Rest::Rest(smt::Session& session, const Arena& arena, net::Family family, std::vector<net::Address> local,
           Values values)
    : session_(session),
      arena_(arena),
      family_(family),
      local_(std::move(local)),
      values_(values),
      source_(session.bits(family == net::Family::ipv4 ? "source" : "source6", family == net::Family::ipv4 ? 32 : 128)),
      source_port_(session.bits("source-port", 16)),
      interface_(session.bits("interface", 128)) {}

smt::Term Rest::any_endpoint() {
  return session_.bits(family_ == net::Family::ipv4 ? "endpoint" : "endpoint6", width());
}

smt::Term Rest::address(const net::Address& address) {
  const auto words = words_of(address);
  return session_.words(std::span(words).subspan(family_ == net::Family::ipv4 ? 3 : 0), width());
}

smt::Term Rest::inside(const Interval& interval) {
  const auto [at, fresh] = inside_.try_emplace(interval);
  if (!fresh) return at->second;
  const bool single = interval.low == interval.high;
  if (values_ == Values::concrete) {
    at->second = single ? session_.equal(source_, address(interval.low))
                        : session_.all({session_.at_most(address(interval.low), source_),
                                        session_.at_most(source_, address(interval.high))});
    return at->second;
  }
  const std::string number = (family_ == net::Family::ipv4 ? "" : "6-") + std::to_string(inside_.size());
  const smt::Term low = session_.bits("low" + number, width());
  at->second = single ? session_.equal(source_, low)
                      : session_.all({session_.at_most(low, source_),
                                      session_.at_most(source_, session_.bits("high" + number, width()))});
  return at->second;
}

smt::Term Rest::is_local() {
  if (values_ == Values::symbolic) return session_.boolean("source-is-local");
  std::vector<smt::Term> any;
  for (const net::Address& a : local_) {
    if (a.family() == family_) any.push_back(session_.equal(source_, address(a)));
  }
  if (family_ == net::Family::ipv4) {
    any.push_back(session_.same_prefix(source_, address(net::Address::v4(0x7F000000)), 8));
  } else {
    any.push_back(session_.equal(source_, address(*net::Address::parse("::1"))));
  }
  return session_.any(any);
}

smt::Term Rest::assumed() {
  const auto lo = netfilter::Value::interface("lo").words;
  return session_.all({session_.equal(session_.extract(interface_, 7, 0), session_.number(0, 8)),
                       session_.no(session_.equal(interface_, session_.words(lo, 128)))});
}

smt::Term Rest::atom(AtomId atom, smt::Term endpoint) {
  return std::visit(
      Overloaded{
          [&](const SourceIn& in) {
            std::vector<smt::Term> any;
            for (const Interval& i : in.intervals) any.push_back(inside(i));
            return session_.any(any);
          },
          [&](const SourceIsLocal&) { return is_local(); },
          [&](const SourceIsEndpoint&) { return session_.equal(source_, endpoint); },
          [&](const SourcePortIn& in) {
            std::vector<smt::Term> any;
            for (const auto& [low, high] : in.ranges)
              any.push_back(session_.all({session_.at_most(session_.number(low, 16), source_port_),
                                          session_.at_most(source_port_, session_.number(high, 16))}));
            return session_.any(any);
          },
          [&](const ArrivesOn& on) {
            return session_.equal(session_.bit_and(interface_, session_.words(on.mask, 128)),
                                  session_.words(on.value, 128));
          },
          [&](const Remembers& asks) {
            const smt::Term term = session_.boolean("remembered-" + std::to_string(asks.label));
            memories_.try_emplace(asks.label, term);
            return term;
          },
          [&](const OpaqueHolds& asks) { return session_.boolean(fmt::format("opaque-{}-{}", asks.match, asks.hook)); },
      },
      arena_.atom_of(atom));
}

net::Packet Rest::packet(const smt::Model& model, const Key& key, const Path& path) const {
  net::Packet p;
  p.src = address_of(model.words(source_), family_);
  p.dst = key.destination;
  p.protocol = key.protocol;
  p.dport = key.port;
  p.sport = static_cast<std::uint16_t>(model.number(source_port_));
  p.ct_state = path.state;
  p.from = path.from_node ? net::PacketFrom::node : net::PacketFrom::external;
  if (!path.from_node) {
    for (const std::uint32_t word : model.words(interface_)) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        const char c = static_cast<char>(word >> shift & 0xFFU);
        if (c == 0) return p;
        p.iif += c;
      }
    }
  }
  return p;
}

bool Rest::remembered(const smt::Model& model, LabelId label) const {
  const auto found = memories_.find(label);
  return found != memories_.end() && model.truth(found->second);
}

}  // namespace portcullis::encode

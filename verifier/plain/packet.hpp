// A packet as terms. Its family, protocol, conntrack state and starting point are known; its source, source port and
// interface are anything; its destination and port are what the region says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "compiler/net/packet.hpp"
#include "verifier/plain/terms.hpp"

namespace portcullis::plain {

// Some destinations of one protocol. A packet of ICMP has no port: `port` is 0.
struct Region {
  net::Protocol protocol = net::Protocol::tcp;
  bool from_node = false;
  net::ConntrackState state = net::ConntrackState::fresh;
  std::optional<net::Address> address;     // absent: every address but …
  std::span<const Value> other_addresses;  // … these, sorted
  std::optional<std::uint16_t> port;       // absent: every port but …
  std::vector<Value> other_ports;          // … these, sorted
};

// A form that this encoding has no word for.
struct Unrecognised {
  std::string form;
};

// What affinity remembers of the packet's source, by label, on one of the two sides.
class Remembered {
 public:
  Remembered(Terms& terms, std::string side) : terms_(terms), side_(std::move(side)) {}
  [[nodiscard]] Bit holds(const std::string& label);
  [[nodiscard]] const std::map<std::string, smt::Term>& asked() const { return asked_; }

 private:
  Terms& terms_;
  std::string side_;
  std::map<std::string, smt::Term> asked_;
};

class Packet {
 public:
  // All must outlive this.
  Packet(Terms& terms, const Region& region, net::Family family, const netfilter::NodeFacts& node);

  [[nodiscard]] const Region& region() const { return region_; }
  [[nodiscard]] net::Family family() const { return family_; }
  [[nodiscard]] const Word& source() const { return source_; }
  [[nodiscard]] const Word& source_port() const { return source_port_; }
  [[nodiscard]] const Word& interface() {
    interface_asked_ = true;
    return interface_;
  }
  [[nodiscard]] const Word& destination() const { return destination_; }
  [[nodiscard]] const Word& port() const { return port_; }
  [[nodiscard]] std::uint8_t address_words() const { return family_ == net::Family::ipv4 ? 1 : 4; }

  // That a match that is not known holds, where it is asked.
  [[nodiscard]] Bit holds(netfilter::OpaqueId match, netfilter::Hook hook);
  using Asked = std::map<std::pair<netfilter::OpaqueId, netfilter::Hook>, smt::Term>;
  [[nodiscard]] const Asked& asked() const { return asked_; }

  // The address is one of this node's, loopback included.
  [[nodiscard]] Bit is_local(const Word& address);
  [[nodiscard]] Bit is_loopback(const Word& address);
  [[nodiscard]] Bit source_is_local();
  [[nodiscard]] Bit within(const Word& address, const net::Prefix& prefix);

  // What is true of every packet of the region, as far as it has been asked: its interface has a name of at most 15
  // bytes, zeros behind it, that is not `lo` (what comes in by that was sent by this node, and is a packet from the
  // node); ports have 16 bits.
  [[nodiscard]] std::vector<smt::Term> assumed();
  [[nodiscard]] net::Packet decode(const smt::Model& model);

 private:
  Terms& terms_;
  const Region& region_;
  net::Family family_;
  const netfilter::NodeFacts& node_;
  Word source_, source_port_, interface_, destination_, port_;
  std::optional<Bit> source_is_local_;
  bool interface_asked_ = false;
  Asked asked_;
};

}  // namespace portcullis::plain

#include "backends/netfilter/value.hpp"

#include <algorithm>

#include "compiler/base/error.hpp"

namespace portcullis::netfilter {

namespace {

std::uint32_t word(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U | bytes[3];
}

}  // namespace

Value Value::address(const net::Address& address) {
  if (address.family() == net::Family::ipv4) return number(address.v4_value());
  Value out;
  for (std::size_t i = 0; i < 4; ++i) out.words[i] = word(&address.bytes()[4 * i]);
  return out;
}

Value Value::interface(std::string_view name) {
  if (name.size() > 15) throw base::InternalError("interface name of more than 15 bytes: " + std::string(name));
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(name, bytes.begin());
  Value out;
  for (std::size_t i = 0; i < 4; ++i) out.words[i] = word(&bytes[4 * i]);
  return out;
}

Value Value::mask(int length) {
  Value out;
  for (std::size_t i = 0; i < 4; ++i) {
    const int bits = std::clamp(length - static_cast<int>(32 * i), 0, 32);
    out.words[i] = bits == 0 ? 0 : ~std::uint32_t{0} << static_cast<unsigned>(32 - bits);
  }
  return out;
}

net::Address Value::to_address(net::Family family) const {
  if (family == net::Family::ipv4) return net::Address::v4(words[0]);
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - 8 * (i % 4)));
  return net::Address::v6(bytes);
}

Value operator&(const Value& a, const Value& b) {
  Value out;
  for (std::size_t i = 0; i < 4; ++i) out.words[i] = a.words[i] & b.words[i];
  return out;
}

Value operator^(const Value& a, const Value& b) {
  Value out;
  for (std::size_t i = 0; i < 4; ++i) out.words[i] = a.words[i] ^ b.words[i];
  return out;
}

std::string_view to_string(Field field) {
  switch (field) {
    case Field::ip4_source:
      return "ip saddr";
    case Field::ip4_destination:
      return "ip daddr";
    case Field::ip6_source:
      return "ip6 saddr";
    case Field::ip6_destination:
      return "ip6 daddr";
    case Field::source_port:
      return "th sport";
    case Field::destination_port:
      return "th dport";
    case Field::protocol:
      return "meta l4proto";
    case Field::family:
      return "meta nfproto";
    case Field::input_interface:
      return "iifname";
    case Field::output_interface:
      return "oifname";
    case Field::mark:
      return "meta mark";
    case Field::priority:
      return "meta priority";
    case Field::ct_state:
      return "ct state";
    case Field::ct_status:
      return "ct status";
    case Field::ct_state_or_nat:
      return "ctstate";
    case Field::ct_original_ip4_destination:
      return "ct original ip daddr";
    case Field::ct_original_ip6_destination:
      return "ct original ip6 daddr";
    case Field::ct_original_destination_port:
      return "ct original proto-dst";
    case Field::fib_source_type:
      return "fib saddr type";
    case Field::fib_destination_type:
      return "fib daddr type";
  }
  return {};
}

std::uint8_t width(Field field) {
  switch (field) {
    case Field::ip6_source:
    case Field::ip6_destination:
    case Field::ct_original_ip6_destination:
    case Field::input_interface:
    case Field::output_interface:
      return 4;
    case Field::ip4_source:
    case Field::ip4_destination:
    case Field::source_port:
    case Field::destination_port:
    case Field::protocol:
    case Field::family:
    case Field::mark:
    case Field::priority:
    case Field::ct_state:
    case Field::ct_status:
    case Field::ct_state_or_nat:
    case Field::ct_original_ip4_destination:
    case Field::ct_original_destination_port:
    case Field::fib_source_type:
    case Field::fib_destination_type:
      return 1;
  }
  return 1;
}

}  // namespace portcullis::netfilter

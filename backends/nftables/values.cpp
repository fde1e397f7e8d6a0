#include "backends/nftables/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace portcullis::nftables {

namespace {

using netfilter::Value;

template <std::size_t n>
std::optional<std::uint32_t> named(const std::array<std::pair<std::string_view, std::uint32_t>, n>& names,
                                   std::string_view text) {
  const auto found = std::ranges::find(names, text, &std::pair<std::string_view, std::uint32_t>::first);
  if (found == names.end()) return {};
  return found->second;
}

using Names = std::pair<std::string_view, std::uint32_t>;
constexpr auto protocols = std::to_array<Names>({{"tcp", 6},
                                                 {"udp", 17},
                                                 {"sctp", 132},
                                                 {"icmp", 1},
                                                 {"ipv6-icmp", 58},
                                                 {"icmpv6", 58},
                                                 {"udplite", 136},
                                                 {"dccp", 33},
                                                 {"esp", 50},
                                                 {"ah", 51},
                                                 {"gre", 47},
                                                 {"comp", 108}});
constexpr auto states = std::to_array<Names>({{"new", netfilter::state::fresh},
                                              {"established", netfilter::state::established},
                                              {"related", netfilter::state::related},
                                              {"invalid", netfilter::state::invalid},
                                              {"untracked", netfilter::state::untracked}});
constexpr auto statuses = std::to_array<Names>({{"snat", netfilter::status::snat}, {"dnat", netfilter::status::dnat}});
constexpr auto address_types = std::to_array<Names>({{"local", netfilter::fib::local}});
constexpr auto families = std::to_array<Names>({{"ipv4", 2}, {"ipv6", 10}});

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return n;
}

std::optional<std::uint32_t> parse_classid(std::string_view text) {
  if (text == "none") return 0;
  if (text == "root") return ~std::uint32_t{0};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return parse_number(text);
  const auto major = parse_hex(text.substr(0, colon)), minor = parse_hex(text.substr(colon + 1));
  if (!major || !minor || *major > 0xffff || *minor > 0xffff) return {};
  return *major << 16U | *minor;
}

std::optional<Value> number(std::optional<std::uint32_t> n) {
  if (!n) return {};
  return Value::number(*n);
}

std::optional<Value> address(net::Family family, std::string_view text) {
  const auto a = net::Address::parse(text);
  if (!a || a->family() != family) return {};
  return Value::address(*a);
}

std::optional<ValueRange> parse_prefix(Type type, std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto first = parse_value(type, text.substr(0, slash));
  const auto length = parse_number(text.substr(slash + 1));
  const int bits = 32 * width(type);
  if (!first || !length || *length > static_cast<std::uint32_t>(bits)) return {};
  const Value mask = Value::mask(static_cast<int>(*length));
  Value high = *first & mask;
  for (std::uint8_t i = 0; i < width(type); ++i) high.words[i] |= ~mask.words[i];
  return ValueRange{*first & mask, high};
}

// `veth*`: every name that begins so.
std::optional<ValueRange> parse_wildcard(std::string_view stem) {
  if (stem.size() > 15) return {};
  const Value low = Value::interface(stem);
  Value high = low;
  const Value mask = Value::mask(static_cast<int>(8 * stem.size()));
  for (std::size_t i = 0; i < 4; ++i) high.words[i] |= ~mask.words[i];
  return ValueRange{low, high};
}

}  // namespace

std::optional<std::uint32_t> parse_number(std::string_view text) {
  if (text.starts_with("0x")) return parse_hex(text.substr(2));
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return n;
}

std::optional<Value> parse_value(Type type, std::string_view text) {
  switch (type) {
    case Type::ipv4_addr:
      return address(net::Family::ipv4, text);
    case Type::ipv6_addr:
      return address(net::Family::ipv6, text);
    case Type::inet_proto: {
      const auto name = named(protocols, text);
      return number(name ? name : parse_number(text));
    }
    case Type::inet_service: {
      const auto port = parse_number(text);
      if (port && *port > 65535) return {};
      return number(port);
    }
    case Type::classid:
      return number(parse_classid(text));
    case Type::mark:
    case Type::integer:
      return number(parse_number(text));
    case Type::ifname:
      if (text.size() > 15 || text.ends_with('*')) return {};
      return Value::interface(text);
    case Type::ct_state:
      return number(named(states, text));
    case Type::ct_status:
      return number(named(statuses, text));
    case Type::fib_addrtype:
      return number(named(address_types, text));
    case Type::nf_proto:
      return number(named(families, text));
  }
  return {};
}

std::optional<ValueRange> parse_range(Type type, std::string_view text) {
  if (type == Type::ifname) {
    if (text.ends_with('*') && !text.ends_with("\\*")) return parse_wildcard(text.substr(0, text.size() - 1));
    const auto name = parse_value(type, text);
    if (!name) return {};
    return ValueRange{*name, *name};
  }
  if ((type == Type::ipv4_addr || type == Type::ipv6_addr) && text.find('/') != std::string_view::npos)
    return parse_prefix(type, text);
  if (const auto value = parse_value(type, text)) return ValueRange{*value, *value};
  const std::size_t dash = text.find('-', 1);
  if (dash == std::string_view::npos) return {};
  const auto low = parse_value(type, text.substr(0, dash)), high = parse_value(type, text.substr(dash + 1));
  if (!low || !high || *high < *low) return {};
  return ValueRange{*low, *high};
}

std::optional<std::uint32_t> parse_duration(std::string_view text) {
  if (const auto seconds = parse_number(text)) return seconds;
  std::uint64_t total = 0;
  while (!text.empty()) {
    std::uint32_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc()) return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::uint32_t unit = 0;
    if (text.starts_with("ms")) {
      text.remove_prefix(2);
      n /= 1000;
      unit = 1;
    } else if (!text.empty()) {
      unit = text[0] == 'd' ? 86400 : text[0] == 'h' ? 3600 : text[0] == 'm' ? 60 : text[0] == 's' ? 1 : 0;
      text.remove_prefix(1);
    }
    if (unit == 0) return {};
    total += std::uint64_t{n} * unit;
    if (total > UINT32_MAX) return {};
  }
  return static_cast<std::uint32_t>(total);
}

std::optional<Type> parse_type(std::string_view name) {
  for (const Type type :
       {Type::ipv4_addr, Type::ipv6_addr, Type::inet_proto, Type::inet_service, Type::classid, Type::mark, Type::ifname,
        Type::ct_state, Type::ct_status, Type::fib_addrtype, Type::nf_proto}) {
    if (name == to_string(type)) return type;
  }
  return {};
}

std::optional<std::int32_t> parse_priority(std::string_view text) {
  constexpr auto standard = std::to_array<std::pair<std::string_view, std::int32_t>>(
      {{"raw", -300}, {"mangle", -150}, {"dstnat", -100}, {"filter", 0}, {"security", 50}, {"srcnat", 100}});
  for (const auto& [name, priority] : standard) {
    if (text == name) return priority;
  }
  std::int32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return n;
}

}  // namespace portcullis::nftables

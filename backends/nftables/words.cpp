#include "backends/nftables/words.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::nftables {

namespace {

using netfilter::Field;
using netfilter::Term;

void append_ipv4(std::string& out, std::uint32_t a) {
  fmt::format_to(std::back_inserter(out), FMT_STRING("{}.{}.{}.{}"), a >> 24U, a >> 16U & 255U, a >> 8U & 255U,
                 a & 255U);
}

std::string interface_text(const Value& value) {
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto c = static_cast<char>(value.words[i / 4] >> (24 - 8 * (i % 4)) & 255U);
    if (c == '\0') break;
    out += c;
  }
  return out;
}

// The leading ones of a mask; nothing if it is no network mask.
std::optional<int> prefix_length(const Value& mask, std::uint8_t width) {
  int length = 0;
  while (length < 32 * width && (mask.words[static_cast<std::size_t>(length / 32)] >> (31 - length % 32) & 1U) != 0)
    ++length;
  for (std::uint8_t i = 0; i < width; ++i) {
    if (mask.words[i] != Value::mask(length).words[i]) return {};
  }
  return length;
}

bool is_whole(const Value& mask, std::uint8_t width) {
  return prefix_length(mask, width) == 32 * width;
}

[[noreturn]] void no_word(const std::string& what) {
  throw base::InternalError("nftables: no spelling for " + what);
}

void append_states(std::string& out, std::uint32_t bits, bool of_status) {
  struct Word {
    std::uint32_t bit;
    std::string_view text;
  };
  static constexpr Word states[] = {{netfilter::state::invalid, "invalid"},
                                    {netfilter::state::established, "established"},
                                    {netfilter::state::related, "related"},
                                    {netfilter::state::fresh, "new"},
                                    {netfilter::state::untracked, "untracked"}};
  static constexpr Word statuses[] = {{netfilter::status::snat, "snat"}, {netfilter::status::dnat, "dnat"}};
  bool first = true;
  const auto word = [&](const Word& w) {
    if ((bits & w.bit) == 0) return;
    if (!first) out += ',';
    out += w.text;
    first = false;
  };
  if (of_status) {
    std::ranges::for_each(statuses, word);
  } else {
    std::ranges::for_each(states, word);
  }
}

}  // namespace

Value value_at(const std::uint32_t* words, std::uint8_t width) {
  Value out;
  std::copy_n(words, width, out.words.begin());
  return out;
}

void append_value(std::string& out, Type type, const Value& value) {
  const std::uint32_t n = value.words[0];
  auto to = std::back_inserter(out);
  switch (type) {
    case Type::ipv4_addr:
      return append_ipv4(out, n);
    case Type::ipv6_addr:
      out += value.to_address(net::Family::ipv6).text();
      return;
    case Type::inet_proto:
      switch (n) {
        case 1:
          out += "icmp";
          return;
        case 6:
          out += "tcp";
          return;
        case 17:
          out += "udp";
          return;
        case 58:
          out += "ipv6-icmp";
          return;
        case 132:
          out += "sctp";
          return;
        default:
          fmt::format_to(to, FMT_STRING("{}"), n);
          return;
      }
    case Type::classid:
      if (n == 0) {
        out += "none";
      } else {
        fmt::format_to(to, FMT_STRING("{:x}:{:x}"), n >> 16U, n & 0xffffU);
      }
      return;
    case Type::mark:
      fmt::format_to(to, FMT_STRING("{:#010x}"), n);
      return;
    case Type::ifname:
      fmt::format_to(to, FMT_STRING("\"{}\""), interface_text(value));
      return;
    case Type::ct_state:
      return append_states(out, n, false);
    case Type::ct_status:
      return append_states(out, n, true);
    case Type::fib_addrtype:
      if (n != netfilter::fib::local) no_word("an address type");
      out += "local";
      return;
    case Type::nf_proto:
      if (n != 2 && n != 10) no_word("bits of an address family");
      out += n == 2 ? "ipv4" : "ipv6";
      return;
    case Type::inet_service:
      if (n > 65535) no_word("a port beyond 65535");
      [[fallthrough]];
    case Type::integer:
      fmt::format_to(to, FMT_STRING("{}"), n);
      return;
  }
}

void append_range(std::string& out, Type type, const Value& low, const Value& high) {
  if (low != high && type == Type::ifname) {  // only `veth*` is read as a range
    out += '"';
    out += interface_text(low);
    out += "*\"";
    return;
  }
  if (low != high && type == Type::inet_proto) {  // `ipv6-icmp` has a dash of its own
    fmt::format_to(std::back_inserter(out), FMT_STRING("{}-{}"), low.words[0], high.words[0]);
    return;
  }
  append_value(out, type, low);
  if (low == high) return;
  if (type == Type::ipv4_addr || type == Type::ipv6_addr) {
    const std::uint8_t words = width(type);
    const Value differing = low ^ high;
    Value mask = Value::mask(32 * words);
    for (std::uint8_t i = 0; i < words; ++i) mask.words[i] = ~differing.words[i];
    const std::optional<int> length = prefix_length(mask, words);
    if (length && (low & mask) == low) {
      fmt::format_to(std::back_inserter(out), "/{}", *length);
      return;
    }
  }
  out += '-';
  append_value(out, type, high);
}

Type type_of(Field field) {
  switch (field) {
    case Field::ip4_source:
    case Field::ip4_destination:
    case Field::ct_original_ip4_destination:
      return Type::ipv4_addr;
    case Field::ip6_source:
    case Field::ip6_destination:
    case Field::ct_original_ip6_destination:
      return Type::ipv6_addr;
    case Field::source_port:
    case Field::destination_port:
    case Field::ct_original_destination_port:
      return Type::inet_service;
    case Field::protocol:
      return Type::inet_proto;
    case Field::input_interface:
    case Field::output_interface:
      return Type::ifname;
    case Field::mark:
      return Type::mark;
    case Field::priority:
      return Type::classid;
    case Field::ct_state:
      return Type::ct_state;
    case Field::ct_status:
      return Type::ct_status;
    case Field::fib_source_type:
    case Field::fib_destination_type:
      return Type::fib_addrtype;
    case Field::family:
      return Type::nf_proto;
    case Field::ct_state_or_nat:
      return Type::integer;
  }
  return Type::integer;
}

void append_term(std::string& out, const Term& term, Type type) {
  if (const auto* constant = std::get_if<netfilter::Constant>(&term.source))
    return append_value(out, type, constant->value);
  if (const auto* random = std::get_if<netfilter::Random>(&term.source)) {
    if (term.mask != Value::all_ones() || term.flip != Value{}) no_word("bits of a random number");
    fmt::format_to(std::back_inserter(out), "numgen random mod {}", random->modulus);
    if (random->offset != 0) fmt::format_to(std::back_inserter(out), " offset {}", random->offset);
    return;
  }
  const Field field = std::get<Field>(term.source);
  out += to_string(field);
  const std::uint8_t words = netfilter::width(field);
  if (words != 1) {
    if (!is_whole(term.mask, words) || term.flip != Value{}) no_word("bits of an address");
    return;
  }
  const std::uint32_t mask = term.mask.words[0], flip = term.flip.words[0];
  const auto bits = [&](const char* sign, std::uint32_t n) {
    out += sign;
    append_value(out, type_of(field), Value::number(n));
  };
  if (mask == ~0U) {
    if (flip != 0) bits(" ^ ", flip);
  } else if (flip == 0) {
    bits(" & ", mask);
  } else if (mask == ~flip) {
    bits(" | ", flip);
  } else {
    no_word("a mask with other bits flipped");
  }
}

void append_match(std::string& out, const netfilter::Match& match) {
  const Term& term = match.key.front();
  if (!std::holds_alternative<Field>(term.source)) no_word("a comparison of something that is no field");
  const Field field = std::get<Field>(term.source);
  const Type type = type_of(field);
  if (const auto* bits = std::get_if<netfilter::AnyBit>(&match.test)) {
    if ((field != Field::ct_state && field != Field::ct_status) || !is_whole(term.mask, 1) || term.flip != Value{})
      no_word("bits of " + std::string(to_string(field)));
    out += to_string(field);
    out += match.negated ? " ! " : " ";
    return append_states(out, bits->bits, field == Field::ct_status);
  }
  if (const auto* range = std::get_if<netfilter::Between>(&match.test)) {
    append_term(out, term, type);
    out += match.negated ? " != " : " ";
    return append_range(out, type, range->low, range->high);
  }
  const Value& value = std::get<netfilter::Equals>(match.test).value;
  const std::optional<int> length = prefix_length(term.mask, netfilter::width(field));
  const bool whole = length == 32 * netfilter::width(field);
  const bool address = type == Type::ipv4_addr || type == Type::ipv6_addr;
  if (field == Field::fib_source_type || field == Field::fib_destination_type) {
    if (value != Value::number(netfilter::fib::local) || !whole || term.flip != Value{}) no_word("an address type");
    out += to_string(field);
    out += match.negated ? " != local" : " local";
  } else if (type == Type::ifname) {
    out += to_string(field);
    out += match.negated ? " != \"" : " \"";
    out += interface_text(value);
    out += whole ? "\"" : "*\"";
  } else if (address && !whole) {
    out += to_string(field);
    out += match.negated ? " != " : " ";
    append_value(out, type, value);
    fmt::format_to(std::back_inserter(out), "/{}", length.value());
  } else {
    append_term(out, term, type);
    // Without a sign, states are a choice.
    const bool choice = type == Type::ct_state || type == Type::ct_status;
    out += match.negated ? " != " : whole && !choice ? " " : " == ";
    append_value(out, type, value);
  }
}

std::string_view verdict_word(netfilter::Verdict::Kind kind) {
  using enum netfilter::Verdict::Kind;
  switch (kind) {
    case go_on:
      return "continue";
    case accept:
      return "accept";
    case drop:
      return "drop";
    case jump:
      return "jump";
    case go_to:
      return "goto";
    case back:
      return "return";
  }
  return {};
}

std::string duration_text(std::uint32_t seconds) {
  if (seconds == 0) return "0s";
  std::string out;
  for (const auto& [unit, length] :
       {std::pair('d', 86400U), std::pair('h', 3600U), std::pair('m', 60U), std::pair('s', 1U)}) {
    if (seconds >= length) out += std::to_string(seconds / length) + unit;
    seconds %= length;
  }
  return out;
}

}  // namespace portcullis::nftables

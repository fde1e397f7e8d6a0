#include "backends/iptables/words.hpp"

#include <algorithm>
#include <charconv>

#include "backends/netfilter/value.hpp"

namespace portcullis::iptables {

namespace {

struct ProtocolWord {
  std::string_view word;
  std::uint8_t number = 0;
};
// The first word of a number is the one that is printed.
constexpr std::array<ProtocolWord, 11> protocol_words{{{"tcp", 6},
                                                       {"udp", 17},
                                                       {"sctp", 132},
                                                       {"icmp", 1},
                                                       {"ipv6-icmp", 58},
                                                       {"icmpv6", 58},
                                                       {"udplite", 136},
                                                       {"esp", 50},
                                                       {"ah", 51},
                                                       {"gre", 47},
                                                       {"all", 0}}};

bool is_bare(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

}  // namespace

const std::array<StateWord, 7>& state_words() {
  namespace state = netfilter::state;
  namespace status = netfilter::status;
  static constexpr std::array<StateWord, 7> words{{{"INVALID", state::invalid},
                                                   {"NEW", state::fresh},
                                                   {"RELATED", state::related},
                                                   {"ESTABLISHED", state::established},
                                                   {"UNTRACKED", state::untracked},
                                                   {"SNAT", status::snat},
                                                   {"DNAT", status::dnat}}};
  return words;
}

std::string_view protocol_word(std::uint8_t number) {
  const auto found = std::ranges::find(protocol_words, number, &ProtocolWord::number);
  return found == protocol_words.end() ? std::string_view{} : found->word;
}

std::optional<std::uint8_t> parse_protocol_word(std::string_view word) {
  const auto found = std::ranges::find(protocol_words, word, &ProtocolWord::word);
  if (found != protocol_words.end()) return found->number;
  std::uint8_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return {};
  return number;
}

std::string_view full_mask(net::Family family) {
  return family == net::Family::ipv4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
}

void append_quoted(std::string& out, std::string_view text) {
  if (is_bare(text)) {
    out += text;
  } else {
    append_between_quotes(out, text);
  }
}

void append_between_quotes(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  out += '"';
}

void append_name(std::string& out, std::string_view name) {
  if (!name.empty() && name.find_first_of(" \t\"'\\") == std::string_view::npos) {
    out += name;
  } else {
    append_quoted(out, name);
  }
}

}  // namespace portcullis::iptables

#include "backends/iptables/options.hpp"

#include <algorithm>
#include <array>

namespace portcullis::iptables {

namespace {

struct OptionWord {
  std::string_view word;
  Option option{};
};
constexpr auto option_words = std::to_array<OptionWord>({
    {"--and-mark", Option::and_mark},
    {"--comment", Option::comment},
    {"--ctstate", Option::ctstate},
    {"--destination", Option::destination},
    {"--destination-port", Option::destination_port},
    {"--dport", Option::destination_port},
    {"--dst", Option::destination},
    {"--dst-type", Option::destination_type},
    {"--goto", Option::go_to},
    {"--in-interface", Option::in_interface},
    {"--jump", Option::jump},
    {"--mark", Option::mark},
    {"--mask", Option::mask},
    {"--match", Option::match},
    {"--mode", Option::mode},
    {"--name", Option::name},
    {"--nfacct-name", Option::nfacct_name},
    {"--or-mark", Option::or_mark},
    {"--out-interface", Option::out_interface},
    {"--probability", Option::probability},
    {"--proto", Option::protocol},
    {"--protocol", Option::protocol},
    {"--random-fully", Option::random_fully},
    {"--rcheck", Option::rcheck},
    {"--reap", Option::reap},
    {"--reject-with", Option::reject_with},
    {"--remove", Option::remove},
    {"--rsource", Option::rsource},
    {"--seconds", Option::seconds},
    {"--set", Option::set},
    {"--set-mark", Option::set_mark},
    {"--set-xmark", Option::set_xmark},
    {"--source", Option::source},
    {"--source-port", Option::source_port},
    {"--sport", Option::source_port},
    {"--src", Option::source},
    {"--src-type", Option::source_type},
    {"--state", Option::state},
    {"--to-destination", Option::to_destination},
    {"--update", Option::update},
    {"--xor-mark", Option::xor_mark},
    {"-d", Option::destination},
    {"-g", Option::go_to},
    {"-i", Option::in_interface},
    {"-j", Option::jump},
    {"-m", Option::match},
    {"-o", Option::out_interface},
    {"-p", Option::protocol},
    {"-s", Option::source},
});
static_assert(std::ranges::is_sorted(option_words, {}, &OptionWord::word));

// Leading one bits of a mask, if only those are set.
std::optional<int> mask_length(const net::Address& mask) {
  const auto& bytes = mask.bytes();
  int length = 0;
  bool ended = false;
  for (int bit = 128 - mask.bits(); bit < 128; ++bit) {
    const bool one =
        ((static_cast<unsigned>(bytes.at(static_cast<std::size_t>(bit / 8))) >> (7U - static_cast<unsigned>(bit % 8))) &
         1U) != 0;
    if (one && ended) return {};
    ended = ended || !one;
    if (one) ++length;
  }
  return length;
}

}  // namespace

std::optional<Option> find_option(std::string_view word) {
  const auto found = std::ranges::lower_bound(option_words, word, {}, &OptionWord::word);
  if (found == option_words.end() || found->word != word) return {};
  return found->option;
}

std::optional<std::uint32_t> parse_mark(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_number<std::uint32_t>(text.substr(2), 16);
  if (text.size() > 1 && text.front() == '0') return parse_number<std::uint32_t>(text.substr(1), 8);
  return parse_number<std::uint32_t>(text);
}

std::optional<net::Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = net::Address::parse(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return net::Prefix::host(*address);
  const std::string_view mask = text.substr(slash + 1);
  if (const auto length = parse_number<int>(mask)) {
    if (*length < 0 || *length > address->bits()) return {};
    return net::Prefix(*address, *length);
  }
  const auto dotted = net::Address::parse(mask);
  if (!dotted || dotted->family() != address->family()) return {};
  const auto length = mask_length(*dotted);
  if (!length) return {};
  return net::Prefix(*address, *length);
}

std::optional<PortRange> parse_ports(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool is_range = colon != std::string_view::npos;
  const std::string_view first = text.substr(0, colon);
  const std::string_view last = is_range ? text.substr(colon + 1) : first;
  const auto low = is_range && first.empty() ? std::uint16_t{0} : parse_number<std::uint16_t>(first);
  const auto high = is_range && last.empty() ? std::uint16_t{65535} : parse_number<std::uint16_t>(last);
  if (!low || !high || *low > *high) return {};
  return PortRange{*low, *high, false};
}

std::optional<Dnat> parse_destination(std::string_view text) {
  std::string_view address = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    address = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string::npos && colon == text.rfind(':')) {
    address = text.substr(0, colon);
    port = text.substr(colon);
  }
  const auto parsed = net::Address::parse(address);
  if (!parsed) return {};
  if (port.empty()) return Dnat{*parsed, {}};
  const auto number = parse_number<std::uint16_t>(port.substr(1));
  if (port.front() != ':' || !number) return {};
  return Dnat{*parsed, number};
}

}  // namespace portcullis::iptables

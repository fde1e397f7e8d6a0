#include "compiler/driver/packet_sentence.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::driver {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

constexpr std::array<std::string_view, 4> protocols{"tcp", "udp", "sctp", "icmp"};

class Parser {
 public:
  explicit Parser(std::string_view sentence) : sentence_(sentence), words_(words_of(sentence)) {}

  PacketRequest parse() {
    protocol();
    keyword("from");
    if (const std::optional<net::PacketFrom> from = origin()) accept_origin(*from);
    const Word source = take("a source address");
    endpoint(source, request_.packet.src, request_.packet.sport, false);
    keyword("to");
    const Word destination = take("a destination");
    endpoint(destination, request_.packet.dst, request_.packet.dport, true);
    if (request_.packet.src.family() != request_.packet.dst.family()) {
      fail(destination, "source and destination are of different families", "both IPv4 or both IPv6");
    }
    while (next_ < words_.size()) addition();
    return request_;
  }

 private:
  [[noreturn]] void fail(std::size_t begin, std::size_t end, std::string message, std::string hint) const {
    throw Stop{{std::move(message), std::move(hint), begin, end}};
  }
  [[noreturn]] static void fail(const Word& word, std::string message, std::string hint) {
    stop(word, std::move(message), std::move(hint));
  }

  Word take(std::string_view what) {
    if (next_ == words_.size()) {
      fail(sentence_.size(), sentence_.size(), fmt::format("the sentence ends where {} should be", what),
           "for example: tcp from 192.0.2.7 to 10.96.0.20:80");
    }
    return words_[next_++];
  }

  void protocol() {
    const Word word = take("a protocol");
    const std::string name = lower(word.text);
    const auto* const found = std::ranges::find(protocols, name);
    if (found == protocols.end()) {
      const std::string_view near = base::nearest(name, protocols);
      fail(word, fmt::format("`{}` is no protocol", word.text),
           near.empty() ? "a packet begins with tcp, udp, sctp or icmp" : fmt::format("did you mean `{}`?", near));
    }
    constexpr std::array values{net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp};
    request_.packet.protocol = values[static_cast<std::size_t>(found - protocols.begin())];
  }

  void keyword(std::string_view expected) {
    const Word word = take(fmt::format("`{}`", expected));
    if (word.text != expected) fail(word, fmt::format("`{}` stands where `{}` should", word.text, expected), "");
  }

  // A word for where the packet comes from, if one is next.
  std::optional<net::PacketFrom> origin() {
    if (next_ == words_.size()) return std::nullopt;
    const std::optional<net::PacketFrom> from = net::parse_packet_from(words_[next_].text);
    if (from) ++next_;
    return from;
  }

  void accept_origin(net::PacketFrom from) {
    request_.packet.from = from;
    request_.has_from = true;
  }

  std::uint16_t port(const Word& word, std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) {
      const std::size_t begin = word.begin + static_cast<std::size_t>(text.data() - word.text.data());
      fail(begin, std::max(begin + text.size(), begin + 1), fmt::format("`{}` is no port", text),
           "a number from 1 to 65535");
    }
    return static_cast<std::uint16_t>(value);
  }

  void endpoint(const Word& word, net::Address& address, std::uint16_t& number, bool is_destination) {
    std::string_view host = word.text;
    std::optional<std::string_view> port_text;
    if (host.starts_with('[')) {
      const std::size_t close = host.find(']');
      if (close == std::string_view::npos) fail(word, "the bracket is not closed", "[fd00::1]:80");
      const std::string_view rest = host.substr(close + 1);
      host = host.substr(1, close - 1);
      if (!rest.empty() && rest.front() != ':') fail(word, fmt::format("`{}` after the bracket", rest), "[fd00::1]:80");
      if (!rest.empty()) port_text = rest.substr(1);
    } else if (std::ranges::count(host, ':') == 1) {
      port_text = host.substr(host.find(':') + 1);
      host = host.substr(0, host.find(':'));
    }
    const std::optional<net::Address> parsed = net::Address::parse(host);
    if (!parsed) fail(word, fmt::format("`{}` is no IP address", host), host.empty() ? "" : "names are not looked up");
    address = *parsed;
    const bool has_ports = request_.packet.protocol != net::Protocol::icmp;
    if (port_text && !has_ports) fail(word, "ICMP has no ports", "");
    if (port_text) number = port(word, *port_text);
    if (!port_text && has_ports && is_destination) {
      const bool v6 = parsed->family() == net::Family::ipv6;
      fail(word, "the destination has no port", fmt::format(fmt::runtime(v6 ? "[{}]:80" : "{}:80"), host));
    }
  }

  void addition() {
    const Word word = take("");
    if (word.text == "via") {
      request_.packet.iif = take("an interface").text;
    } else if (const auto state = net::parse_conntrack_state(word.text)) {
      request_.packet.ct_state = *state;
    } else if (word.text == "from") {
      const Word where = take("pod, remote-pod, node or external");
      const auto from = net::parse_packet_from(where.text);
      if (!from) fail(where, fmt::format("`{}` is no origin", where.text), "pod, remote-pod, node or external");
      accept_origin(*from);
    } else {
      constexpr std::array<std::string_view, 6> known{"via", "from", "new", "established", "related", "invalid"};
      const std::string_view near = base::nearest(word.text, known);
      fail(word, fmt::format("`{}` has no place after the destination", word.text),
           near.empty() ? "new, established, related, invalid, via INTERFACE, from pod|remote-pod|node|external"
                        : fmt::format("did you mean `{}`?", near));
    }
  }

  std::string_view sentence_;
  std::vector<Word> words_;
  std::size_t next_ = 0;
  PacketRequest request_;
};

}  // namespace

std::variant<PacketRequest, SentenceError> parse_packet_sentence(std::string_view sentence) {
  try {
    return Parser(sentence).parse();
  } catch (const Stop& stop) {
    return stop.error;
  }
}

}  // namespace portcullis::driver

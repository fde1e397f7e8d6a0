#include "random_program.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace portcullis::ir::test {

namespace {

class Maker {
 public:
  explicit Maker(std::mt19937& random) : random_(random) {}

  Program run() {
    p_.node = name();
    p_.family = coin() ? net::Family::ipv4 : net::Family::ipv6;
    p_.dialect = coin() ? Dialect::nftables : Dialect::iptables;
    p_.mark = 1U << below(32);
    p_.local_addresses = addresses();
    std::ranges::sort(p_.local_addresses);
    p_.detector = detector();
    p_.accepted = {coin(), coin(), addresses()};
    std::ranges::sort(p_.accepted.addresses);
    p_.route_localnet = coin();
    p_.tcp_be_liberal = coin();
    for (const std::string& n : names()) p_.ranges.push_back({n, net::PrefixSet(prefixes())});
    for (const std::string& n : names()) p_.pools.push_back(pool(n));
    for (unsigned i = below(4); i > 0 && !p_.ranges.empty(); --i) {
      p_.pre.push_back({key(true), ranges(), name(), origin()});
    }
    std::ranges::stable_sort(p_.pre, {}, &RangeCheck::key);
    routes();
    for (unsigned i = below(12); i > 0; --i) p_.checks.push_back(check());
    for (unsigned i = below(4); i > 0; --i) {
      UdpCleanup u{coin() ? std::optional(address()) : std::nullopt, port(), {}, name()};
      for (unsigned k = below(3); k > 0; --k) u.keep.emplace_back(address(), port());
      p_.udp_cleanup.push_back(std::move(u));
    }
    return std::move(p_);
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool coin() { return below(2) == 0; }
  std::uint16_t port() { return static_cast<std::uint16_t>(random_()); }
  net::Protocol protocol() { return static_cast<net::Protocol>(below(3)); }

  std::string name() {
    constexpr std::array<std::string_view, 24> odd{"default/web:http",
                                                   "ns/a:53/udp",
                                                   "pod default/db:5432",
                                                   "",
                                                   " ",
                                                   "\"",
                                                   "\\",
                                                   "a\nb",
                                                   "\x1b[31m",
                                                   "\xff\xfe",
                                                   "ä→b",
                                                   "->",
                                                   "|",
                                                   "{",
                                                   "}",
                                                   ";",
                                                   "local",
                                                   "from",
                                                   "balance",
                                                   "#x",
                                                   "a#b",
                                                   "@any:1",
                                                   "\\x41",
                                                   "\xe2\x80\xae"};
    std::string text;
    for (unsigned i = below(3); i > 0; --i) text += odd[below(odd.size())];
    return text;
  }
  std::set<std::string> names() {
    std::set<std::string> set;
    for (unsigned i = below(6); i > 0; --i) set.insert(name());
    return set;
  }
  net::Address address() {
    if (p_.family == net::Family::ipv4) return net::Address::v4(static_cast<std::uint32_t>(random_()));
    std::array<std::uint8_t, 16> bytes{};
    for (auto& b : bytes) b = static_cast<std::uint8_t>(coin() ? 0 : random_());
    return net::Address::v6(bytes);
  }
  std::vector<net::Address> addresses() {
    std::vector<net::Address> list;
    for (unsigned i = below(4); i > 0; --i) list.push_back(address());
    return list;
  }
  net::Prefix prefix() {
    const net::Address a = address();
    return {a, static_cast<int>(below(static_cast<unsigned>(a.bits()) + 1))};
  }
  std::vector<net::Prefix> prefixes() {
    std::vector<net::Prefix> list;
    for (unsigned i = below(4); i > 0; --i) list.push_back(prefix());
    return list;
  }
  Detector detector() {
    switch (below(3)) {
      case 0:
        return NoDetector{};
      case 1:
        return CidrDetector{prefix()};
      default:
        return InterfaceDetector{name(), coin()};
    }
  }
  RouteKey key(bool with_address) {
    return {with_address ? std::optional(address()) : std::nullopt, protocol(), port()};
  }
  Origin origin() { return coin() ? Origin{} : Origin{name(), name(), {}}; }

  Pool pool(const std::string& n) {
    Pool pool{n, protocol(), {}};
    for (unsigned i = below(5); i > 0; --i) {
      const bool local = coin();
      pool.entries.push_back({address(), port(), coin() ? 1 : 1 + below(1000), local, local && coin()});
    }
    std::ranges::sort(pool.entries, {}, &PoolEntry::text);
    return pool;
  }
  RangesId ranges() { return below(static_cast<unsigned>(p_.ranges.size())); }

  std::optional<Balance> balance() {
    if (p_.pools.empty()) return {};
    Balance b{below(static_cast<unsigned>(p_.pools.size())), coin(), static_cast<Masquerade>(below(3)), {}};
    if (b.masquerade == Masquerade::off_cluster && std::holds_alternative<NoDetector>(p_.detector)) {
      b.masquerade = Masquerade::never;
    }
    if (coin()) b.affinity_seconds = below(86400);
    const auto chosen = [&](const PoolEntry& e) { return b.local_set ? e.local : !e.local_only; };
    if (std::ranges::none_of(p_.pools[b.pool].entries, chosen)) return {};
    return b;
  }
  GuardedOutcome outcome(SourceIs source) {
    GuardedOutcome g{source, 0, Stop{}};
    if ((source == SourceIs::inside || source == SourceIs::outside)) {
      if (p_.ranges.empty()) {
        g.source = SourceIs::node;
      } else {
        g.ranges = ranges();
      }
    }
    if (coin()) g.outcome = Fall{};
    if (const auto b = balance()) g.outcome = *b;
    return g;
  }
  void routes() {
    for (unsigned i = below(12); i > 0; --i) {
      Route r;
      r.table = static_cast<Table>(below(3));
      r.kind = static_cast<FrontendKind>(below(5));
      r.key = key(r.table == Table::service || (r.table == Table::host_port && coin()));
      r.owner = name();
      for (unsigned k = below(4); k > 0; --k) r.outcomes.push_back(outcome(static_cast<SourceIs>(below(5))));
      r.outcomes.push_back(outcome(SourceIs::any));
      r.origin = origin();
      for (unsigned k = below(3); k > 0; --k) r.rivals.push_back(name());
      p_.routes.push_back(std::move(r));
    }
    const auto place = [](const Route& r) { return std::tie(r.table, r.key); };
    std::ranges::sort(p_.routes, {}, place);
    const auto twins = std::ranges::unique(p_.routes, {}, place);
    p_.routes.erase(twins.begin(), twins.end());
  }
  CheckMatch match() {
    switch (below(7)) {
      case 0:
        return AnyPacket{};
      case 1: {
        ToFrontend to{key(coin()), {}};
        if (coin() && !p_.ranges.empty()) to.unless_from = ranges();
        return to;
      }
      case 2:
        return ToNodePort{protocol(), port(), coin()};
      case 3:
        return ToAddress{address()};
      case 4:
        return ToPrefix{prefix()};
      case 5:
        return Marked{};
      default:
        return Martian{};
    }
  }
  Check check() {
    return {name(),  Hooks{coin(), coin(), coin()},  static_cast<States>(below(4)),
            match(), static_cast<Verdict>(below(3)), origin(),
            coin()};
  }

  std::mt19937& random_;
  Program p_;
};

}  // namespace

Program random_program(std::mt19937& random) {
  return Maker(random).run();
}

}  // namespace portcullis::ir::test

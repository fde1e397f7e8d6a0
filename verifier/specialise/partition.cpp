#include "verifier/specialise/partition.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <optional>
#include <utility>

namespace portcullis::specialise {

namespace {

using net::Address;

// What a test of one of the sides says of a single address: side, test, kind.
using Tag = std::uint64_t;
Tag tag(std::size_t side, std::uint32_t test, std::uint32_t kind) {
  return std::uint64_t{side} << 63U | std::uint64_t{test} << 32U | kind;
}
bool is_like_no_other(Tag tag) {
  return static_cast<std::uint32_t>(tag) == like_no_other;
}

// Some addresses of `low` … `high`: of kind 0 those that no test singles out, of another kind those that all tests
// single out alike. Pieces that agree in all four hold the same addresses: cuts are only ever added, all of a test at
// once, so that a kind only ever loses addresses.
struct Piece {
  Address low{}, high{};
  std::uint32_t kind = 0;
  std::size_t count = 0;  // of a kind; of kind 0, of those that it goes without
  auto operator<=>(const Piece&) const = default;
};

class AddressCuts {
 public:
  void add(const AddressCut& cut, std::size_t side, std::uint32_t test) {
    if (cut.low == cut.high) {
      singles_.push_back({cut.low, cut.kind == like_no_other ? Tag{like_no_other} : tag(side, test, cut.kind)});
      return;
    }
    begins_.push_back(cut.low);
    if (const auto next = cut.high.next()) begins_.push_back(*next);
  }
  void single_out(const Address& address) { singles_.push_back({address, Tag{like_no_other}}); }

  // All that low … high falls into, in order; single addresses behind the interval that they were taken from. With each
  // the addresses of its kind.
  using Pieces = std::vector<std::pair<Piece, std::vector<Address>>>;
  Pieces pieces(const Address& low, const Address& high) {
    settle(singles_);
    settle(begins_);
    Pieces out;
    Address begin = low;
    for (auto at = std::ranges::upper_bound(begins_, low); at != begins_.end() && *at <= high; ++at) {
      close(begin, *at->previous(), out);
      begin = *at;
    }
    close(begin, high, out);
    return out;
  }

  // An address of a piece of kind 0; nothing if singles are all of it.
  [[nodiscard]] std::optional<Address> representative(const Piece& piece) const {
    if (piece.low == piece.high) return piece.low;
    auto single = std::ranges::lower_bound(singles_, piece.low, {}, &Single::first);
    Address at = piece.low;
    for (; single != singles_.end() && single->first <= at; ++single) {
      if (single->first != at) continue;
      if (at == piece.high) return {};
      at = *at.next();
    }
    return at;
  }

 private:
  using Single = std::pair<Address, Tag>;

  template <class T>
  static void settle(std::vector<T>& sorted) {
    std::ranges::sort(sorted);
    const auto repeated = std::ranges::unique(sorted);
    sorted.erase(repeated.begin(), repeated.end());
  }

  void close(const Address& begin, const Address& end, Pieces& out) {
    if (begin == end) {
      out.push_back({{begin, end, 0, 0}, {}});
      return;
    }
    const std::size_t place = out.size();
    out.push_back({{begin, end, 0, 0}, {}});
    std::map<std::uint32_t, std::size_t> of_kind;  // where in `out`
    auto at = std::ranges::lower_bound(singles_, begin, {}, &Single::first);
    while (at != singles_.end() && at->first <= end) {
      const Address address = at->first;
      bool alone = false;
      tags_.clear();
      for (; at != singles_.end() && at->first == address; ++at) {
        alone = alone || is_like_no_other(at->second);
        tags_.push_back(at->second);
      }
      ++out[place].first.count;
      if (alone) {
        out.push_back({{address, address, 0, 0}, {}});
        continue;
      }
      const std::uint32_t kind = kinds_.try_emplace(tags_, static_cast<std::uint32_t>(kinds_.size() + 1)).first->second;
      const auto [known, fresh] = of_kind.try_emplace(kind, out.size());
      if (fresh) out.push_back({{begin, end, kind, 0}, {}});
      ++out[known->second].first.count;
      out[known->second].second.push_back(address);
    }
  }

  std::vector<Single> singles_;  // of one address: its tags, ascending
  std::vector<Address> begins_;
  std::map<std::vector<Tag>, std::uint32_t> kinds_;
  std::vector<Tag> tags_;
};

// Ports first … last, without `singles` ports of it that are parts of their own.
struct Part {
  std::uint32_t first = 0, last = 0;
  std::size_t singles = 0;
  auto operator<=>(const Part&) const = default;
};

class PortCuts {
 public:
  void add(std::uint32_t first, std::uint32_t last) {
    if (first == last) {
      singles_.push_back(first);
    } else {
      begins_.insert(begins_.end(), {first, last + 1});
    }
  }
  std::vector<Part> parts(std::uint32_t first, std::uint32_t last) {
    settle(singles_);
    settle(begins_);
    std::vector<Part> out;
    for (auto at = std::ranges::upper_bound(begins_, first); at != begins_.end() && *at <= last; ++at) {
      close(first, *at - 1, out);
      first = *at;
    }
    close(first, last, out);
    return out;
  }
  // A port of the part that is neither a part of its own nor one of `but` (ascending).
  [[nodiscard]] std::optional<std::uint32_t> representative(const Part& part,
                                                            std::span<const std::uint16_t> but = {}) const {
    for (std::uint32_t port = part.first; port <= part.last; ++port) {
      if (std::ranges::binary_search(but, port)) continue;
      if (part.first == part.last || !std::ranges::binary_search(singles_, port)) return port;
    }
    return {};
  }

 private:
  static void settle(std::vector<std::uint32_t>& ports) {
    std::ranges::sort(ports);
    const auto repeated = std::ranges::unique(ports);
    ports.erase(repeated.begin(), repeated.end());
  }
  void close(std::uint32_t first, std::uint32_t last, std::vector<Part>& out) const {
    if (first == last) {
      out.push_back({first, last, 0});
      return;
    }
    const auto from = std::ranges::lower_bound(singles_, first), to = std::ranges::upper_bound(singles_, last);
    out.push_back({first, last, static_cast<std::size_t>(to - from)});
    for (auto at = from; at != to; ++at) out.push_back({*at, *at, 0});
  }
  std::vector<std::uint32_t> singles_, begins_;
};

class Partition {
 public:
  Partition(Side& left, Side& right, net::Family family, const Path& path, const Arena& arena, Singles singles)
      : sides_{&left, &right}, family_(family), path_(path), arena_(arena), singles_(singles) {
    for (std::size_t i = 0; i < 2; ++i) {
      known_[i].assign(sides_[i]->tests(), false);
      of_visit_[i].assign(sides_[i]->tests(), 0);
    }
  }

  void run(const std::function<void(const Pair&)>& each) {
    for (const net::Protocol protocol :
         {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp}) {
      protocol_ = protocol;
      of_protocol(each);
    }
  }

 private:
  void of_protocol(const std::function<void(const Pair&)>& each) {
    const bool ipv4 = family_ == net::Family::ipv4;
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xFF);
    const Address low = *Address::parse(ipv4 ? "0.0.0.0" : "::");
    const Address high = ipv4 ? Address::v4(0xFFFFFFFF) : Address::v6(ones);
    addresses_ = {};
    for (std::vector<bool>& known : known_) known.assign(known.size(), false);
    std::map<Piece, std::vector<Pair>> done;
    AddressCuts::Pieces pieces;
    do {
      grown_ = false;
      pieces = addresses_.pieces(low, high);
      for (const auto& [piece, members] : pieces) {
        const auto [at, fresh] = done.try_emplace(piece);
        if (fresh) ask(piece, members, at->second);
      }
    } while (grown_);
    for (const auto& [piece, members] : pieces) {
      for (Pair& pair : done.at(piece)) {
        if (pair.region.low != pair.region.high) pair.region.members = members;
        each(pair);
      }
    }
  }

  [[nodiscard]] std::uint32_t last_port() const { return protocol_ == net::Protocol::icmp ? 0 : 65535; }

  void ask(const Piece& piece, const std::vector<Address>& members, std::vector<Pair>& found) {
    ++visit_;
    ports_ = {};
    tests_.clear();
    const std::optional<Address> anybody = members.empty() ? addresses_.representative(piece) : members.front();
    if (!anybody) return;
    std::map<Part, std::optional<Pair>> done;
    std::vector<Part> parts;
    bool again = false;
    do {
      again = false;
      parts = ports_.parts(0, last_port());
      for (const Part& part : parts) {
        const auto [at, fresh] = done.try_emplace(part);
        if (!fresh) continue;
        const std::optional<Key> key = representative(part, *anybody, members);
        if (!key) continue;
        const std::size_t asked = tests_.size();
        at->second = ask(piece, members, part, *key);
        again = again || tests_.size() > asked;
        // Tests that were not known before may ask for this port of this address alone.
        if (members.empty() || tests_.size() == asked || !is_own(*key)) continue;
        done.erase(at);
      }
    } while (again || ports_grown());
    for (const Part& part : parts) {
      if (const auto& pair = done.at(part)) found.push_back(*pair);
    }
    for (const Address& member : members) {
      for (const std::uint16_t port : own_ports(member)) found.push_back(ask({member, protocol_, port}));
    }
  }

  bool ports_grown() { return std::exchange(ports_grown_, false); }

  // A destination of the part that is no region of its own.
  std::optional<Key> representative(const Part& part, const Address& anybody, const std::vector<Address>& members) {
    if (members.empty()) {
      const auto port = ports_.representative(part);
      return port ? std::optional(Key{anybody, protocol_, static_cast<std::uint16_t>(*port)}) : std::nullopt;
    }
    for (const Address& member : members) {
      if (const auto port = ports_.representative(part, own_ports(member)))
        return Key{member, protocol_, static_cast<std::uint16_t>(*port)};
    }
    return {};
  }

  Pair ask(const Piece& piece, const std::vector<Address>& members, const Part& part, const Key& key) {
    Pair pair;
    pair.region = {members.empty() ? piece.low : members.front(),
                   members.empty() ? piece.high : members.back(),
                   piece.kind == 0 && piece.count > 0,
                   {},
                   key.protocol,
                   static_cast<std::uint16_t>(part.first),
                   static_cast<std::uint16_t>(part.last),
                   part.singles > 0 || !members.empty(),
                   key};
    pair.left = sides_[0]->residual(key, path_);
    learn(0, piece, part, !members.empty(), key);
    pair.right = sides_[1]->residual(key, path_);
    learn(1, piece, part, !members.empty(), key);
    if (piece.low != piece.high || part.first != part.last) {
      cut_endpoints(pair.region, members, pair.left);
      cut_endpoints(pair.region, members, pair.right);
    }
    return pair;
  }

  // One destination is uniform, whatever was asked.
  Pair ask(const Key& key) {
    const Region alone{key.destination, key.destination, false, {}, key.protocol, key.port, key.port, false, key};
    return {alone, sides_[0]->residual(key, path_), sides_[1]->residual(key, path_)};
  }

  // The cuts of what a side was just asked: of the addresses where there are several, of the ports likewise.
  void learn(std::size_t side, const Piece& piece, const Part& part, bool is_class, const Key& key) {
    for (const std::uint32_t test : sides_[side]->consulted().asked()) {
      if (piece.low != piece.high && !known_[side][test]) {
        known_[side][test] = true;
        address_cuts_.clear();
        sides_[side]->address_cuts(test, protocol_, address_cuts_);
        for (AddressCut& cut : address_cuts_) {
          if (singles_ == Singles::apart) cut.kind = like_no_other;
          addresses_.add(cut, side, test);
        }
        grown_ = grown_ || !address_cuts_.empty();
      }
      if (part.first == part.last && !is_class) continue;
      if (of_visit_[side][test] == visit_) continue;
      of_visit_[side][test] = visit_;
      tests_.emplace_back(side, test);
      port_cuts_.clear();
      sides_[side]->port_cuts(test, key.destination, protocol_, port_cuts_);
      for (const PortCut& cut : port_cuts_) {
        if (is_class && cut.own) continue;
        ports_.add(cut.low, cut.high);
        ports_grown_ = true;
      }
    }
  }

  // The ports that the tests of this visit ask for together with the address.
  std::span<const std::uint16_t> own_ports(const Address& address) {
    own_.clear();
    if (protocol_ == net::Protocol::icmp) return own_;
    port_cuts_.clear();
    for (const auto& [side, test] : tests_) sides_[side]->port_cuts(test, address, protocol_, port_cuts_);
    for (const PortCut& cut : port_cuts_) {
      if (cut.own) own_.push_back(cut.low);
    }
    std::ranges::sort(own_);
    const auto repeated = std::ranges::unique(own_);
    own_.erase(repeated.begin(), repeated.end());
    return own_;
  }
  bool is_own(const Key& key) { return std::ranges::binary_search(own_ports(key.destination), key.port); }

  // Conntrack tells a translation from one that changes nothing, so an endpoint inside of a wide region is cut out.
  void cut_endpoints(const Region& region, const std::vector<Address>& members, NodeId id) {
    const Node& node = arena_.node(id);
    const auto cut = [&](EndpointId endpoint) {
      const auto& [address, port] = arena_.endpoint_of(endpoint);
      if (address < region.low || region.high < address || port < region.first_port || region.last_port < port) return;
      if (!members.empty() && !std::ranges::binary_search(members, address)) return;
      addresses_.single_out(address);
      ports_.add(port, port);
      grown_ = grown_ || region.low != region.high || members.size() == 1;
      ports_grown_ = ports_grown_ || region.first_port != region.last_port;
    };
    switch (node.kind) {
      case NodeKind::test:
        cut_endpoints(region, members, node.parts[1]);
        cut_endpoints(region, members, node.parts[2]);
        return;
      case NodeKind::choice:
        for (const Branch& b : arena_.branches(node)) cut_endpoints(region, members, b.node);
        return;
      case NodeKind::balance:
        for (const BalanceEntry& e : arena_.balance(node).entries) cut(e.endpoint);
        return;
      case NodeKind::to:
        return cut(node.parts[0]);
      case NodeKind::outcome:
      case NodeKind::unknown:
        return;
    }
  }

  std::array<Side*, 2> sides_;
  net::Family family_;
  Path path_;
  const Arena& arena_;
  Singles singles_;
  net::Protocol protocol_ = net::Protocol::tcp;
  std::array<std::vector<bool>, 2> known_;                    // tests whose address cuts are in addresses_
  std::uint32_t visit_ = 0;                                   // to a piece
  std::array<std::vector<std::uint32_t>, 2> of_visit_;        // by test: the last visit that it was asked in
  std::vector<std::pair<std::size_t, std::uint32_t>> tests_;  // of this visit, side and test
  AddressCuts addresses_;
  PortCuts ports_;
  std::vector<AddressCut> address_cuts_;
  std::vector<PortCut> port_cuts_;
  std::vector<std::uint16_t> own_;
  bool grown_ = false, ports_grown_ = false;
};

}  // namespace

void for_each_region(Side& left, Side& right, net::Family family, const Path& path, const Arena& arena,
                     const std::function<void(const Pair&)>& each, Singles singles) {
  Partition(left, right, family, path, arena, singles).run(each);
}

}  // namespace portcullis::specialise

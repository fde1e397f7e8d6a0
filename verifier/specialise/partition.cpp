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

Address before(const Address& a) {
  return *a.previous();
}
std::uint32_t before(std::uint32_t port) {
  return port - 1;
}
std::optional<Address> after(const Address& a) {
  return a.next();
}
std::optional<std::uint32_t> after(std::uint32_t port) {
  return port + 1;
}

// From `low` to `high`, without `singles` points of it that are pieces of their own. Two pieces that agree in all three
// hold the same points, because cuts are only ever added.
template <class Point>
struct Piece {
  Point low{}, high{};
  std::size_t singles = 0;
  auto operator<=>(const Piece&) const = default;
};

template <class Point>
class Cuts {
 public:
  // low … high against everything else.
  void add(const Point& low, const Point& high) {
    if (low == high) {
      singles_.push_back(low);
      return;
    }
    begins_.push_back(low);
    if (const auto next = after(high)) begins_.push_back(*next);
  }

  // What is left of low … high, in order; single points behind the interval that they were taken from.
  std::vector<Piece<Point>> pieces(const Point& low, const Point& high) {
    settle(singles_);
    settle(begins_);
    std::vector<Piece<Point>> out;
    Point begin = low;
    const auto close = [&](const Point& end) {
      const auto from = std::ranges::lower_bound(singles_, begin), to = std::ranges::upper_bound(singles_, end);
      if (begin == end) {
        out.push_back({begin, end, 0});
        return;
      }
      out.push_back({begin, end, static_cast<std::size_t>(to - from)});
      for (auto at = from; at != to; ++at) out.push_back({*at, *at, 0});
    };
    for (auto at = std::ranges::upper_bound(begins_, low); at != begins_.end() && *at <= high; ++at) {
      close(before(*at));
      begin = *at;
    }
    close(high);
    return out;
  }

  // A point of the piece that is no single; nothing if the singles are all of it.
  [[nodiscard]] std::optional<Point> representative(const Piece<Point>& piece) const {
    if (piece.low == piece.high) return piece.low;
    auto single = std::ranges::lower_bound(singles_, piece.low);
    Point at = piece.low;
    while (single != singles_.end() && *single == at) {
      if (at == piece.high) return {};
      at = *after(at);
      ++single;
    }
    return at;
  }

 private:
  static void settle(std::vector<Point>& points) {
    std::ranges::sort(points);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
  }
  std::vector<Point> singles_, begins_;
};

using AddressPiece = Piece<Address>;
using PortPiece = Piece<std::uint32_t>;

class Partition {
 public:
  Partition(Side& left, Side& right, net::Family family, const Path& path, const Arena& arena)
      : sides_{&left, &right}, family_(family), path_(path), arena_(arena) {
    for (std::size_t i = 0; i < 2; ++i) {
      known_[i].assign(sides_[i]->tests(), false);
      at_destination_[i].assign(sides_[i]->tests(), 0);
    }
  }

  void run(const std::function<void(const Pair&)>& each) {
    const bool ipv4 = family_ == net::Family::ipv4;
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xFF);
    const Address low = *Address::parse(ipv4 ? "0.0.0.0" : "::");
    const Address high = ipv4 ? Address::v4(0xFFFFFFFF) : Address::v6(ones);
    std::map<AddressPiece, std::vector<Pair>> done;
    std::vector<AddressPiece> pieces;
    do {
      grown_ = false;
      pieces = addresses_.pieces(low, high);
      for (const AddressPiece& piece : pieces) {
        const auto [at, fresh] = done.try_emplace(piece);
        if (fresh) at->second = ask(piece);
      }
    } while (grown_);
    for (const AddressPiece& piece : pieces) std::ranges::for_each(done.at(piece), each);
  }

 private:
  std::vector<Pair> ask(const AddressPiece& piece) {
    std::vector<Pair> found;
    const std::optional<Address> destination = addresses_.representative(piece);
    if (!destination) return found;
    for (const net::Protocol protocol :
         {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp, net::Protocol::icmp})
      ask(piece, *destination, protocol, found);
    return found;
  }

  void ask(const AddressPiece& piece, const Address& destination, net::Protocol protocol, std::vector<Pair>& found) {
    ++visit_;
    ports_ = {};
    const std::uint32_t last = protocol == net::Protocol::icmp ? 0 : 65535;
    std::map<PortPiece, std::optional<Pair>> done;
    std::vector<PortPiece> pieces;
    do {
      ports_grown_ = false;
      pieces = ports_.pieces(0, last);
      for (const PortPiece& part : pieces) {
        const auto [at, fresh] = done.try_emplace(part);
        const std::optional<std::uint32_t> port = fresh ? ports_.representative(part) : std::nullopt;
        if (port) at->second = ask(piece, part, {destination, protocol, static_cast<std::uint16_t>(*port)});
      }
    } while (ports_grown_);
    for (const PortPiece& part : pieces) {
      if (const auto& pair = done.at(part)) found.push_back(*pair);
    }
  }

  Pair ask(const AddressPiece& piece, const PortPiece& part, const Key& key) {
    Pair pair;
    pair.region = {piece.low,
                   piece.high,
                   piece.singles > 0,
                   key.protocol,
                   static_cast<std::uint16_t>(part.low),
                   static_cast<std::uint16_t>(part.high),
                   part.singles > 0,
                   key};
    pair.left = sides_[0]->residual(key, path_);
    learn(0, key);
    pair.right = sides_[1]->residual(key, path_);
    learn(1, key);
    if (piece.low != piece.high || part.low != part.high) {
      cut_endpoints(pair.region, pair.left);
      cut_endpoints(pair.region, pair.right);
    }
    return pair;
  }

  // The cuts of what a side was just asked.
  void learn(std::size_t side, const Key& key) {
    for (const std::uint32_t test : sides_[side]->consulted().asked()) {
      if (!known_[side][test]) {
        known_[side][test] = true;
        const auto cuts = sides_[side]->address_cuts(test);
        for (const AddressCut& cut : cuts) addresses_.add(cut.low, cut.high);
        grown_ = grown_ || !cuts.empty();
      }
      if (at_destination_[side][test] == visit_) continue;
      at_destination_[side][test] = visit_;
      port_cuts_.clear();
      sides_[side]->port_cuts(test, key.destination, key.protocol, port_cuts_);
      for (const PortCut& cut : port_cuts_) ports_.add(cut.low, cut.high);
      ports_grown_ = ports_grown_ || !port_cuts_.empty();
    }
  }

  // Conntrack tells a translation from one that changes nothing, so an endpoint inside of a wide region is cut out.
  void cut_endpoints(const Region& region, NodeId id) {
    const Node& node = arena_.node(id);
    const auto cut = [&](EndpointId endpoint) {
      const auto& [address, port] = arena_.endpoint_of(endpoint);
      if (address < region.low || region.high < address || port < region.first_port || region.last_port < port) return;
      addresses_.add(address, address);
      ports_.add(port, port);
      grown_ = grown_ || region.low != region.high;
      ports_grown_ = ports_grown_ || region.first_port != region.last_port;
    };
    switch (node.kind) {
      case NodeKind::test:
        cut_endpoints(region, node.parts[1]);
        cut_endpoints(region, node.parts[2]);
        return;
      case NodeKind::choice:
        for (const Branch& b : arena_.branches(node)) cut_endpoints(region, b.node);
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
  std::array<std::vector<bool>, 2> known_;                    // tests whose address cuts are in addresses_
  std::array<std::vector<std::uint32_t>, 2> at_destination_;  // the visit in which a test's port cuts came to ports_
  std::uint32_t visit_ = 0;
  Cuts<Address> addresses_;
  Cuts<std::uint32_t> ports_;
  std::vector<PortCut> port_cuts_;
  bool grown_ = false, ports_grown_ = false;
};

}  // namespace

void for_each_region(Side& left, Side& right, net::Family family, const Path& path, const Arena& arena,
                     const std::function<void(const Pair&)>& each) {
  Partition(left, right, family, path, arena).run(each);
}

}  // namespace portcullis::specialise

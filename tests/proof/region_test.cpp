// A region is uniform: at its corners, and one address or port beside them, both sides have the diagram of the region
// that such a destination belongs to, and the interpreter and the evaluator agree about packets from every source that
// could matter. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_CLUSTERS=1000 ctest -R 'proof:.*corners' --output-on-failure
#include <set>
#include <tuple>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l4/interpret.hpp"
#include "tests/proof/subjects.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/specialise/ruleset.hpp"

namespace {

using namespace portcullis;
using proof::Subject;
using specialise::Key;
using specialise::Pair;
using specialise::Path;
using specialise::Region;

// A region as it was told, with its members.
struct Told : Pair {
  explicit Told(const Pair& pair) : Pair(pair), members(pair.region.members.begin(), pair.region.members.end()) {}
  std::vector<net::Address> members;
};

bool holds(const Told& told, const Key& k) {
  const Region& r = told.region;
  if (!told.members.empty() && !std::ranges::binary_search(told.members, k.destination)) return false;
  return r.protocol == k.protocol && r.low <= k.destination && k.destination <= r.high && r.first_port <= k.port &&
         k.port <= r.last_port;
}

// What belongs to a region of its own is in no wider one: one address before classes before intervals, and one port
// before several.
std::vector<const Told*> owners(const std::vector<Told>& all, const Key& key) {
  std::vector<const Told*> found;
  for (const Told& p : all) {
    if (holds(p, key)) found.push_back(&p);
  }
  const auto narrow = [&](const auto& is_narrow) {
    if (std::ranges::any_of(found, is_narrow)) std::erase_if(found, [&](const Told* p) { return !is_narrow(p); });
  };
  narrow([](const Told* p) { return p->region.low == p->region.high; });
  narrow([](const Told* p) { return !p->members.empty() || p->region.low == p->region.high; });
  narrow([](const Told* p) { return p->region.first_port == p->region.last_port; });
  return found;
}

using Corner = std::tuple<net::Address, net::Protocol, std::uint16_t>;

std::set<Corner> corners(const std::vector<Told>& all) {
  std::set<Corner> out;
  for (const Told& p : all) {
    const Region& r = p.region;
    std::set<net::Address> addresses{r.low, r.high};
    addresses.insert(p.members.begin(), p.members.end());
    if (const auto a = r.low.previous()) addresses.insert(*a);
    if (const auto a = r.high.next()) addresses.insert(*a);
    std::set<std::uint16_t> ports{r.first_port, r.last_port};
    if (r.protocol != net::Protocol::icmp) {
      if (r.first_port > 0) ports.insert(static_cast<std::uint16_t>(r.first_port - 1));
      if (r.last_port < 65535) ports.insert(static_cast<std::uint16_t>(r.last_port + 1));
    }
    for (const net::Address& a : addresses) {
      for (const std::uint16_t port : ports) out.emplace(a, r.protocol, port);
    }
  }
  return out;
}

// Both ends of every range and one beyond them, endpoints, the node itself.
std::set<net::Address> sources(const ir::Program& program) {
  std::set<net::Address> out(program.local_addresses.begin(), program.local_addresses.end());
  const auto ends = [&](const net::Prefix& prefix) {
    for (const auto& a : {std::optional(prefix.address()), prefix.address().previous(), std::optional(prefix.last()),
                          prefix.last().next()}) {
      if (a && prefix.family() == program.family) out.insert(*a);
    }
  };
  for (const ir::Ranges& ranges : program.ranges) {
    for (const net::Prefix& prefix : ranges.sources.prefixes()) ends(prefix);
  }
  if (const auto* cidr = std::get_if<ir::CidrDetector>(&program.detector)) ends(cidr->cidr);
  for (const ir::Pool& pool : program.pools) {
    for (const ir::PoolEntry& entry : pool.entries) out.insert(entry.address);
  }
  out.insert(*net::Address::parse(program.family == net::Family::ipv4 ? "203.0.113.200" : "2001:db8:ffff::1"));
  return out;
}

struct Tally {
  std::size_t regions = 0, classes = 0, corners = 0, packets = 0;
};

class Uniform {
 public:
  Uniform(const Subject& subject, Tally& tally)
      : subject_(subject),
        tally_(tally),
        node_(netfilter::facts(subject.program)),
        meant_(arena_, subject.program),
        emitted_(arena_, subject.model, node_, subject.program.family),
        interpreter_(subject.program),
        evaluator_(subject.model),
        sources_(sources(subject.program)) {}

  void check(const Path& path) {
    std::vector<Told> all;
    specialise::for_each_region(meant_, emitted_, subject_.program.family, path, arena_, [&](const Pair& p) {
      tally_.classes += p.region.members.empty() ? 0 : 1;
      all.emplace_back(p);
    });
    tally_.regions += all.size();
    for (const auto& [address, protocol, port] : corners(all)) {
      const Key key{address, protocol, port};
      INFO(subject_.name << ": " << net::lower_name(protocol) << " " << net::endpoint_text(address, port));
      const std::vector<const Told*> owner = owners(all, key);
      REQUIRE(owner.size() == 1);
      CHECK(meant_.residual(key, path) == owner.front()->left);
      CHECK(emitted_.residual(key, path) == owner.front()->right);
      ++tally_.corners;
      if (path.state == net::ConntrackState::fresh) packets(key, path);
    }
  }

 private:
  void packets(const Key& key, const Path& path) {
    for (const net::Address& source : sources_) {
      net::Packet p;
      p.from = path.from_node ? net::PacketFrom::node : net::PacketFrom::external;
      p.src = source;
      p.dst = key.destination;
      p.protocol = key.protocol;
      p.dport = key.port;
      const ir::Fate meant = interpreter_.fate(p), got = evaluator_.fate(node_, p);
      ++tally_.packets;
      if (!ir::equal(meant, got, p)) FAIL_CHECK(p.text() << ": " << ir::text(meant) << " against " << ir::text(got));
    }
  }

  const Subject& subject_;
  Tally& tally_;
  netfilter::NodeFacts node_;
  specialise::Arena arena_;
  specialise::ProgramSide meant_;
  specialise::RulesetSide emitted_;
  ir::Interpreter interpreter_;
  netfilter::Evaluator evaluator_;
  std::set<net::Address> sources_;
};

}  // namespace

TEST_CASE("regions are uniform at their corners") {
  const std::uint64_t seed = proof::from_environment("PORTCULLIS_SEED", 1),
                      clusters = proof::from_environment("PORTCULLIS_CLUSTERS", 3);
  Tally tally;
  for (std::uint64_t s = seed; s < seed + clusters; ++s) {
    for (const Subject& subject : proof::subjects(s, proof::Size::small)) {
      Uniform uniform(subject, tally);
      for (const bool from_node : {false, true}) {
        uniform.check({from_node, net::ConntrackState::fresh});
        uniform.check({from_node, net::ConntrackState::established});
      }
    }
  }
  fmt::print("seeds from {}: {} regions, {} of them classes, {} corners, {} packets\n", seed, tally.regions,
             tally.classes, tally.corners, tally.packets);
  CHECK(tally.corners > tally.regions);
  CHECK(tally.classes > 0);
}

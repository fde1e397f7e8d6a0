// The judge of fates, without a kernel: what it accepts and what it must not.
#include "tests/kernel/fates.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace portcullis;
using ir::Then;
using kernel::Arrival;
using kernel::Observation;
using kernel::SourceFate;
using Kind = ir::Fate::Kind;

const net::Address client = *net::Address::parse("203.0.113.9"), service = *net::Address::parse("10.96.0.20"),
                   first = *net::Address::parse("10.40.1.5"), second = *net::Address::parse("10.40.2.5");

kernel::Foretold foretold(ir::Fate fate, net::PacketFrom from = net::PacketFrom::external) {
  net::Packet packet;
  packet.from = from;
  packet.src = client;
  packet.dst = service;
  packet.dport = 80;
  return {packet, std::move(fate)};
}

ir::Fate to(std::vector<ir::Target> targets) {
  ir::Fate fate;
  fate.kind = Kind::dnat;
  fate.targets = std::move(targets);
  return fate;
}

ir::Target target(const net::Address& address, bool masquerade = false, Then then = Then::forward,
                  std::uint32_t weight = 1) {
  return {.address = address, .port = 8080, .weight = weight, .masquerade = masquerade, .then = then, .label = {}};
}

Arrival at(const net::Address& address, SourceFate source = SourceFate::kept, std::uint16_t port = 8080) {
  return {address, port, source};
}

bool agree(const kernel::Foretold& what, const Observation& observed, bool sticky = false) {
  return !kernel::disagreement(what, observed, sticky);
}

Observation saw(std::map<Arrival, unsigned> arrived, unsigned refused = 0, unsigned dropped = 0) {
  return {.arrived = std::move(arrived), .refused = refused, .dropped = dropped};
}

}  // namespace

TEST_CASE("fates: every target is seen in its share, and nothing else") {
  const auto two = foretold(to({target(first), target(second)}));
  CHECK(agree(two, saw({{at(first), 40}, {at(second), 60}})));
  CHECK_FALSE(agree(two, saw({{at(first), 100}})));
  CHECK_FALSE(agree(two, saw({{at(first), 4}, {at(second), 96}})));
  CHECK_FALSE(agree(two, saw({{at(first), 50}, {at(second), 49}, {at(client), 1}})));
  CHECK_FALSE(agree(two, saw({{at(first), 50}, {at(second), 50}}, 1)));
  CHECK_FALSE(agree(two, saw({{at(first), 50}, {at(second), 50}}, 0, 1)));
  CHECK_FALSE(agree(two, saw({{at(first), 50}, {at(second, SourceFate::kept, 80), 50}})));
  CHECK_FALSE(agree(two, {}));
  const auto weighted = foretold(to({target(first, false, Then::forward, 9), target(second)}));
  CHECK(agree(weighted, saw({{at(first), 900}, {at(second), 100}})));
  CHECK_FALSE(agree(weighted, saw({{at(first), 500}, {at(second), 500}})));
}

TEST_CASE("fates: a remembered source has one target") {
  const auto two = foretold(to({target(first), target(second)}));
  CHECK(agree(two, saw({{at(first), 3}}), true));
  CHECK(agree(two, saw({{at(second), 3}}), true));
  CHECK_FALSE(agree(two, saw({{at(first), 2}, {at(second), 1}}), true));
  CHECK_FALSE(agree(two, saw({{at(client), 3}}), true));
}

TEST_CASE("fates: sources are compared where the packet meets postrouting") {
  const auto masqueraded = foretold(to({target(first, true)}));
  CHECK(agree(masqueraded, saw({{at(first, SourceFate::replaced), 32}})));
  CHECK_FALSE(agree(masqueraded, saw({{at(first, SourceFate::kept), 32}})));
  CHECK_FALSE(agree(foretold(to({target(first)})), saw({{at(first, SourceFate::replaced), 32}})));
  // Delivered here: whatever the mark says, the source stays.
  const auto here = to({target(first, true, Then::local)});
  CHECK(agree(foretold(here), saw({{at(first, SourceFate::hidden), 32}})));
  CHECK_FALSE(agree(foretold(here), saw({{at(first, SourceFate::replaced), 32}})));
  CHECK_FALSE(agree(masqueraded, saw({{at(first, SourceFate::hidden), 32}})));
  // The node's own packet to itself passes postrouting.
  CHECK(agree(foretold(here, net::PacketFrom::node), saw({{at(first, SourceFate::replaced), 32}})));
}

TEST_CASE("fates: refusals of some targets are told from arrivals") {
  const auto mixed = foretold(to({target(first), target(second, false, Then::reject)}));
  CHECK(agree(mixed, saw({{at(first), 50}}, 50)));
  CHECK_FALSE(agree(mixed, saw({{at(first), 100}})));
  CHECK_FALSE(agree(mixed, saw({{at(first), 50}}, 0, 50)));
  CHECK_FALSE(agree(mixed, saw({{at(first), 50}, {at(second), 50}})));
  const auto dropped = foretold(to({target(first), target(second, false, Then::drop)}));
  CHECK(agree(dropped, saw({{at(first), 50}}, 0, 50)));
  CHECK_FALSE(agree(dropped, saw({{at(first), 50}}, 50)));
}

TEST_CASE("fates: what nobody translates keeps its destination") {
  ir::Fate none;
  const Arrival kept{service, 80, SourceFate::kept}, replaced{service, 80, SourceFate::replaced};
  CHECK(agree(foretold(none), saw({{kept, 32}})));
  CHECK_FALSE(agree(foretold(none), saw({{replaced, 32}})));
  CHECK_FALSE(agree(foretold(none), saw({{at(first), 32}})));
  CHECK_FALSE(agree(foretold(none), saw({}, 32)));
  CHECK_FALSE(agree(foretold(none), saw({}, 0, 32)));
  none.masquerade = true;
  CHECK(agree(foretold(none), saw({{replaced, 32}})));
  ir::Fate refused;
  refused.kind = Kind::reject;
  CHECK(agree(foretold(refused), saw({}, 32)));
  CHECK_FALSE(agree(foretold(refused), saw({}, 31, 1)));
  refused.kind = Kind::drop;
  CHECK(agree(foretold(refused), saw({}, 0, 32)));
  CHECK_FALSE(agree(foretold(refused), saw({{kept, 1}}, 0, 31)));
}

TEST_CASE("fates: more flows where a target is rare") {
  CHECK(kernel::flows_to_see(to({target(first)})) == 32);
  const auto even = kernel::flows_to_see(to({target(first), target(second)}));
  CHECK(even > 32);
  CHECK(kernel::flows_to_see(to({target(first, false, Then::forward, 9), target(second)})) > 4 * even);
}

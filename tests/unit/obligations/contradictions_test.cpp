// Which sentences can never both hold.
#include "verifier/obligations/contradictions.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/policy/bound_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace portcullis::tests {

namespace {

struct Row {
  std::string policy;
  std::string told;  // `demands forbids packet`, by line
};

std::string told(const std::string& policy) {
  const BoundWorld world(shop, {policy});
  std::string out;
  const auto line = [&](std::size_t i) {
    const std::string& place = world.bound.obligations[i].sentence->place;
    return place.substr(place.find(':') + 1);
  };
  for (const obligations::Contradiction& c : obligations::contradictions(world.bound, world.cluster)) {
    out += fmt::format("{}{} {} {}", out.empty() ? "" : "; ", line(c.demands), line(c.forbids), c.packet.text());
  }
  return out;
}

}  // namespace

TEST_CASE("sentences contradict each other if they disagree about a packet") {
  const Row row = GENERATE(values<Row>({
      {"reachable from internet to service shop/db\nunreachable from internet to service shop/db",
       "1 2 tcp from 203.0.113.7 to 10.96.0.54:5432"},
      // In either order.
      {"unreachable from internet to service shop/db\nreachable from internet to service shop/db",
       "2 1 tcp from 203.0.113.7 to 10.96.0.54:5432"},
      // Of a set of sources one is enough.
      {"reachable from 198.51.100.0/24 to service shop/db\nunreachable from 198.51.100.128/25 to service shop/db",
       "1 2 tcp from 198.51.100.135 to 10.96.0.54:5432"},
      {"reachable from 198.51.100.0/25 to service shop/db\nunreachable from 198.51.100.128/25 to service shop/db", ""},
      {"only 198.51.100.0/24 reaches service shop/db\nreachable from pods to service shop/db",
       "2 1 tcp from 10.244.0.7 to 10.96.0.54:5432"},
      {"only pods reaches service shop/db\nreachable from pod shop/web-0 to service shop/db", ""},
      {"reachable from internet to service shop/web port http\nunreachable from internet to service * in namespace "
       "shop",
       "1 2 tcp from 203.0.113.7 to 10.96.0.80:80"},
      {"reachable from internet to service shop/web port http\nunreachable from internet to service * in namespace "
       "shop where tier == \"db\"",
       ""},
      // By another port, or by another frontend, there is still a way.
      {"reachable from internet to service shop/web port http\nunreachable from internet to service shop/web port "
       "admin",
       ""},
      {"reachable from internet to service shop/web port http\nunreachable from internet to node port 30080", ""},
      {"reachable from internet to node port 30080\nunreachable from internet to any node port",
       "1 2 tcp from 203.0.113.7 to 192.168.0.11:30080"},
      // Whoever is outside is no pod.
      {"reachable from internet to service shop/db\nunreachable from pods to service shop/db", ""},
      {"reachable from internet to service shop/db", ""},
  }));
  INFO(row.policy);
  CHECK(told(row.policy) == row.told);
}

}  // namespace portcullis::tests

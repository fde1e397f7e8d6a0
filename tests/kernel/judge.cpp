#include "tests/kernel/judge.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace portcullis::kernel {
namespace {

using cases::Expectation;
using Kind = ir::Fate::Kind;

constexpr unsigned least_flows = 32;
constexpr double unseen_probability = 1e-12;
constexpr unsigned flows_of_a_round = 4;

bool agrees(const Arrival& arrival, const cases::Target& target) {
  if (arrival.address != target.address || arrival.port != target.port) return false;
  return arrival.source == SourceFate::hidden || (arrival.source == SourceFate::replaced) == target.masquerade;
}

bool arrived_as_expected(const Expectation& expected, const Observation& observed) {
  if (observed.refused != 0 || observed.dropped != 0 || observed.arrived.empty()) return false;
  const auto is_expected = [&](const auto& seen) {
    return std::any_of(expected.to.begin(), expected.to.end(),
                       [&](const auto& target) { return agrees(seen.first, target); });
  };
  const auto is_seen = [&](const auto& target) {
    return std::any_of(observed.arrived.begin(), observed.arrived.end(),
                       [&](const auto& seen) { return agrees(seen.first, target); });
  };
  return std::all_of(observed.arrived.begin(), observed.arrived.end(), is_expected) &&
         std::all_of(expected.to.begin(), expected.to.end(), is_seen);
}

bool untouched(const net::Packet& packet, const Observation& observed) {
  if (observed.refused != 0 || observed.dropped != 0 || observed.arrived.empty()) return false;
  return std::all_of(observed.arrived.begin(), observed.arrived.end(), [&](const auto& seen) {
    return seen.first.address == packet.dst && seen.first.port == packet.dport;
  });
}

bool as_expected(const net::Packet& packet, const Expectation& expected, const Observation& observed) {
  switch (expected.kind) {
    case Kind::dnat:
      return arrived_as_expected(expected, observed);
    case Kind::accept:
    case Kind::none:
      return untouched(packet, observed);
    case Kind::reject:
      return observed.refused != 0 && observed.dropped == 0 && observed.arrived.empty();
    case Kind::drop:
      return observed.dropped != 0 && observed.refused == 0 && observed.arrived.empty();
    case Kind::conflict:
      return false;
  }
  return false;
}

void add(Observation& sum, const Observation& more) {
  for (const auto& [to, count] : more.arrived) sum.arrived[to] += count;
  sum.refused += more.refused;
  sum.dropped += more.dropped;
}

std::set<std::pair<net::Address, std::uint16_t>> endpoints(const Observation& observation) {
  std::set<std::pair<net::Address, std::uint16_t>> result;
  for (const auto& [to, count] : observation.arrived) result.emplace(to.address, to.port);
  return result;
}

}  // namespace

unsigned flows_to_see(std::size_t targets) {
  if (targets < 2) return least_flows;
  const auto n = static_cast<double>(targets);
  // n (1 - 1/n)^flows bounds the probability that one of them is missed.
  const double flows = std::ceil(std::log(unseen_probability / n) / std::log(1 - 1 / n));
  return std::max(least_flows, static_cast<unsigned>(flows));
}

std::optional<std::string> disagreement(const net::Packet& packet, const Expectation& expected,
                                        const Observation& observed) {
  if (as_expected(packet, expected, observed)) return std::nullopt;
  return fmt::format("{} {}: expected {}, saw {}", net::to_string(packet.from), packet.text(), expected.text(),
                     observed.text());
}

std::optional<std::string> check(Namespace& node, const net::Packet& packet, const Expectation& expected, bool sticky) {
  const auto flows = flows_to_see(expected.to.size());
  if (!sticky) return disagreement(packet, expected, node.observe({&packet, 1}, flows).front());
  Observation sum;
  for (unsigned round = 0; round < flows; ++round) {
    node.forget_affinity();
    const auto observed = node.observe({&packet, 1}, flows_of_a_round).front();
    if (endpoints(observed).size() > 1)
      return fmt::format("{} {}: one source came to several endpoints: {}", net::to_string(packet.from), packet.text(),
                         observed.text());
    add(sum, observed);
  }
  return disagreement(packet, expected, sum);
}

}  // namespace portcullis::kernel

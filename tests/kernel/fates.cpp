#include "tests/kernel/fates.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::kernel {
namespace {

using ir::Then;
using Kind = ir::Fate::Kind;

constexpr unsigned least_flows = 32;
constexpr double unseen_probability = 1e-12;
constexpr double deviations = 7.5;
constexpr unsigned flows_of_a_round = 3;

// Targets that look alike from outside, with their weights together.
struct Outcome {
  Then then{};
  net::Address address;
  std::uint16_t port = 0;
  bool masquerade = false;
  auto operator<=>(const Outcome&) const = default;
};
using Outcomes = std::map<Outcome, double>;  // probability of each

bool refused(Then then) {
  return then == Then::reject || then == Then::drop;
}

Outcomes outcomes(const Foretold& foretold) {
  const auto& [packet, fate] = foretold;
  switch (fate.kind) {
    case Kind::reject:
      return {{{.then = Then::reject, .address = {}}, 1}};
    case Kind::drop:
      return {{{.then = Then::drop, .address = {}}, 1}};
    case Kind::none:
    case Kind::accept:
      return {{{fate.then, packet.dst, packet.dport, fate.masquerade}, 1}};
    case Kind::conflict:
      throw base::InternalError("a conflict has no fate in the kernel");
    case Kind::dnat:
      break;
  }
  double sum = 0;
  for (const auto& target : fate.targets) sum += target.weight;
  Outcomes result;
  for (const auto& target : fate.targets) {
    const auto outcome = refused(target.then) ? Outcome{.then = target.then, .address = {}}
                                              : Outcome{target.then, target.address, target.port, target.masquerade};
    result[outcome] += target.weight / sum;
  }
  return result;
}

bool looks_like(const net::Packet& packet, const Outcome& outcome, const Arrival& arrival) {
  if (refused(outcome.then) || arrival.address != outcome.address || arrival.port != outcome.port) return false;
  if (packet.from != net::PacketFrom::node && (arrival.source == SourceFate::hidden) != (outcome.then == Then::local))
    return false;
  return arrival.source == SourceFate::hidden || (arrival.source == SourceFate::replaced) == outcome.masquerade;
}

unsigned count(const net::Packet& packet, const Outcome& outcome, const Observation& observed) {
  if (outcome.then == Then::reject) return observed.refused;
  if (outcome.then == Then::drop) return observed.dropped;
  unsigned sum = 0;
  for (const auto& [arrival, flows] : observed.arrived)
    if (looks_like(packet, outcome, arrival)) sum += flows;
  return sum;
}

unsigned total(const Observation& observed) {
  unsigned sum = observed.refused + observed.dropped;
  for (const auto& [arrival, flows] : observed.arrived) sum += flows;
  return sum;
}

bool agrees(const Foretold& foretold, const Observation& observed, bool sticky) {
  const unsigned flows = total(observed);
  unsigned explained = 0, seen = 0;
  for (const auto& [outcome, probability] : outcomes(foretold)) {
    const unsigned n = count(foretold.packet, outcome, observed);
    explained += n;
    seen += n != 0 ? 1 : 0;
    if (sticky || probability == 1) continue;
    const double mean = flows * probability;
    if (n == 0 || std::abs(n - mean) > deviations * std::sqrt(mean * (1 - probability))) return false;
  }
  return flows != 0 && explained == flows && (!sticky || seen == 1);
}

}  // namespace

unsigned flows_to_see(const ir::Fate& fate) {
  const auto all = outcomes({.packet = {}, .fate = fate});
  double least = 1;
  for (const auto& [outcome, probability] : all) least = std::min(least, probability);
  if (least == 1) return least_flows;
  // outcomes × (1 - least)^flows bounds the probability that one of them is missed.
  const double flows = std::ceil(std::log(unseen_probability / static_cast<double>(all.size())) / std::log(1 - least));
  return std::max(least_flows, static_cast<unsigned>(flows));
}

std::optional<std::string> disagreement(const Foretold& foretold, const Observation& observed, bool sticky) {
  if (agrees(foretold, observed, sticky)) return std::nullopt;
  const auto& packet = foretold.packet;
  return fmt::format("{} {}{}{}: expected {}{}, saw {}", net::to_string(packet.from), packet.text(),
                     packet.iif.empty() ? "" : " on ", packet.iif, ir::text(foretold.fate), sticky ? ", sticky" : "",
                     observed.text());
}

std::vector<std::string> check(Namespace& node, std::span<const Foretold> foretold, unsigned rounds) {
  std::vector<std::string> lines;
  std::map<unsigned, std::vector<std::size_t>> by_flows;
  std::vector<std::size_t> sticky;
  for (std::size_t i = 0; i < foretold.size(); ++i) {
    const auto& fate = foretold[i].fate;
    if (fate.kind == Kind::dnat && fate.affinity_seconds)
      sticky.push_back(i);
    else
      by_flows[flows_to_see(fate)].push_back(i);
  }
  const auto send = [&](const std::vector<std::size_t>& which, unsigned flows, bool is_sticky) {
    std::vector<net::Packet> packets;
    packets.reserve(which.size());
    for (const auto i : which) packets.push_back(foretold[i].packet);
    const auto observed = node.observe(packets, flows);
    for (std::size_t k = 0; k < which.size(); ++k)
      if (auto line = disagreement(foretold[which[k]], observed[k], is_sticky)) lines.push_back(std::move(*line));
  };
  for (const auto& [flows, which] : by_flows) send(which, flows, false);
  for (unsigned round = 0; round < rounds && !sticky.empty(); ++round) {
    node.forget_affinity();
    send(sticky, flows_of_a_round, true);
  }
  return lines;
}

}  // namespace portcullis::kernel

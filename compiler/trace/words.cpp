#include "compiler/trace/words.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::trace {

namespace {

// Longer lists are counted, not told.
constexpr std::size_t most_listed = 6;

std::string endpoints(const ir::Fate& fate) {
  std::vector<std::string> list;
  list.reserve(fate.targets.size());
  for (const ir::Target& t : fate.targets) list.push_back(net::endpoint_text(t.address, t.port));
  if (list.size() == 1) return "the endpoint " + list.front();
  if (list.size() > most_listed) return fmt::format("one of {} endpoints", list.size());
  return "one of the endpoints " + base::list_text(list);
}

std::string mark(const ir::Balance& balance, const ir::Target& chosen, const net::Packet& packet) {
  if (!chosen.masquerade) return {};
  if (balance.masquerade == ir::Masquerade::always) return ", marked for masquerade";
  if (packet.src == chosen.address) return ", marked for masquerade because the sender is the endpoint itself";
  return ", marked for masquerade because the source is no pod";
}

}  // namespace

std::string destination(const net::Packet& packet) {
  if (packet.protocol == net::Protocol::icmp) return packet.dst.text();
  return net::endpoint_text(packet.dst, packet.dport);
}

std::string arrow(const net::Packet& packet) {
  return packet.src.text() + " → " + destination(packet);
}

std::string frontend(const ir::Route& route) {
  switch (route.kind) {
    case ir::FrontendKind::cluster_ip:
    case ir::FrontendKind::external_ip:
    case ir::FrontendKind::load_balancer: {
      const std::string key = route.key.address ? net::endpoint_text(*route.key.address, route.key.port)
                                                : fmt::format("port {}", route.key.port);
      return fmt::format("the {} {} of {}", to_string(route.kind), key, route.owner);
    }
    case ir::FrontendKind::node_port:
      return fmt::format("node port {} of {}", route.key.port, route.owner);
    case ir::FrontendKind::host_port:
      return fmt::format("host port {} of {}", route.key.port, route.owner);
  }
  return {};
}

std::string guard(const ir::Program& program, const ir::Route& route, const ir::GuardedOutcome& outcome) {
  const auto ranges = [&](const ir::GuardedOutcome& g) {
    std::vector<std::string> list;
    for (const net::Prefix& p : program.ranges[g.ranges].sources.prefixes()) list.push_back(p.text());
    return list.size() > most_listed ? fmt::format("{} ranges", list.size()) : base::list_text(list);
  };
  const auto condition = [&](const ir::GuardedOutcome& g) -> std::string {
    switch (g.source) {
      case ir::SourceIs::any:
        return {};
      case ir::SourceIs::pod:
        return "a pod";
      case ir::SourceIs::node:
        return "an address of this node";
      case ir::SourceIs::inside:
        return "inside " + ranges(g);
      case ir::SourceIs::outside:
        return "outside " + ranges(g);
    }
    return {};
  };
  if (outcome.source != ir::SourceIs::any) return "the source is " + condition(outcome);
  std::string text;
  for (const ir::GuardedOutcome& earlier : route.outcomes) {
    if (&earlier == &outcome) break;
    text += (text.empty() ? "the source is not " : " and not ") + condition(earlier);
  }
  return text;
}

std::string translation(const ir::Program& program, const ir::Route& route, const ir::GuardedOutcome& outcome,
                        const ir::Fate& fate, const ir::Target& chosen, const net::Packet& packet) {
  const auto& balance = std::get<ir::Balance>(outcome.outcome);
  std::string text = frontend(route) + ": ";
  if (const std::string why = guard(program, route, outcome); !why.empty()) text += why + ", ";
  text += endpoints(fate);
  if (balance.local_set) text += " on this node (policy Local)";
  if (fate.targets.size() > 1) text += ", here " + net::endpoint_text(chosen.address, chosen.port);
  text += mark(balance, chosen, packet);
  if (fate.affinity_seconds) text += fmt::format("; remembered for {} s", *fate.affinity_seconds);
  return text;
}

std::string refused_translation(const ir::Program& program, const ir::Route& route, const ir::Balance& balance) {
  return fmt::format("{}: translated to an endpoint of {}", frontend(route), program.pools[balance.pool].name);
}

std::string verdict(const ir::Check& check, const net::Packet& packet) {
  const auto why = [&]() -> std::string {
    if (check.foreign) return "the FORWARD policy of another table";
    if (std::holds_alternative<ir::ToFrontend>(check.match)) {
      if (std::get<ir::ToFrontend>(check.match).unless_from) {
        return fmt::format("{} is outside the source ranges of {}", packet.src.text(), check.owner);
      }
      return check.verdict == ir::Verdict::reject
                 ? fmt::format("{} has no endpoint that could serve", check.owner)
                 : fmt::format("{} has endpoints, but none that may serve here", check.owner);
    }
    if (std::holds_alternative<ir::ToNodePort>(check.match) && check.verdict != ir::Verdict::accept) {
      return check.verdict == ir::Verdict::reject
                 ? fmt::format("{} has no endpoint that could serve", check.owner)
                 : fmt::format("{} has endpoints, but none that may serve here", check.owner);
    }
    if (std::holds_alternative<ir::ToAddress>(check.match)) {
      return fmt::format("{} is a cluster IP, and no Service port of it is {}", packet.dst.text(),
                         packet.protocol == net::Protocol::icmp
                             ? std::string("ICMP")
                             : fmt::format("{}/{}", packet.dport, to_string(packet.protocol)));
    }
    if (const auto* to = std::get_if<ir::ToPrefix>(&check.match)) {
      return fmt::format("{} is in the Service range {} and of no Service that is served here", packet.dst.text(),
                         to->prefix.text());
    }
    if (std::holds_alternative<ir::Martian>(check.match)) return "a loopback address cannot be reached from elsewhere";
    return check.owner;
  }();
  switch (check.verdict) {
    case ir::Verdict::accept:
      return "accepted: " + why;
    case ir::Verdict::reject:
      return "refused with ICMP port unreachable: " + why;
    case ir::Verdict::drop:
      return "dropped without an answer: " + why;
  }
  return {};
}

}  // namespace portcullis::trace

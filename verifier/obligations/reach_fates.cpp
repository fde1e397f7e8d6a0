#include "verifier/obligations/reach_fates.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/obligations/same_route.hpp"
#include "verifier/specialise/program.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::obligations {

namespace {

using encode::Agreement;
using encode::Judgement;
using verdict::Proof;
using verdict::Standing;

ir::Fate without_masquerade(ir::Fate fate) {
  fate.masquerade = false;
  for (ir::Target& target : fate.targets) target.masquerade = false;
  return fate;
}

// Of a frontend with an address: it is not the balancer's alone.
bool nodes_know(const policy::Frontend& frontend) {
  if (frontend.kind != policy::FrontendKind::load_balancer) return true;
  const auto& ips = frontend.service->load_balancer_ips;
  const auto known = std::ranges::find(ips, *frontend.address, &cluster::LoadBalancerAddress::address);
  return known == ips.end() || known->vip;
}

}  // namespace

struct Fates::Side {
  Side(smt::Session& session, specialise::Arena& arena, const ir::Program& program)
      : side(arena, program),
        same_route(program, side),
        all(session, arena, program.family, program.local_addresses),
        but_masquerade(session, arena, program.family, program.local_addresses, Agreement::but_masquerade) {}
  specialise::ProgramSide side;
  SameRoute same_route;
  encode::Judge all, but_masquerade;
};

Fates::Fates(Network& network, Targets& targets, smt::Session& session, Method method)
    : network_(network), targets_(targets), session_(session), method_(method) {}
Fates::~Fates() = default;

Fates::Side& Fates::side(const cluster::Node& node, net::Family family) {
  std::unique_ptr<Side>& kept = sides_[{&node, family}];
  if (kept == nullptr) {
    kept = std::make_unique<Side>(session_, arenas_[family], network_.rules(node, family).program());
    kept->all.share_theorems(method_ == Method::shapes);
    kept->but_masquerade.share_theorems(method_ == Method::shapes);
  }
  return *kept;
}

std::vector<Key> Fates::keys(const policy::Frontend& frontend, const cluster::Node& node, net::Family family) {
  std::vector<Key> out;
  if (!frontend.address) {
    targets_.add_keys(frontend, node, family, out);
    return out;
  }
  if (frontend.address->family() != family) return out;
  const Key key{*frontend.address, frontend.protocol, frontend.port};
  if (nodes_know(frontend)) out.push_back(key);
  if (frontend.kind != policy::FrontendKind::load_balancer) return out;
  const Way way = network_.from_outside(key);
  const auto here = std::ranges::find(way.arrivals, &node, &Arrival::node);
  if (here != way.arrivals.end() && !(here->key == key)) out.push_back(here->key);
  return out;
}

Fates::Keys Fates::all_keys(const policy::Frontend& frontend, net::Family family) {
  Keys out;
  std::vector<Key> own;
  if (frontend.address && frontend.address->family() != family) return out;
  if (!frontend.address) {
    for (const cluster::Node& node : network_.cluster().nodes) {
      own.clear();
      targets_.add_keys(frontend, node, family, own);
      for (const Key& key : own) out.at.emplace_back(&node, key);
    }
    return out;
  }
  const Key key{*frontend.address, frontend.protocol, frontend.port};
  if (nodes_know(frontend)) out.everywhere.push_back(key);
  if (frontend.kind != policy::FrontendKind::load_balancer) return out;
  for (const Arrival& arrival : network_.from_outside(key).arrivals) {
    if (!(arrival.key == key)) out.at.emplace_back(arrival.node, arrival.key);
  }
  return out;
}

bool Fates::same_everywhere(const policy::Frontend& first, const policy::Frontend& second) {
  for (const policy::Frontend* f : {&first, &second}) {
    if (!is_alike_on_all_nodes(*f->service, *f->service_port)) return false;
  }
  if (method_ != Method::shapes || network_.cluster().nodes.empty()) return false;
  const cluster::Node& one = network_.cluster().nodes.front();
  bool any = false;
  for (const net::Family family : net::all_families) {
    const Keys left = all_keys(first, family), right = all_keys(second, family);
    if (left.everywhere.empty() && left.at.empty()) continue;
    const SameRoute& same_route = side(one, family).same_route;
    const auto holds = [&](const Key& a, const Key& b) {
      any = true;
      return same_route.holds_elsewhere(a, b, false);
    };
    const auto is_ours = [&](const std::pair<const cluster::Node*, Key>& at) {
      const Network::Owner& owner = network_.owner(at.second.destination);
      return !owner.balancer && !owner.service && !owner.external &&
             targets_.takes_node_ports(*at.first, at.second.destination);
    };
    if (!std::ranges::all_of(left.at, is_ours) || !std::ranges::all_of(right.at, is_ours)) return false;
    for (const Key& a : left.everywhere) {
      for (const Key& b : right.everywhere) {
        if (!holds(a, b)) return false;
      }
      for (const auto& [node, b] : right.at) {
        if (!holds(a, b)) return false;
      }
    }
    for (const auto& [node, a] : left.at) {
      for (const Key& b : right.everywhere) {
        if (!holds(a, b)) return false;
      }
      for (const auto& [other, b] : right.at) {
        if (node == other && !holds(a, b)) return false;
      }
    }
  }
  return any;
}

void Fates::same(const policy::SameFateQuestion& question, Proof& proof, bool tell_masquerade) {
  proof.standing = Standing::vacuous;
  std::size_t pairs = 0;
  for (const net::Family family : net::all_families) {
    for (const cluster::Node& node : network_.cluster().nodes) {
      for (const policy::Frontend& first : question.first) {
        for (const policy::Frontend& second : question.second) {
          for (const Key& left : keys(first, node, family)) {
            for (const Key& right : keys(second, node, family)) {
              if (proof.standing == Standing::vacuous) proof.standing = Standing::proved;
              ++pairs;
              if (compare(node, left, right, question.with_source, tell_masquerade, proof)) return;
            }
          }
        }
      }
    }
  }
  proof.decided = fmt::format("{} pair{} of an address on a node", pairs, pairs == 1 ? "" : "s");
  if (pairs == 0) proof.reason = "no node knows addresses of both of one family";
}

bool Fates::compare(const cluster::Node& node, const Key& left, const Key& right, bool with_source,
                    bool tell_masquerade, Proof& proof) {
  Side& s = side(node, left.destination.family());
  const bool silent = with_source || !tell_masquerade || !proof.except.empty();
  if (silent && method_ == Method::shapes && s.same_route.holds(left, right, with_source)) return false;
  for (const bool from_node : {false, true}) {
    const specialise::Path path{from_node, net::ConntrackState::fresh};
    const specialise::NodeId a = s.side.residual(left, path), b = s.side.residual(right, path);
    const Judgement asked = (with_source ? s.all : s.but_masquerade).judge(a, b, left, path);
    switch (asked.kind) {
      case Judgement::Kind::equal:
        if (with_source || !tell_masquerade || !proof.except.empty()) break;
        if (const Judgement whole = s.all.judge(a, b, left, path); whole.witness)
          proof.except.push_back(fmt::format("the source: on {}, {} is masqueraded by only one of them", node.name,
                                             whole.witness->text()));
        break;
      case Judgement::Kind::different:
        refute(node, *asked.witness, right, with_source, proof);
        return true;
      case Judgement::Kind::unrecognised:
      case Judgement::Kind::unknown:
        proof.standing = Standing::unknown;
        if (proof.reason.empty())
          proof.reason = asked.reason.empty() ? "a random choice in a form that is no balance" : asked.reason;
        break;
    }
  }
  return false;
}

void Fates::refute(const cluster::Node& node, const net::Packet& found, const Key& right, bool with_source,
                   Proof& proof) {
  const ir::Interpreter& rules = network_.rules(node, found.family());
  const auto fates = [&](net::Packet packet) {
    const ir::Fate first = rules.fate(packet);
    packet.dst = right.destination;
    packet.dport = right.port;
    return std::pair(first, rules.fate(packet));
  };
  const auto differ = [&](const net::Packet& packet) {
    const auto [a, b] = fates(packet);
    return with_source ? !ir::equal(a, b, packet) : !ir::equal(without_masquerade(a), without_masquerade(b), packet);
  };
  if (!differ(found)) {
    throw verdict::ReplayDisagrees("no difference between " + found.text() + " and to " +
                                   net::endpoint_text(right.destination, right.port));
  }
  const auto start = [&](const net::Address& source) -> std::optional<net::PacketFrom> {
    const net::PacketFrom from = network_.atlas().origin_of(source, &node);
    const bool own = from == net::PacketFrom::node && node.is_local(source);
    if (own != (found.from == net::PacketFrom::node)) return {};
    return own ? from : from == net::PacketFrom::node ? net::PacketFrom::external : from;
  };
  const net::Packet packet = likely(found, likely_sources(network_.cluster(), found.family(), &node), start, differ);
  const auto [a, b] = fates(packet);
  proof.standing = Standing::refuted;
  proof.witness = packet;
  proof.node = node.name;
  proof.reason = fmt::format("on {}, {} has the fate `{}`, and to {} `{}`", node.name, packet.text(), ir::text(a),
                             net::endpoint_text(right.destination, right.port), ir::text(b));
}

}  // namespace portcullis::obligations

#include "verifier/obligations/meetings.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/ir/l4/interpret.hpp"
#include "compiler/ir/l4/surroundings.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::obligations {

namespace {

using cluster::Cluster;
using cluster::Node;
using cluster::Service;
using smt::Answer;
using smt::Term;
using Claims = std::vector<const PortClaim*>;

// A group in which more different sets of claims meet is in such disorder that the rest is not worth naming.
constexpr std::size_t most_meetings = 16;
constexpr unsigned node_bits = 32;

const net::Address example_source_v4 = net::Address::v4(0xCB007101);  // 203.0.113.1, RFC 5737
const net::Address example_source_v6 = *net::Address::parse("2001:db8::1");

// ---- fates

bool cluster_ip(const PortClaim& claim) {
  return claim.address &&
         std::ranges::any_of(claim.service->cluster_ips, [&](const auto& ip) { return ip.address == *claim.address; });
}

bool has_external_address(const Service& service, const cluster::ServicePort& port) {
  return port.node_port != 0 || !service.external_ips.empty() ||
         std::ranges::any_of(service.load_balancer_ips, &cluster::LoadBalancerAddress::vip);
}

bool same_endpoint(const cluster::Endpoint& a, const cluster::Endpoint& b) {
  return a.address == b.address && a.port == b.port && a.ready == b.ready && a.serving == b.serving &&
         a.terminating == b.terminating && a.node == b.node && a.for_zones == b.for_zones &&
         a.for_nodes == b.for_nodes && a.alternatives.empty() && b.alternatives.empty();
}

// Source ranges guard balancer addresses only.
bool guarded(const PortClaim& claim) {
  return claim.service->has_source_ranges && claim.address && !cluster_ip(claim) &&
         std::ranges::any_of(claim.service->load_balancer_ips,
                             [&](const auto& ip) { return ip.address == *claim.address; });
}

// Whether two claims of Services send every packet the same way. False where it is not obvious: then the owners differ
// in something that a client could notice one day.
bool same_fate(const PortClaim& a, const PortClaim& b) {
  if (a.holder == Holder::health_check || b.holder == Holder::health_check) return &a == &b;
  if (a.service_port == b.service_port) return true;  // if one key, the first kind of frontend has it
  if (cluster_ip(a) != cluster_ip(b) || guarded(a) || guarded(b)) return false;
  const Service &left = *a.service, &right = *b.service;
  if (left.affinity_seconds || right.affinity_seconds) return false;  // each port remembers for itself
  return left.skipped == right.skipped && left.external_policy == right.external_policy &&
         left.internal_policy == right.internal_policy &&
         has_external_address(left, *a.service_port) == has_external_address(right, *b.service_port) &&
         !a.service_port->endpoints.empty() &&  // whose endpoints are not in the input will have others
         std::ranges::equal(a.service_port->endpoints, b.service_port->endpoints, same_endpoint);
}

// Claims of Services, by fate.
std::vector<Claims> by_fate(const Claims& claims) {
  std::vector<Claims> fates;
  for (const PortClaim* claim : claims) {
    if (!claim->of_service()) continue;
    const auto same = std::ranges::find_if(fates, [&](const Claims& fate) { return same_fate(*fate.front(), *claim); });
    if (same == fates.end()) {
      fates.push_back({claim});
    } else {
      same->push_back(claim);
    }
  }
  return fates;
}

bool has(const Claims& claims, bool (PortClaim::*is)() const) {
  return std::ranges::any_of(claims, [&](const PortClaim* claim) { return (claim->*is)(); });
}

// ---- addresses

// Where a claim listens on a node: single addresses, and loopback as a whole or not.
struct Listening {
  std::vector<net::Address> addresses;
  bool loopback = false;
};

const net::Prefix loopback_v4 = net::Prefix(net::Address::v4(0x7F000000), 8);
const net::Prefix loopback_v6 = net::Prefix::host(*net::Address::parse("::1"));
const net::Prefix& loopback(net::Family family) {
  return family == net::Family::ipv4 ? loopback_v4 : loopback_v6;
}

class World {
 public:
  World(const Cluster& cluster, const Claims& claims, net::Family family)
      : cluster_(cluster), claims_(claims), family_(family) {
    for (const PortClaim* claim : claims) {
      if (claim->address) named_.push_back(*claim->address);
    }
    std::ranges::sort(named_);
    choose_nodes();
  }

  // Nodes that stand for all: one of each kind that the claims tell apart.
  [[nodiscard]] const std::vector<const Node*>& nodes() const { return nodes_; }
  [[nodiscard]] net::Family family() const { return family_; }

  // The claim as far as it names one address, on any node.
  [[nodiscard]] bool exact(const PortClaim& claim) const { return claim.holder == Holder::service_address; }

  [[nodiscard]] Listening listening(const PortClaim& claim, const Node& node) const {
    if (!stands_on(claim, node)) return {};
    if (claim.address) return on_one_address(claim, node);
    if (claim.holder == Holder::node_port || claim.holder == Holder::health_check)
      return on_accepted(*claim.service, node);
    return {addresses(node), true};
  }

  [[nodiscard]] bool covers(const PortClaim& claim, const Node& node, const net::Address& address) const {
    if (exact(claim)) return address == *claim.address;
    const Listening where = listening(claim, node);
    return std::ranges::find(where.addresses, address) != where.addresses.end() ||
           (where.loopback && loopback(family_).contains(address));
  }

 private:
  // Without those that planning made up and a claim names: a real node has others.
  [[nodiscard]] std::vector<net::Address> addresses(const Node& node) const {
    std::vector<net::Address> out;
    for (const net::Address& address : node.addresses) {
      if (address.family() == family_ && !address.is_loopback() && usable(node, address)) out.push_back(address);
    }
    return out;
  }
  [[nodiscard]] bool usable(const Node& node, const net::Address& address) const {
    return !node.addresses_planned || !std::ranges::binary_search(named_, address);
  }

  [[nodiscard]] bool stands_on(const PortClaim& claim, const Node& node) const {
    if (claim.of_service()) return claim.service->cluster_ip(family_) != nullptr;
    if (claim.holder == Holder::profile_host_port)
      return claim.node == &node && claim.host_port->pod_ip.family() == family_;
    if (claim.holder == Holder::reserved) return true;
    if (claim.want->host_ip && claim.want->host_ip->family() != family_) return false;
    const auto index = static_cast<std::uint32_t>(&node - cluster_.nodes.data());
    return claim.workload->nodes_unknown || std::ranges::binary_search(claim.workload->nodes, index);
  }

  [[nodiscard]] Listening on_one_address(const PortClaim& claim, const Node& node) const {
    if (claim.address->family() != family_) return {};
    const bool here =
        claim.address->is_loopback() ||
        (std::ranges::find(node.addresses, *claim.address) != node.addresses.end() && usable(node, *claim.address));
    return here ? Listening{{*claim.address}, false} : Listening{};
  }

  [[nodiscard]] Listening on_accepted(const Service& service, const Node& node) const {
    if (service.skipped) return {};
    const ir::AcceptedAddresses accepted = ir::accepted_addresses(cluster_.profile, node, family_);
    if (accepted.every_local) return {addresses(node), accepted.loopback};
    Listening where;
    for (const net::Address& address : accepted.addresses) {
      if (usable(node, address)) where.addresses.push_back(address);
    }
    return where;
  }

  // Nodes on which the same claims stand, with the same addresses named and others in the same number classes, differ
  // only in what their addresses are called: one of them stands for all.
  void choose_nodes() {
    std::map<std::vector<std::size_t>, const Node*> kinds;
    for (const Node& node : cluster_.nodes) {
      std::vector<std::size_t> kind;
      for (const PortClaim* claim : claims_) {
        const Listening where = exact(*claim) ? Listening{} : listening(*claim, node);
        kind.push_back(std::min<std::size_t>(where.addresses.size(), 2) * 2 + (where.loopback ? 1 : 0));
      }
      for (const net::Address& address : named_) {
        if (std::ranges::find(node.addresses, address) != node.addresses.end() && usable(node, address))
          kind.push_back(static_cast<std::size_t>(&node - cluster_.nodes.data()) + claims_.size());
      }
      if (kinds.emplace(std::move(kind), &node).second) nodes_.push_back(&node);
    }
  }

  const Cluster& cluster_;
  const Claims& claims_;
  net::Family family_;
  std::vector<net::Address> named_;  // sorted
  std::vector<const Node*> nodes_;
};

// ---- the question

class Question {
 public:
  Question(const World& world, const Claims& claims, smt::Session& session)
      : world_(world),
        claims_(claims),
        session_(session),
        width_(world.family() == net::Family::ipv4 ? 32 : 128),
        destination_(session.bits(world.family() == net::Family::ipv4 ? "destination" : "destination6", width_)),
        node_(session.bits("node", node_bits)) {
    for (const PortClaim* claim : claims) covers_.push_back(covers(*claim));
  }

  // Fewer than two claims can take a packet of this family at all.
  [[nodiscard]] bool idle() const { return possible_ < 2; }

  // Satisfiable iff two claims with different fates take one packet at one node, and at least one claim takes it that
  // is not in each of `known`.
  smt::Result ask(const std::vector<Meeting>& known) {
    const Term somewhere = session_.at_most(node_, session_.number(world_.nodes().size() - 1, node_bits));
    std::vector<Term> assertions{somewhere, meet()};
    for (const Meeting& meeting : known)
      assertions.push_back(any_of(
          [&](const PortClaim* claim) { return std::ranges::find(meeting.claims, claim) == meeting.claims.end(); }));
    const PortClaim& first = *claims_.front();
    return session_.check(
        fmt::format("conflict {}/{} {}", net::to_string(first.protocol), first.port, net::to_string(world_.family())),
        assertions);
  }

  [[nodiscard]] const Node& node(const smt::Model& model) const { return *world_.nodes().at(model.number(node_)); }
  [[nodiscard]] net::Address destination(const smt::Model& model) const {
    const std::vector<std::uint32_t> words = model.words(destination_);
    if (width_ == 32) return net::Address::v4(words.front());
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - i % 4 * 8));
    return net::Address::v6(bytes);
  }

 private:
  Term constant(const net::Address& address) {
    if (width_ == 32) return session_.number(address.v4_value(), 32);
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < address.bytes().size(); ++i) words[i / 4] = words[i / 4] << 8U | address.bytes()[i];
    return session_.words(words, width_);
  }
  Term goes_to(const net::Address& address) { return session_.equal(destination_, constant(address)); }

  // Iff the packet is one that the claim takes.
  Term covers(const PortClaim& claim) {
    if (world_.exact(claim) && claim.address->family() != world_.family()) return session_.truth(false);
    if (world_.exact(claim)) {
      ++possible_;
      return goes_to(*claim.address);
    }
    std::vector<Term> ways;
    for (std::size_t i = 0; i < world_.nodes().size(); ++i) {
      const Listening where = world_.listening(claim, *world_.nodes()[i]);
      std::vector<Term> here;
      here.reserve(where.addresses.size() + 1);
      for (const net::Address& address : where.addresses) here.push_back(goes_to(address));
      if (where.loopback) {
        const net::Prefix& prefix = loopback(world_.family());
        here.push_back(
            session_.same_prefix(destination_, constant(prefix.address()), static_cast<unsigned>(prefix.length())));
      }
      if (!here.empty())
        ways.push_back(session_.all({session_.equal(node_, session_.number(i, node_bits)), session_.any(here)}));
    }
    if (!ways.empty()) ++possible_;
    return session_.any(ways);
  }

  template <class Is>
  Term any_of(const Is& is) {
    std::vector<Term> terms;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      if (is(claims_[i])) terms.push_back(covers_[i]);
    }
    return session_.any(terms);
  }

  Term meet() {
    std::vector<Term> fates;
    for (const Claims& fate : by_fate(claims_))
      fates.push_back(any_of([&](const PortClaim* c) { return std::ranges::find(fate, c) != fate.end(); }));
    const Term service = session_.any(fates);
    const Term pod = any_of([](const PortClaim* c) { return c->of_pod(); });
    const Term stranger = any_of([](const PortClaim* c) { return c->of_pod() && !c->of_node_component(); });
    const Term reserved = any_of([](const PortClaim* c) { return c->holder == Holder::reserved; });
    return session_.any({session_.no(session_.at_most_of(fates, 1)), session_.all({service, pod}),
                         session_.all({reserved, session_.any({service, stranger})})});
  }

  const World& world_;
  const Claims& claims_;
  smt::Session& session_;
  unsigned width_;
  Term destination_, node_;
  std::size_t possible_ = 0;
  std::vector<Term> covers_;  // by claim
};

// ---- replay

// What the interpreter says of the packet, with no other Services than those that claim it: these see no other packet.
// Throws unless one of the claimants has it, or all of them fight for it.
void replay(const Cluster& cluster, const Meeting& meeting) {
  Cluster slice;
  slice.profile = cluster.profile;
  slice.nodes = {*meeting.node};
  slice.nodes.front().host_ports.clear();
  std::set<std::string> of_address, of_node_port;  // owners
  std::set<const Service*> taken;
  for (const PortClaim* claim : meeting.claims) {
    if (claim->service_port == nullptr || !claim->service->programmed()) continue;
    (claim->holder == Holder::node_port ? of_node_port : of_address)
        .insert(cluster::service_port_name(*claim->service, *claim->service_port));
    if (taken.insert(claim->service).second) slice.services.push_back(*claim->service);
  }
  if (taken.empty()) return;
  const ir::Program program = ir::build(slice, slice.nodes.front(), meeting.packet.family());
  const ir::Interpreter interpreter(program);
  ir::Trail trail;
  const ir::Fate fate = interpreter.fate(meeting.packet, {}, &trail);
  // An address comes before node ports. Source ranges may drop the packet before anybody asks who has it.
  const std::set<std::string>& first = of_address.empty() ? of_node_port : of_address;
  bool agrees = trail.range_check != nullptr;
  if (first.size() > 1) agrees = agrees || fate.kind == ir::Fate::Kind::conflict;
  if (first.size() == 1)
    agrees = agrees || trail.route == nullptr || of_address.contains(trail.route->owner) ||
             of_node_port.contains(trail.route->owner);
  if (!agrees)
    throw verdict::ReplayDisagrees(fmt::format("solver and interpreter differ about {} on {}: {}",
                                               meeting.packet.text(), meeting.node->name, ir::text(fate)));
}

Meeting decode(const World& world, const Claims& claims, const Question& question, const smt::Model& model) {
  Meeting meeting;
  meeting.node = &question.node(model);
  meeting.packet.dst = question.destination(model);
  meeting.packet.src = world.family() == net::Family::ipv4 ? example_source_v4 : example_source_v6;
  if (meeting.packet.dst.is_loopback()) {  // only the node itself can send there
    meeting.packet.src = meeting.packet.dst;
    meeting.packet.from = net::PacketFrom::node;
  }
  meeting.packet.protocol = claims.front()->protocol;
  meeting.packet.dport = claims.front()->port;
  std::ranges::copy_if(claims, std::back_inserter(meeting.claims),
                       [&](const PortClaim* claim) { return world.covers(*claim, *meeting.node, meeting.packet.dst); });
  return meeting;
}

bool within(const Claims& some, const Claims& all) {
  return std::ranges::all_of(some, [&](const PortClaim* claim) { return std::ranges::find(all, claim) != all.end(); });
}

}  // namespace

bool services_meet(const Claims& claims) {
  return by_fate(claims).size() > 1;
}

bool node_is_met(const Claims& claims) {
  const bool service = has(claims, &PortClaim::of_service), pod = has(claims, &PortClaim::of_pod);
  const bool stranger =
      std::ranges::any_of(claims, [](const PortClaim* c) { return c->of_pod() && !c->of_node_component(); });
  const bool reserved = std::ranges::any_of(claims, [](const PortClaim* c) { return c->holder == Holder::reserved; });
  return (service && pod) || (reserved && (service || stranger));
}

Meetings find_meetings(const Cluster& cluster, const Claims& group, smt::Session& session) {
  Meetings out;
  for (const net::Family family : net::all_families) {
    const smt::Session::Scope scope(session);
    const World world(cluster, group, family);
    if (world.nodes().empty()) continue;
    Question question(world, group, session);
    while (!question.idle() && out.found.size() < most_meetings) {
      const smt::Result result = question.ask(out.found);
      if (result.answer == Answer::unknown) out.unknown = result.reason;
      if (result.answer != Answer::satisfiable) break;
      Meeting meeting = decode(world, group, question, *result.model);
      if (!services_meet(meeting.claims) && !node_is_met(meeting.claims))
        throw verdict::ReplayDisagrees("a packet of the solver's that nobody fights for: " + meeting.packet.text());
      replay(cluster, meeting);
      std::erase_if(out.found, [&](const Meeting& known) { return within(known.claims, meeting.claims); });
      out.found.push_back(std::move(meeting));
    }
  }
  return out;
}

}  // namespace portcullis::obligations

#include "verifier/obligations/reach_ingress.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/serve.hpp"
#include "compiler/net/prefix_algebra.hpp"
#include "compiler/policy/destinations.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::obligations {

namespace {

using ir::l7::Decision;
using ir::l7::Entry;
using ir::l7::Request;
using ir::l7::Router;
using verdict::Proof;
using verdict::Standing;

// More sets of lost nodes are not looked at.
constexpr std::size_t most_sets = 64;
// Nor more kinds of clients that a router tells apart.
constexpr std::size_t most_kinds = 256;

void leave_open(Proof& proof, const std::string& why) {
  proof.standing = Standing::unknown;
  if (proof.reason.empty()) proof.reason = why;
}

// A source that people know, if the set has one.
net::Address likely_source(const cluster::Cluster& cluster, const net::PrefixSet& set) {
  const net::Family family = set.prefixes().front().family();
  return likely_within(set, family, likely_sources(cluster, family, nullptr)).front();
}

// `GET https://shop.example.com/cart from 203.0.113.7`
std::string short_text(const Request& request) {
  return fmt::format("{} {}://{}{} from {}", base::printable(request.method), request.https ? "https" : "http",
                     base::printable(ir::l7::host_as_sent(request)), base::printable(request.target),
                     request.source->text());
}

net::PrefixSet only_address(const net::Address& address) {
  return net::PrefixSet({net::Prefix(address, address.bits())});
}

}  // namespace

// The routers without some nodes.
struct Ingresses::Losses {
  Losses(const Network& network, std::span<const std::uint32_t> lost)
      : cluster(without_nodes(network, lost)), routers(ir::l7::build_routers(cluster, unread)) {}
  // Null: there is no such router any more.
  [[nodiscard]] const ir::l7::Server* server(const std::string& name) {
    const auto found = std::ranges::find(routers, name, &Router::name);
    if (found == routers.end()) return nullptr;
    auto& kept = servers[&*found];
    if (kept == nullptr) kept = std::make_unique<ir::l7::Server>(*found);
    return kept.get();
  }
  base::Diagnostics unread;
  cluster::Cluster cluster;
  std::vector<Router> routers;
  std::map<const Router*, std::unique_ptr<ir::l7::Server>> servers;
};

Ingresses::Ingresses(const cluster::Cluster& cluster, smt::Session& session, Method method)
    : cluster_(cluster), network_(cluster), delivery_(network_, session, method), routers_(cluster, session) {
  for (std::size_t i = 0; i < routers_.all().size(); ++i) {
    const Entry entry = ir::l7::entry_of(cluster, routers_.all()[i]);
    const std::size_t before = ways_.size();
    const auto add = [&](bool https, std::optional<policy::Destination> to, std::string_view at) {
      const auto* service = to ? std::get_if<policy::ServiceDestination>(&*to) : nullptr;
      const bool inside = service != nullptr && service->frontends.front().kind == policy::FrontendKind::cluster_ip;
      ways_.push_back(
          {i, https, std::move(to), inside, fmt::format("{} at {}", https ? "https" : "http", at), entry.origin});
    };
    if (entry.kind == Entry::Kind::node_ports) {
      for (const bool https : {true, false}) add(https, {}, "the balancer outside");
      continue;
    }
    Doors encrypted = doors(entry, true), plain = doors(entry, false);
    for (std::size_t n = 0; n < std::max(encrypted.size(), plain.size()); ++n) {
      if (n < encrypted.size()) add(true, std::move(encrypted[n].first), encrypted[n].second);
      if (n < plain.size()) add(false, std::move(plain[n].first), plain[n].second);
    }
    if (ways_.size() == before) closed_.push_back(i);
  }
}
Ingresses::~Ingresses() = default;

// ---- what clients connect to

Ingresses::Doors Ingresses::doors(const Entry& entry, bool https) {
  if (entry.kind == Entry::Kind::service) {
    const std::size_t slash = entry.service.find('/');
    if (slash == std::string::npos) return {};
    const cluster::Service* service = cluster_.service(entry.service.substr(0, slash), entry.service.substr(slash + 1));
    return service == nullptr ? Doors{} : doors(*service, https);
  }
  policy::DoorsDestination out{entry.kind == Entry::Kind::node ? "the proxy of a node" : "the node of a proxy", {}};
  for (const ir::l7::Door& one : ir::l7::doors(cluster_, entry, https)) {
    if (entry.kind != Entry::Kind::host_port && is_taken_away(one)) continue;
    out.doors.emplace_back(one.address, one.port);
    // Host ports are in the rules, and pods on the network of nodes are known to listen there.
    if (entry.kind == Entry::Kind::node || entry.service.empty()) network_.add_listener(one.address, one.port);
  }
  if (out.doors.empty()) return {};
  const std::string name = out.owner;
  return {{std::move(out), name}};
}

// By a rule of the node that sends the connection to somebody else, such as a pod with a host port.
bool Ingresses::is_taken_away(const ir::l7::Door& door) {
  const cluster::Node* node = cluster_.node(door.node);
  if (node == nullptr) return false;
  net::Packet packet = packet_to({door.address, net::Protocol::tcp, door.port});
  packet.src = somebody_outside(door.address.family());
  packet.sport = client_port;
  packet.from = net::PacketFrom::external;
  return network_.rules(*node, door.address.family()).fate(packet).kind == ir::Fate::Kind::dnat;
}

// Each frontend is one, the balancer's first.
Ingresses::Doors Ingresses::doors(const cluster::Service& service, bool https) const {
  const cluster::ServicePort* port = ir::l7::entry_port(service, https);
  if (port == nullptr) return {};
  Doors out;
  using enum policy::FrontendKind;
  for (const policy::FrontendKind kind : {load_balancer, external_ip, node_port, cluster_ip}) {
    for (const policy::Frontend& f : policy::frontends_of(service, *port)) {
      if (f.kind != kind) continue;
      const std::string at = f.address ? net::endpoint_text(*f.address, f.port) : std::to_string(f.port);
      out.emplace_back(policy::ServiceDestination{&service, port, {f}}, fmt::format("{} {}", to_string(kind), at));
    }
  }
  return out;
}

policy::SharedSources Ingresses::only(const Client& client) {
  policy::SourceGroup group = *client.group;
  group.addresses = client.addresses;
  return sources_.emplace_back(std::make_shared<policy::Sources>(policy::Sources{{}, {std::move(group)}}));
}

bool Ingresses::takes(const Way& way, const Client& client) {
  return !way.inside || client.group->origin != policy::Origin::outside;
}

std::vector<Ingresses::Client> Ingresses::clients(const policy::Sources& from) const {
  std::vector<Client> out;
  for (const net::Family family : net::all_families) {
    for (const policy::SourceGroup& group : from.groups) {
      net::PrefixSet addresses = net::of_family(group.addresses, family);
      if (!addresses.prefixes().empty()) out.push_back({&group, std::move(addresses)});
    }
  }
  return out;
}

// ---- unreachable, only

void Ingresses::unreachable(const policy::RequestUnreachableQuestion& question, Proof& proof) {
  proof.standing = Standing::proved;
  std::size_t asked = closed_.size();
  for (const std::size_t router : closed_) {
    if (would_forward(router, question)) leave_open(proof, no_way_to(router));
  }
  for (const Client& client : clients(*question.from)) {
    for (const Way& way : ways_) {
      if (!takes(way, client)) continue;
      ++asked;
      if (shown(client, way, question.to, proof)) return;
    }
  }
  proof.decided = fmt::format("{} kind{} of requests", asked, asked == 1 ? "" : "s");
  if (asked > 0 || proof.standing == Standing::unknown) return;
  proof.standing = Standing::vacuous;
  proof.reason = "no router serves any Ingress";
}

bool Ingresses::would_forward(std::size_t router, const policy::RequestUnreachableQuestion& question) {
  for (const Client& client : clients(*question.from)) {
    for (const bool https : {true, false}) {
      if (routers_.forwarded(router, question.to, https, client.addresses).kind != Forwarded::Kind::none) return true;
    }
  }
  return false;
}

const std::string& Ingresses::router_name(std::size_t router) const {
  return routers_.all()[router].name;
}

std::string Ingresses::no_way_to(std::size_t router) const {
  return fmt::format("nobody knows how clients get to router {}", router_name(router));
}

bool Ingresses::shown(const Client& client, const Way& way, const policy::RequestDestination& to, Proof& proof) {
  net::PrefixSet left = client.addresses;
  for (std::size_t i = 0; !left.empty(); ++i) {
    if (i == most_kinds) {
      leave_open(proof, fmt::format("the router tells more than {} kinds of clients apart", i));
      return false;
    }
    const Forwarded found = routers_.forwarded(way.router, to, way.https, left);
    if (found.kind == Forwarded::Kind::none) break;
    // Nobody can tell for whom an open answer is.
    net::PrefixSet alike =
        found.kind == Forwarded::Kind::open ? left : routers_.alike(way.router, to, left, *found.request.source);
    if (shown_as_sent({client.group, alike}, way, found, proof)) return true;
    left = net::subtract(left, alike);
  }
  return way.door && shown_masqueraded(client, way, to, proof);
}

// The router sees the client's own address.
bool Ingresses::shown_as_sent(const Client& client, const Way& way, Forwarded found, Proof& proof) {
  net::Address source = likely_source(cluster_, client.addresses);
  std::string arrival, node;
  if (way.door) {
    Proof packets;
    delivery_.keeps_source(*only(client), *way.door, packets);
    if (packets.standing == Standing::proved || packets.standing == Standing::vacuous) return false;
    if (packets.standing == Standing::unknown) {
      leave_open(proof, packets.reason);
      return false;
    }
    source = packets.witness->src;
    arrival = packets.reason;
    node = packets.node;
  }
  if (found.kind == Forwarded::Kind::open) {
    leave_open(proof, found.why);
    return false;
  }
  found.request.source = source;
  if (!(routers_.server(way.router).serve(found.request) == found.decision))
    throw verdict::ReplayDisagrees("a client of the same kind is answered otherwise");
  proof.node = node;
  tell(way, found, source, arrival, proof);
  return true;
}

// The router sees the address of a node that masquerades.
bool Ingresses::shown_masqueraded(const Client& client, const Way& way, const policy::RequestDestination& to,
                                  Proof& proof) {
  Proof packets;
  delivery_.loses_source(*only(client), *way.door, packets);
  if (packets.standing == Standing::proved || packets.standing == Standing::vacuous) return false;
  if (packets.standing == Standing::unknown) {
    leave_open(proof, packets.reason);
    return false;
  }
  const net::Family family = client.addresses.prefixes().front().family();
  std::vector<net::Prefix> nodes;
  std::optional<net::Address> seen;
  for (const cluster::Node& node : cluster_.nodes) {
    const auto primary = node.primary(family);
    if (!primary) continue;
    nodes.emplace_back(*primary, primary->bits());
    if (node.name == packets.node) seen = *primary;
  }
  if (!seen) throw verdict::ReplayDisagrees("a node without an address masquerades");
  Forwarded found = routers_.forwarded(way.router, to, way.https, only_address(*seen));
  if (found.kind == Forwarded::Kind::some) {
    proof.node = packets.node;
    const net::Address source = packets.witness->src;
    tell(way, found, source, fmt::format("{}; the router sees {}", packets.reason, seen->text()), proof);
    return true;
  }
  if (found.kind == Forwarded::Kind::none)
    found = routers_.forwarded(way.router, to, way.https, net::PrefixSet(std::move(nodes)));
  if (found.kind == Forwarded::Kind::some)
    leave_open(proof, fmt::format("the router lets {} in, and which node's address it sees is not known",
                                  found.request.source->text()));
  if (found.kind == Forwarded::Kind::open) leave_open(proof, found.why);
  return false;
}

void Ingresses::tell(const Way& way, const Forwarded& found, const net::Address& client, const std::string& arrival,
                     Proof& proof) {
  Request sent = found.request;
  sent.source = client;
  proof.standing = Standing::refuted;
  proof.reason = fmt::format("{}: router {} {}", short_text(sent), router_name(way.router), text(found.decision));
  if (!found.rule.empty()) proof.reason += fmt::format(", by {}", base::printable(found.rule));
  if (!arrival.empty()) proof.reason += fmt::format(" ({})", arrival);
  proof.request = std::move(sent);
  if (!found.origin.object.empty()) proof.related.push_back({found.origin.object, found.origin.span});
  if (!way.entry.object.empty() && way.entry.span.known()) proof.related.push_back({way.entry.object, way.entry.span});
}

// ---- reachable

void Ingresses::reachable(const policy::RequestReachableQuestion& question, Proof& proof) {
  proof.standing = Standing::proved;
  std::size_t asked = 0;
  for (const std::string& host : routers_.names(question.to)) {
    // Routers that have the name are told about before others.
    std::vector<const Way*> ways;
    for (const bool knows : {true, false}) {
      for (const Way& way : ways_) {
        if ((ir::l7::find_host(routers_.all()[way.router], host) != nullptr) == knows) ways.push_back(&way);
      }
    }
    for (const Client& client : clients(*question.from)) {
      net::PrefixSet left = client.addresses;
      for (std::size_t i = 0; !left.empty(); ++i) {
        if (i == most_kinds) {
          leave_open(proof, fmt::format("routers tell more than {} kinds of clients apart", i));
          break;
        }
        net::PrefixSet alike = left;
        const net::Address one = likely_source(cluster_, left);
        for (std::size_t router = 0; router < routers_.all().size(); ++router)
          alike = routers_.alike(router, question.to, std::move(alike), one);
        const auto through = all_get_through({client.group, alike}, host, ways, question, proof);
        if (through && !*through) return;
        asked += through ? 1 : 0;
        left = net::subtract(left, alike);
      }
    }
  }
  proof.decided = fmt::format("{} kind{} of requests", asked, asked == 1 ? "" : "s");
  if (asked == 0) {
    proof.standing = Standing::vacuous;
    proof.reason = fmt::format("{} is served by no router in a family of the sources", name_of(question.to));
  }
}

// False: somebody does not, and that has been told. Nothing: no router has an address of the client's family.
std::optional<bool> Ingresses::all_get_through(const Client& client, const std::string& host,
                                               const std::vector<const Way*>& all,
                                               const policy::RequestReachableQuestion& question, Proof& proof) {
  std::optional<std::string> open;
  std::optional<net::Address> source;
  std::vector<const Way*> ways;
  for (const Way* way : all) {
    if (!takes(*way, client)) continue;
    const Result result = plain_request(client, host, *way, question);
    if (result.kind == Result::Kind::absent) continue;
    ways.push_back(way);
    if (result.kind == Result::Kind::gets_through) return true;
    if (result.kind == Result::Kind::open && !open) open = result.why;
    if (result.kind == Result::Kind::fails && result.source) source = result.source;
  }
  if (!all.empty() && ways.empty()) return {};
  if (ways.empty()) open = closed_.empty() ? "no router serves any Ingress" : no_way_to(closed_.front());
  if (open) {
    leave_open(proof, *open);
    return true;
  }
  // One client for whom no way is left.
  const net::Address one = source.value_or(likely_source(cluster_, client.addresses));
  const Client alone{client.group, only_address(one)};
  std::vector<Result> failures;
  for (const Way* way : ways) {
    failures.push_back(plain_request(alone, host, *way, question));
    if (failures.back().kind == Result::Kind::fails) continue;
    leave_open(proof, fmt::format("different clients fail in different ways, {} does not", one.text()));
    return true;
  }
  proof.standing = Standing::refuted;
  proof.request = routers_.plain_request(ways.front()->router, host, question.to, ways.front()->https, one);
  proof.reason = short_text(*proof.request);
  const std::size_t told = std::min<std::size_t>(failures.size(), 2);
  for (std::size_t i = 0; i < told; ++i) {
    proof.reason += fmt::format("{} {}: {}", i == 0 ? ":" : ";", ways[i]->name, failures[i].why);
    for (const std::string& node : failures[i].lost) {
      const std::pair<std::string, std::string> lost{"lost", node};
      if (std::ranges::find(proof.placement, lost) == proof.placement.end()) proof.placement.push_back(lost);
    }
    const ir::l7::Origin& origin = failures[i].origin;
    if (!origin.object.empty() && origin.span.known()) proof.related.push_back({origin.object, origin.span});
  }
  if (!proof.placement.empty()) {
    std::vector<std::string> names;
    for (const auto& [what, node] : proof.placement) names.push_back(node);
    proof.reason = fmt::format("without {} {}", base::list_text(names), proof.reason);
  }
  return false;
}

Ingresses::Result Ingresses::plain_request(const Client& client, const std::string& host, const Way& way,
                                           const policy::RequestReachableQuestion& question) {
  if (!way.door) {
    const net::Address source = likely_source(cluster_, client.addresses);
    return through_router(way, host, question, source);
  }
  const policy::SharedSources sources = only(client);
  Proof packets;
  delivery_.reachable({sources, *way.door, question.surviving}, packets);
  if (packets.standing == Standing::unknown) return open(packets.reason);
  if (packets.standing == Standing::vacuous) return {Result::Kind::absent, {}, {}, {}, {}};
  if (packets.standing != Standing::proved) {
    Result out{Result::Kind::fails, packets.reason, {}, {}, way.entry};
    if (packets.witness) out.source = packets.witness->src;
    for (const auto& [what, node] : packets.placement) out.lost.push_back(node);
    return out;
  }
  Proof kept, lost;
  delivery_.keeps_source(*sources, *way.door, kept);
  delivery_.loses_source(*sources, *way.door, lost);
  for (const Proof* proof : {&kept, &lost}) {
    if (proof->standing == Standing::unknown) return open(proof->reason);
  }
  if (kept.standing == Standing::refuted) {
    Result result = through_router(way, host, question, kept.witness->src);
    if (result.kind != Result::Kind::gets_through) return result;
  }
  return lost.standing == Standing::refuted ? masqueraded(way, host, question, lost) : Result{};
}

Ingresses::Result Ingresses::open(std::string why) {
  return {Result::Kind::open, std::move(why), {}, {}, {}};
}

// `packets` shows a packet of the client that comes with the address of a node; any of the nodes may do that.
Ingresses::Result Ingresses::masqueraded(const Way& way, const std::string& host,
                                         const policy::RequestReachableQuestion& question, const Proof& packets) {
  std::optional<std::string> another;
  for (const cluster::Node& node : cluster_.nodes) {
    const auto seen = node.primary(packets.witness->family());
    if (!seen) continue;
    Result result = through_router(way, host, question, *seen);
    if (result.kind == Result::Kind::gets_through) continue;
    if (result.kind == Result::Kind::open) return result;
    if (node.name == packets.node) {
      result.source = packets.witness->src;
      result.why += fmt::format(" (the router sees {}, of {})", seen->text(), node.name);
      return result;
    }
    another = fmt::format("the router does not let {} in, and whether it sees that address is not known", seen->text());
  }
  return another ? open(*another) : Result{};
}

// With the routers as they are, and then without the nodes of each Service that gets a share, and so on.
Ingresses::Result Ingresses::through_router(const Way& way, const std::string& host,
                                            const policy::RequestReachableQuestion& question,
                                            const net::Address& seen) {
  const std::string& name = router_name(way.router);
  const Request plain = routers_.plain_request(way.router, host, question.to, way.https, seen);
  std::vector<std::vector<std::uint32_t>> sets{{}};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (i == most_sets) return open(fmt::format("more than {} sets of lost nodes take endpoints of the route", i));
    const std::vector<std::uint32_t> set = sets[i];
    Losses* losses = set.empty() ? nullptr : &without(set);
    const cluster::Cluster& cluster = losses == nullptr ? cluster_ : losses->cluster;
    const ir::l7::Server* server = losses == nullptr ? &routers_.server(way.router) : losses->server(name);
    Result result{Result::Kind::fails, fmt::format("router {} is gone", name), {}, names_of(set), {}};
    if (server == nullptr) return result;
    const Decision decision = answer(*server, plain, cluster, result);
    if (decision.kind == Decision::Kind::unknown) return open(decision.why);
    if (!surely_forwards(decision, cluster)) return result;
    for (const Decision::Share& share : decision.shares) {
      std::optional<std::vector<std::uint32_t>> more = without_endpoints_of(share.service, cluster, set);
      if (!more || more->size() > question.surviving || std::ranges::find(sets, *more) != sets.end()) continue;
      sets.push_back(*std::move(more));
    }
  }
  return {};
}

// With credentials if it takes them. What `result` says of a failure is filled in.
Decision Ingresses::answer(const ir::l7::Server& server, Request request, const cluster::Cluster& cluster,
                           Result& result) {
  Decision decision;
  for (const bool authorised : {false, true}) {
    request.authorised = authorised;
    ir::l7::Trail trail;
    Decision one = server.serve(request, &trail);
    if (authorised && !surely_forwards(one, cluster)) break;
    decision = std::move(one);
    result.why = fmt::format("router {} {}", server.router().name, text(decision));
    if (trail.step != nullptr) result.origin = trail.step->origin;
    if (surely_forwards(decision, cluster)) break;
  }
  return decision;
}

// `set` and the nodes of all endpoints of the Service; nothing: an endpoint stays whichever nodes are lost.
std::optional<std::vector<std::uint32_t>> Ingresses::without_endpoints_of(const std::string& backend,
                                                                          const cluster::Cluster& cluster,
                                                                          const std::vector<std::uint32_t>& set) const {
  const cluster::ServicePort* port = service_port(cluster, backend);
  if (port == nullptr) return {};
  std::set<std::uint32_t> nodes(set.begin(), set.end());
  for (const cluster::Endpoint& e : port->endpoints) {
    if (!is_used(e)) continue;
    const cluster::Node* home = network_.home(e.address);
    if (home == nullptr) return {};
    nodes.insert(static_cast<std::uint32_t>(home - cluster_.nodes.data()));
  }
  return std::vector<std::uint32_t>(nodes.begin(), nodes.end());
}

std::vector<std::string> Ingresses::names_of(const std::vector<std::uint32_t>& nodes) const {
  std::vector<std::string> out;
  out.reserve(nodes.size());
  for (const std::uint32_t node : nodes) out.push_back(cluster_.nodes[node].name);
  return out;
}

Ingresses::Losses& Ingresses::without(const std::vector<std::uint32_t>& lost) {
  auto& kept = losses_[lost];
  if (kept == nullptr) kept = std::make_unique<Losses>(network_, lost);
  return *kept;
}

}  // namespace portcullis::obligations

#include "compiler/trace/walk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/trace/words.hpp"

namespace portcullis::trace {

namespace {

using cluster::Node;
using net::PacketFrom;

// More machines than any packet of a sound cluster meets: pod, balancer, node, node of the endpoint.
constexpr int most_machines = 8;

std::optional<Because> because(const ir::Origin& origin) {
  if (origin.object.empty()) return {};
  return Because{origin.span, origin.object, origin.field};
}

std::string names(const std::vector<const Node*>& nodes) {
  std::vector<std::string> list;
  list.reserve(nodes.size());
  for (const Node* n : nodes) list.push_back(n->name);
  if (list.size() == 1) return list.front();
  return list.size() > 6 ? fmt::format("any of {} nodes", list.size()) : "any of " + base::list_text(list);
}

}  // namespace

Walk::Walk(const Atlas& atlas, Programs& programs, const net::Packet& packet)
    : atlas_(atlas), programs_(programs), now_(packet) {
  trace_.packet = packet;
}

Trace Walk::at_node(const Node& node) {
  sent_from(&node);
  switch (through(node)) {
    case Left::ended:
      break;
    case Left::local:
      received_by_node(node);
      break;
    case Left::forwarded:
      name_next_machine(node);
      break;
  }
  return std::move(trace_);
}

Trace Walk::across_machines() {
  const Node* node = first_machine();
  for (int machines = 0; node != nullptr; ++machines) {
    if (machines == most_machines) {
      end("network", "the packet goes round between machines", After::lost);
      break;
    }
    const Left left = through(*node);
    if (left == Left::ended) break;
    if (left == Left::local) {
      received_by_node(*node);
      break;
    }
    const Node* next = next_machine(node);
    if (next != nullptr) arrive(*next);
    node = next;
  }
  return std::move(trace_);
}

// ---- where it starts

void Walk::sent_from(const Node* node) {
  const std::string what = fmt::format("sends {} to {}", to_string(now_.protocol), destination(now_));
  switch (now_.from) {
    case PacketFrom::external:
      return tell("client", what);
    case PacketFrom::node:
      return tell(node != nullptr ? node->name + " socket" : "client", what);
    case PacketFrom::pod:
    case PacketFrom::remote_pod: {
      const cluster::Pod* pod = atlas_.pod_at(now_.src);
      return tell("pod " + (pod != nullptr ? pod->ns + "/" + pod->name : now_.src.text()), what);
    }
  }
}

const Node* Walk::first_machine() {
  const bool from_pod = now_.from == PacketFrom::pod || now_.from == PacketFrom::remote_pod;
  if (from_pod) {
    if (const Node* home = atlas_.node_of_pod(now_.src)) {
      sent_from(home);
      if (now_.from == PacketFrom::remote_pod) now_.iif.clear();  // named for a node that it has not reached yet
      now_.from = PacketFrom::pod;
      return home;
    }
  }
  if (starts_here()) {
    const Node* home = atlas_.node_with(now_.src);
    if (home == nullptr && now_.src.is_loopback() && !atlas_.cluster().nodes.empty()) {
      home = &atlas_.cluster().nodes.front();
    }
    if (home != nullptr) {
      sent_from(home);
      return home;
    }
  }
  sent_from(nullptr);
  now_.from = PacketFrom::external;  // whatever it was called: no node of this cluster has its source
  const Node* first = next_machine(nullptr);
  if (first != nullptr) arrive(*first);
  return first;
}

// ---- one node

// Nothing in the program looked at the packet twice: one sentence says it.
bool Walk::passes_unseen(const ir::Fate& fate, const ir::Trail& trail) const {
  return now_.ct_state == net::ConntrackState::fresh && !fate.masquerade && trail.route == nullptr &&
         trail.fell_through.empty() && trail.check == nullptr;
}

Walk::Left Walk::through(const Node& node) {
  const ir::Interpreter& rules = programs_.of(node, now_.family());
  ir::Trail trail;
  const ir::Fate fate = rules.fate(now_, {}, &trail);
  const bool undecided = trace_.fate.kind == ir::Fate::Kind::none || trace_.fate.kind == ir::Fate::Kind::accept;
  if (undecided) {
    trace_.fate = fate;
    trace_.node = node.name;
  }
  marked_ = fate.masquerade;
  for (const ir::Route* route : trail.fell_through) {
    tell(node.name + (starts_here() ? " nat output" : " nat prerouting"),
         frontend(*route) + ": does not translate it here, the next table is tried", because(route->origin));
  }
  switch (fate.kind) {
    case ir::Fate::Kind::conflict: {
      std::vector<std::string> owners = trail.route->rivals;
      owners.insert(owners.begin(), trail.route->owner);
      tell(node.name + (starts_here() ? " nat output" : " nat prerouting"),
           fmt::format("{}: claimed by {}; which of them gets the packet is not defined", frontend(*trail.route),
                       base::list_text(owners)),
           because(trail.route->origin));
      return Left::ended;
    }
    case ir::Fate::Kind::reject:
    case ir::Fate::Kind::drop:
      return refused(node.name, rules, trail);
    case ir::Fate::Kind::dnat: {
      const ir::Then then = translate(node, rules, fate, trail);
      leave_rules(node, then, nullptr);
      return then == ir::Then::local ? Left::local : Left::forwarded;
    }
    case ir::Fate::Kind::none:
    case ir::Fate::Kind::accept:
      if (fate.then == ir::Then::forward && passes_unseen(fate, trail)) {
        tell(node.name + (starts_here() ? " filter output" : " filter forward"),
             fmt::format("no rule of this node is about {}; the source stays {}", destination(now_), now_.src.text()));
        return Left::forwarded;
      }
      tell_untranslated(node.name, rules, trail);
      leave_rules(node, fate.then, trail.check);
      return fate.then == ir::Then::local ? Left::local : Left::forwarded;
  }
  return Left::ended;
}

Walk::Left Walk::refused(const std::string& name, const ir::Interpreter& rules, const ir::Trail& trail) {
  if (trail.range_check != nullptr) {
    tell(name + (starts_here() ? " filter output" : " filter prerouting"),
         fmt::format("dropped without an answer: {} is outside the source ranges of {}", now_.src.text(),
                     trail.range_check->owner),
         because(trail.range_check->origin));
    return Left::ended;
  }
  const auto* balance = trail.outcome != nullptr ? std::get_if<ir::Balance>(&trail.outcome->outcome) : nullptr;
  if (balance != nullptr) {
    tell(name + (starts_here() ? " nat output" : " nat prerouting"),
         refused_translation(rules.program(), *trail.route, *balance), because(trail.route->origin));
  } else {
    tell_untranslated(name, rules, trail);
  }
  if (trail.check == nullptr) return Left::ended;
  // The first hook that the packet meets and the check stands at.
  const ir::Hooks& hooks = trail.check->hooks;
  const bool ends_here = balance != nullptr ? !hooks.forward : rules.program().is_local(now_.dst);
  const char* hook = starts_here() && hooks.output ? " filter output" : ends_here ? " filter input" : " filter forward";
  tell(name + hook, verdict(*trail.check, now_), because(trail.check->origin));
  return Left::ended;
}

const ir::Target& Walk::choose(const ir::Fate& fate, const Node& node) const {
  const auto passes = [](const ir::Target& t) { return t.then == ir::Then::local || t.then == ir::Then::forward; };
  // The longer way tells more: over another machine, if there is one.
  const auto away = [&](const ir::Target& t) {
    const Node* home = atlas_.node_of_pod(t.address);
    return passes(t) && home != &node && atlas_.node_with(t.address) != &node;
  };
  auto found = std::ranges::find_if(fate.targets, away);
  if (found == fate.targets.end()) found = std::ranges::find_if(fate.targets, passes);
  return found == fate.targets.end() ? fate.targets.front() : *found;
}

ir::Then Walk::translate(const Node& node, const ir::Interpreter& rules, const ir::Fate& fate, const ir::Trail& trail) {
  const ir::Target& target = choose(fate, node);
  std::string what = translation(rules.program(), *trail.route, *trail.outcome, fate, target, now_);
  const auto refused = std::ranges::count_if(
      fate.targets, [](const ir::Target& t) { return t.then == ir::Then::reject || t.then == ir::Then::drop; });
  if (refused > 0) what += fmt::format("; {} of them would be refused afterwards", refused);
  now_.dst = target.address;
  now_.dport = target.port;
  marked_ = target.masquerade;
  translated_ = true;
  tell(node.name + (starts_here() ? " nat output" : " nat prerouting"), std::move(what), because(trail.route->origin));
  return target.then;
}

void Walk::tell_untranslated(const std::string& name, const ir::Interpreter& rules, const ir::Trail& trail) {
  const std::string at = name + (starts_here() ? " nat output" : " nat prerouting");
  switch (now_.ct_state) {
    case net::ConntrackState::fresh:
      break;
    case net::ConntrackState::established:
    case net::ConntrackState::related:
      return tell(at, "of a known flow: its conntrack entry decides, no rule of the nat table is asked");
    case net::ConntrackState::invalid:
      return tell(at, "conntrack takes it for invalid: it skips NAT");
  }
  if (trail.route != nullptr && trail.outcome != nullptr) {
    std::string what = frontend(*trail.route) + ": ";
    const std::string why = guard(rules.program(), *trail.route, *trail.outcome);
    return tell(at, what + (why.empty() ? "" : why + ", ") + "not translated on this node",
                because(trail.route->origin));
  }
  if (now_.protocol == net::Protocol::icmp) return tell(at, "ICMP is not translated");
  tell(at, fmt::format("no Service, node port or host port of this node is {}", destination(now_)));
}

void Walk::leave_rules(const Node& node, ir::Then then, const ir::Check* check) {
  const bool local = then == ir::Then::local;
  const std::string source = now_.src.text();
  std::string what = check != nullptr && check->verdict == ir::Verdict::accept ? verdict(*check, now_) : "let through";
  if (local && marked_ && !starts_here())
    what += fmt::format("; marked, but delivered here: the source stays {}", source);
  const std::string hook = starts_here() ? " filter output" : local ? " filter input" : " filter forward";
  tell(node.name + hook, what, check != nullptr ? because(check->origin) : std::nullopt);
  if (local && !starts_here()) return;
  if (!marked_) return tell(node.name + " nat postrouting", fmt::format("the source stays {}", source));
  if (const auto ours = main_address(node, now_.family())) now_.src = *ours;
  if (now_.src.text() == source) {
    return tell(node.name + " nat postrouting", fmt::format("masqueraded: the source is {} all the same", source));
  }
  const bool leaves = !local && atlas_.node_of_pod(now_.dst) != &node;
  tell(node.name + " nat postrouting",
       leaves ? fmt::format("masqueraded: the source becomes {} instead of {}", now_.src.text(), source)
              : fmt::format("masqueraded: the source becomes an address of {} instead of {}", node.name, source));
}

// ---- between machines

const Node* Walk::next_machine(const Node* from) {
  if (const Node* owner = atlas_.node_with(now_.dst)) return owner;
  if (const auto balancer = atlas_.balancer(now_)) return through_balancer(*balancer);
  if (atlas_.in_service_network(now_.dst)) {
    if (from == nullptr) return by_static_route("no device has an address of the services network");
    end("network", fmt::format("{} belongs to no device, and no rule of {} took it", now_.dst.text(), from->name),
        After::lost);
    return nullptr;
  }
  if (atlas_.in_pod_network(now_.dst)) return towards_pod(from);
  if (from == nullptr) {
    if (atlas_.is_external_ip(now_.dst)) return by_static_route("the cluster does not announce external IPs itself");
    end("network", fmt::format("nothing in the cluster has {}", now_.dst.text()), After::lost);
    return nullptr;
  }
  end("network", fmt::format("leaves the cluster towards {}", destination(now_)), After::forwarded);
  return nullptr;
}

const Node* Walk::by_static_route(std::string why) {
  const auto& nodes = atlas_.cluster().nodes;
  const auto reachable = [&](const Node& n) { return main_address(n, now_.family()).has_value(); };
  const auto node = std::ranges::find_if(nodes, reachable);
  if (node == nodes.end()) {
    end("network", "no node has an address of this family", After::lost);
    return nullptr;
  }
  tell("network", fmt::format("{}: it takes a static route through a node, here {}, and all of it hangs on that node",
                              why, node->name));
  return &*node;
}

const Node* Walk::through_balancer(const Balancer& balancer) {
  const std::string at = "balancer " + balancer.name;
  const Because line{balancer.port != nullptr ? balancer.port->span : balancer.service->span,
                     "Service " + balancer.service->id(),
                     balancer.port != nullptr ? fmt::format("spec.ports[{}]", balancer.port->index) : "spec.ports"};
  if (balancer.port == nullptr) {
    end(at, fmt::format("{} has no port {}/{}", balancer.service->id(), now_.dport, to_string(now_.protocol)),
        After::lost, line);
    return nullptr;
  }
  const auto nodes = atlas_.behind(balancer, now_.family());
  if (nodes.empty()) {
    end(at, "no node answers its health check", After::lost, line);
    return nullptr;
  }
  const Node* node = nodes.front();
  const std::string choice = nodes.size() > 1 ? fmt::format(", here {}", node->name) : "";
  std::string what;
  if (balancer.via_node_port) {
    now_.dst = *main_address(*node, now_.family());
    now_.dport = balancer.port->node_port;
    what = fmt::format("passes it to node port {} of {}{}; the source stays {}", now_.dport, names(nodes), choice,
                       now_.src.text());
  } else {
    what = fmt::format("passes it unchanged to {}{}", names(nodes), choice);
  }
  tell(at, what, line);
  return node;
}

const Node* Walk::towards_pod(const Node* from) {
  const Node* home = atlas_.node_of_pod(now_.dst);
  if (home != nullptr && home != from) return home;
  received_by_pod();
  return nullptr;
}

void Walk::arrive(const Node& node) {
  now_.from = atlas_.origin_of(now_.src, &node);
  if (now_.from == PacketFrom::node) now_.from = PacketFrom::external;  // it comes by an interface, whatever it says
  now_.iif.clear();
  marked_ = false;
}

void Walk::name_next_machine(const Node& from) {
  if (const Node* owner = atlas_.node_with(now_.dst)) {
    return end("network", fmt::format("leaves {} towards the node {}", from.name, owner->name), After::forwarded);
  }
  if (atlas_.in_service_network(now_.dst)) {
    return end("network", fmt::format("{} belongs to no device, and no rule of {} took it", now_.dst.text(), from.name),
               After::lost);
  }
  if (atlas_.in_pod_network(now_.dst)) {
    const Node* home = atlas_.node_of_pod(now_.dst);
    if (home == nullptr || home == &from) return received_by_pod();
    return end("network", fmt::format("leaves {} towards {}, where {} is", from.name, home->name, now_.dst.text()),
               After::forwarded);
  }
  end("network", fmt::format("leaves {} towards {}", from.name, destination(now_)), After::forwarded);
}

// ---- where it ends

void Walk::received_by_node(const Node& node) {
  const std::string at = node.name + " socket";
  if (const auto listener = atlas_.listener(node, now_)) {
    return end(at, fmt::format("delivered: {}; the source is {}", listener->what, now_.src.text()), After::delivered,
               listener->object.empty() ? std::nullopt : std::optional(Because{listener->span, listener->object, {}}));
  }
  const char* answer = "";
  switch (now_.protocol) {
    case net::Protocol::tcp:
      answer = "TCP RST, 'connection refused'";
      break;
    case net::Protocol::udp:
      answer = "ICMP port unreachable";
      break;
    case net::Protocol::sctp:
      answer = "SCTP ABORT";
      break;
    case net::Protocol::icmp:
      break;
  }
  end(at, fmt::format("refused: nothing listens, no rule matches ({})", answer), After::refused);
}

void Walk::received_by_pod() {
  const cluster::Pod* pod = atlas_.pod_at(now_.dst);
  const KnownEndpoint* known = atlas_.endpoint_at(now_.dst);
  if (pod == nullptr && known == nullptr) {
    return end("network", fmt::format("no pod of the input has {}", now_.dst.text()), After::lost);
  }
  const std::string at = "pod " + (pod != nullptr ? pod->ns + "/" + pod->name : now_.dst.text());
  const Because line = pod != nullptr ? Because{pod->span, "Pod " + pod->ns + "/" + pod->name, {}}
                                      : Because{known->endpoint->span, "Service " + known->service->id(), {}};
  const std::string port = now_.protocol == net::Protocol::icmp ? "" : fmt::format(" to port {}", now_.dport);
  end(at, fmt::format("delivered{}; the source is {}", port, now_.src.text()), After::delivered, line);
}

void Walk::end(std::string at, std::string what, After after, std::optional<Because> because) {
  if (!translated_) trace_.after = after;
  tell(std::move(at), std::move(what), std::move(because));
}

void Walk::tell(std::string at, std::string what, std::optional<Because> because) {
  trace_.hops.push_back({std::move(at), std::move(what), std::move(because), arrow(now_)});
  trace_.arrived = now_;
}

}  // namespace portcullis::trace

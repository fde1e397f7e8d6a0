#include "compiler/trace/requests.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/ir/l7/entry.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/trace/request_words.hpp"

namespace portcullis::trace {

namespace {

using namespace ir::l7;

std::optional<Because> because(const Origin& origin) {
  if (origin.object.empty()) return std::nullopt;
  return Because{origin.span, origin.object, origin.field};
}

class RequestWalk {
 public:
  RequestWalk(const cluster::Cluster& cluster, Tracer& tracer, const Server& server, const RequestQuestion& question)
      : cluster_(cluster), tracer_(tracer), server_(server), question_(question), router_(server.router()) {
    out_.asked = question.request;
    seen_ = question.request;
    out_.router = router_.name;
  }

  RequestTrace go() {
    const std::string host = host_as_sent(seen_);
    const std::string client = seen_.source ? seen_.source->text() : "a client";
    tell("client", fmt::format("asks for {} {} of {}", seen_.method, seen_.target, host.empty() ? "no host" : host), {},
         client);
    const Entry entry = entry_of(cluster_, router_);
    enter(entry);
    Trail trail;
    out_.decision = server_.serve(seen_, &trail);
    tell_router(trail);
    if (out_.decision.kind == Decision::Kind::forward) leave(entry, trail);
    out_.seen_source = seen_.source;
    return std::move(out_);
  }

 private:
  void tell(std::string at, std::string what, std::optional<Because> why, std::string packet = {}) {
    out_.hops.push_back({std::move(at), std::move(what), std::move(why), std::move(packet)});
  }
  [[nodiscard]] std::string proxy() const { return "router " + router_.name; }

  // ---- to the router

  void enter(const Entry& entry) {
    const std::string at = entry_words(entry);
    if (entry.kind == Entry::Kind::node_ports) {
      return tell("balancer " + router_.name,
                  fmt::format("{}; what is behind it sees the balancer's address instead of {}'s, X-Forwarded-For "
                              "names the client",
                              at, source()),
                  because(entry.origin));
    }
    const std::optional<Door> door = door_of(entry);
    if (!door) {
      return tell("network", fmt::format("comes by {}, which has no address for it: nobody outside reaches it", at),
                  because(entry.origin));
    }
    tell("network", fmt::format("comes by {}, at {}", at, net::endpoint_text(door->address, door->port)),
         because(entry.origin));
    if (question_.from_client && seen_.source) through(*door, entry);
  }

  [[nodiscard]] std::string entry_words(const Entry& entry) const {
    const std::string of = entry.service.empty() ? "the controller" : entry.service;
    switch (entry.kind) {
      case Entry::Kind::node:
        return "the proxy of the node";
      case Entry::Kind::service:
        return "Service " + entry.service;
      case Entry::Kind::host_port:
        return "a host port of " + of;
      case Entry::Kind::host_network:
        return "the node's network, which " + of + " uses";
      case Entry::Kind::node_ports:
        return "the balancer outside the cluster is the router";
    }
    return {};
  }

  // The first one of the client's family.
  [[nodiscard]] std::optional<Door> door_of(const Entry& entry) const {
    const std::vector<Door> all = doors(cluster_, entry, seen_.https);
    for (const Door& door : all) {
      if (!seen_.source || door.address.family() == seen_.source->family()) return door;
    }
    return std::nullopt;
  }

  // The way of the first packet of the connection.
  void through(const Door& door, const Entry& entry) {
    net::Packet packet;
    packet.protocol = net::Protocol::tcp;
    packet.src = *seen_.source;
    packet.dst = door.address;
    packet.dport = door.port;
    packet.from = tracer_.infer_from(packet.src, {});
    const Trace way = tracer_.trace(packet, {});
    const bool taken = way.fate.kind == ir::Fate::Kind::dnat;
    // A proxy of ours is nowhere in the input: that nobody listens at its port is only because of that.
    if (entry.kind == Entry::Kind::node && way.fate.kind == ir::Fate::Kind::none) return;
    tell_way(way);
    const bool own = entry.kind == Entry::Kind::service || entry.kind == Entry::Kind::host_port;
    if (taken != own && entry.kind != Entry::Kind::host_network) {
      tell("network",
           own ? "the router is not reached; what follows is what it would do"
               : "the rules of the node take the connection away from the proxy; what follows is what it would do",
           {});
    }
    if (way.arrived.src == packet.src) return;
    tell(proxy(),
         fmt::format("the client's address is lost on the way: the router sees {} instead of {}",
                     way.arrived.src.text(), packet.src.text()),
         because(entry.origin));
    seen_.source = way.arrived.src;
  }

  // Without the sentence about who sends the packet.
  void tell_way(const Trace& way) { out_.hops.insert(out_.hops.end(), way.hops.begin() + 1, way.hops.end()); }

  [[nodiscard]] std::string source() const { return seen_.source ? seen_.source->text() : "the client"; }

  // ---- in the router

  void tell_router(const Trail& trail) {
    if (!router_.rejected.empty()) return tell(proxy(), router_.rejected, {});
    if (seen_.https) tell_tls(trail);
    if (trail.host == nullptr) {
      if (trail.name.empty() && trail.step == nullptr) return tell_answer(trail);
      tell(proxy(), fmt::format("host `{}` is no host of this router", trail.name), {});
    } else {
      const std::string pattern = trail.pattern != nullptr ? trail.pattern->print() : trail.host->names.front().print();
      tell(proxy(),
           pattern == trail.name ? fmt::format("host `{}`", trail.name)
                                 : fmt::format("host `{}` is taken by `{}`", trail.name, pattern),
           because(trail.host->origin));
    }
    if (trail.route != nullptr) {
      const std::string sent = std::string(split_target(seen_.target).path);
      const std::string seen = sent == trail.path ? std::string{} : fmt::format(", read as `{}`,", trail.path);
      tell(proxy(), fmt::format("path `{}`{} is taken by {}", sent, seen, trail.route->rule),
           because(trail.route->origin));
    } else if (trail.host != nullptr && trail.step != nullptr && trail.step->when.empty()) {
      tell(proxy(), fmt::format("no path of this host is `{}`", trail.path), {});
    }
    tell_answer(trail);
  }

  void tell_tls(const Trail& trail) {
    if (trail.certificate == nullptr) return;
    const std::string name = seen_.sni ? *seen_.sni : "no server name";
    if (trail.tls_name == nullptr) {
      return tell(proxy(),
                  fmt::format("TLS ends here: {} has no certificate of its own, the controller's default is "
                              "shown",
                              name),
                  {});
    }
    tell(
        proxy(),
        fmt::format("TLS ends here with the certificate of {} for {}",
                    trail.certificate->secret.empty() ? "the controller" : "Secret " + trail.certificate->secret, name),
        because(trail.tls_name->origin));
  }

  void tell_answer(const Trail& trail) {
    const std::string why = trail.step != nullptr ? reasons(router_, *trail.step) : std::string{};
    const auto origin = trail.step != nullptr ? because(trail.step->origin) : std::nullopt;
    std::string what = text(out_.decision);
    if (out_.decision.kind == Decision::Kind::forward && out_.decision.target != seen_.target) {
      what += fmt::format(" as `{}`", out_.decision.target);
    }
    if (trail.step == nullptr && out_.decision.kind == Decision::Kind::refuse) {
      what += ": because of the form of the request";
    }
    tell(proxy(), why.empty() ? what : fmt::format("{}, {}", what, why), origin);
  }

  // ---- from the router to a pod

  [[nodiscard]] const Forward* forward(const Trail& trail) const {
    return trail.step != nullptr ? std::get_if<Forward>(&trail.step->answer) : nullptr;
  }

  void leave(const Entry& entry, const Trail& trail) {
    const Forward* forward = this->forward(trail);
    if (forward == nullptr) return;
    for (const Choice& choice : forward->choices) {
      const Backend& backend = router_.backends[choice.backend];
      if (backend.dead()) continue;
      if (entry.kind == Entry::Kind::node_ports) {
        by_node_port(backend);
      } else {
        to_backend(backend);
      }
      return;  // one way is told
    }
  }

  void to_backend(const Backend& backend) {
    const std::string at = "service " + backend.service;
    switch (backend.via) {
      case Backend::Via::external:
        return tell(at, fmt::format("leaves the cluster towards {}", backend.external), because(backend.origin));
      case Backend::Via::cluster_ip:
        return tell(at,
                    fmt::format("to the cluster IP {}; the rules of the router's node choose the endpoint",
                                target_text(backend)),
                    because(backend.origin));
      case Backend::Via::endpoints:
        break;
    }
    tell(at,
         backend.targets.size() == 1 ? std::string{"its one endpoint"}
                                     : fmt::format("one of {} endpoints", backend.targets.size()),
         because(backend.origin));
    to_pod(backend);
  }
  [[nodiscard]] static std::string target_text(const Backend& backend) {
    return net::endpoint_text(backend.targets.front().first, backend.targets.front().second);
  }

  void to_pod(const Backend& backend) {
    const net::Address& address = backend.targets.front().first;
    for (const cluster::Pod& pod : cluster_.pods) {
      if (std::ranges::find(pod.addresses, address) == pod.addresses.end()) continue;
      return tell("pod " + pod.ns + "/" + pod.name,
                  fmt::format("delivered to {}; the source is the router's address", target_text(backend)),
                  Because{pod.span, "Pod " + pod.ns + "/" + pod.name, {}});
    }
    tell("pod " + address.text(),
         fmt::format("delivered to {}; the source is the router's address", target_text(backend)), {});
  }

  // A balancer outside the cluster: to a node port of the backend's Service.
  void by_node_port(const Backend& backend) {
    const std::size_t slash = backend.service.find('/');
    const std::size_t colon = backend.service.rfind(':');
    const cluster::Service* service =
        cluster_.service(backend.service.substr(0, slash), backend.service.substr(slash + 1, colon - slash - 1));
    if (service == nullptr) return;
    for (const cluster::ServicePort& port : service->ports) {
      if (std::to_string(port.port) != backend.service.substr(colon + 1)) continue;
      if (port.node_port == 0) {
        return tell("service " + backend.service,
                    "has no node port: a balancer outside the cluster cannot reach it (type NodePort is needed)",
                    because(backend.origin));
      }
      tell("service " + backend.service, fmt::format("to node port {} of any node", port.node_port),
           because(backend.origin));
      to_node(port.node_port);
      return;
    }
  }
  // To this port of the first node that has an address. The balancer's own address is not known: one outside the
  // cluster stands for it.
  void to_node(std::uint16_t number) {
    for (const cluster::Node& node : cluster_.nodes) {
      for (const net::Family family : net::all_families) {
        if (!node.primary(family)) continue;
        net::Packet packet;
        packet.protocol = net::Protocol::tcp;
        packet.dst = *node.primary(family);
        packet.dport = number;
        packet.src = *net::Address::parse(family == net::Family::ipv6 ? "2001:db8::1" : "192.0.2.1");
        packet.from = net::PacketFrom::external;
        tell_way(tracer_.trace(packet, {}));
        return;
      }
    }
  }

  const cluster::Cluster& cluster_;
  Tracer& tracer_;
  const Server& server_;
  const RequestQuestion& question_;
  const Router& router_;
  ir::l7::Request seen_;  // as the router sees it
  RequestTrace out_;
};

}  // namespace

RequestTrace trace_request(const cluster::Cluster& cluster, Tracer& tracer, const Server& server,
                           const RequestQuestion& question) {
  return RequestWalk(cluster, tracer, server, question).go();
}

}  // namespace portcullis::trace

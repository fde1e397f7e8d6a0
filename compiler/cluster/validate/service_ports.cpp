#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/validate/service_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::array<std::string_view, 3> protocols{"SCTP", "TCP", "UDP"};

bool known_protocol(std::string_view text) {
  return std::find(protocols.begin(), protocols.end(), text) != protocols.end();
}

std::string proposed_name(const manifest::ServicePort& port) {
  const std::string_view protocol = protocol_text(port.protocol);
  const std::string_view word = protocol == "UDP" ? "udp" : protocol == "SCTP" ? "sctp" : "tcp";
  return fmt::format("{}-{}", word, port.port ? port.port->value : 0);
}

using Names = std::map<std::string_view, base::SourceSpan>;

void check_name(ServiceCase& c, const manifest::ServicePort& port, const Path& path, Names& names) {
  const std::string_view name = port.name ? std::string_view{port.name->value} : std::string_view{};
  if (name.empty()) {
    if (c.service.ports.size() > 1) {
      c.sink.refuse("PC2007", Reason::required, path.child("name"), port.name ? port.name->span : port.place,
                    fmt::format("{} has {} ports: each needs a name", c.sink.object().text(), c.service.ports.size()),
                    fmt::format("for example `name: {}`", proposed_name(port)));
    }
    return;
  }
  c.sink.refuse_each(
      "PC2008", path.child("name"), port.name->span, [&] { return fmt::format("port name {}", in_quotes(name)); },
      dns_label(name), "lower-case letters, digits and inner hyphens, at most 63");
  const auto [first, added] = names.emplace(name, port.name->span);
  if (!added) {
    c.sink.refuse_duplicate("PC2008", path.child("name"), port.name->span,
                            fmt::format("port name {} is used twice", in_quotes(name)), first->second,
                            fmt::format("for example `{}`", proposed_name(port)));
  }
}

void check_target(ServiceCase& c, const manifest::ServicePort& port, const Path& path) {
  const manifest::IntOrString target = target_port(port);
  const base::SourceSpan span = port.target_port ? port.target_port->span : port.port ? port.port->span : port.place;
  if (target.is_number) {
    if (is_port(target.number)) return;
    const bool inherited = !port.target_port || target != port.target_port->value;
    c.sink.refuse("PC2011", Reason::invalid, path.child("targetPort"), span,
                  inherited
                      ? fmt::format("the target port is that of `port`, and `{}` is outside 1–65535", target.number)
                      : fmt::format("target port `{}` is outside 1–65535", target.number),
                  "a port number of the pods, or the name of a container port");
    return;
  }
  if (!target.text.empty() && target.text.find_first_not_of("0123456789") == std::string::npos) {
    c.sink.refuse("PC3009", Reason::invalid, path.child("targetPort"), span,
                  fmt::format("`targetPort: \"{}\"` is a name, not a number", target.text.substr(0, 40)),
                  "remove the quotes");
    return;
  }
  c.sink.refuse_each(
      "PC2011", path.child("targetPort"), span, [&] { return fmt::format("target port {}", in_quotes(target.text)); },
      port_name(target.text), "a number from 1 to 65535, or the name of a container port");
}

void check_port(ServiceCase& c, const manifest::ServicePort& port, const Path& path, Names& names) {
  check_name(c, port, path, names);
  const std::int64_t number = port.port ? port.port->value : 0;
  if (!is_port(number)) {
    const base::SourceSpan span = port.port ? port.port->span : port.place;
    c.sink.refuse(
        "PC2009", Reason::invalid, path.child("port"), span,
        port.port ? fmt::format("port `{}` is outside 1–65535", number) : std::string("a port has no `port` number"),
        "a number from 1 to 65535");
  }
  if (const std::string_view protocol = protocol_text(port.protocol); !known_protocol(protocol)) {
    c.sink.refuse_unknown("PC2010", path.child("protocol"), port.protocol->span, "protocol", protocol, protocols);
  }
  // Accepted since 1.33 (reference V3).
  if (c.is("LoadBalancer") && number == 10250 && c.profile.kubernetes_minor && *c.profile.kubernetes_minor < 33) {
    c.sink.refuse("PC2003", Reason::invalid, path, port.port->span,
                  "a LoadBalancer may not use port 10250, which is the kubelet's", "use another port");
  }
  check_target(c, port, path);
  if (port.app_protocol) {
    c.sink.refuse_each(
        "PC2012", path.child("appProtocol"), port.app_protocol->span,
        [&] { return fmt::format("appProtocol {}", in_quotes(port.app_protocol->value)); },
        qualified_name(port.app_protocol->value), "a name such as `http` or `kubernetes.io/h2c`");
  }
  if (c.is("ClusterIP") && port.node_port && port.node_port->value != 0) {
    c.sink.refuse("PC2018", Reason::forbidden, path.child("nodePort"), port.node_port->span,
                  fmt::format("{} is of type ClusterIP; `nodePort: {}` needs type NodePort", c.sink.object().text(),
                              port.node_port->value),
                  "remove `nodePort`, or set `type: NodePort`");
  }
}

// (protocol, node port) and (protocol, port) are keys of a Service.
void check_twice(ServiceCase& c, const std::vector<AllocatedNodePort>& node_ports) {
  const auto& ports = c.service.ports;
  const Path path = Path("spec").child("ports");
  std::map<std::tuple<std::string_view, std::int64_t, std::size_t>, std::size_t> by_node_port;
  std::map<std::pair<std::string_view, std::int64_t>, std::size_t> by_port;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string_view protocol = protocol_text(ports[i].protocol);
    if (node_ports[i].given()) {
      const auto [first, added] =
          by_node_port.emplace(std::tuple{protocol, node_ports[i].number.value_or(0), node_ports[i].group}, i);
      if (!added) {
        const manifest::ServicePort& before = ports[first->second];
        const auto place = [](const manifest::ServicePort& p) {
          return p.node_port ? p.node_port->span : p.port ? p.port->span : p.place;
        };
        c.sink.refuse_duplicate(
            "PC2019", path.index(i).child("nodePort"), place(ports[i]),
            node_ports[i].number
                ? fmt::format("node port `{}` is named twice in {}", *node_ports[i].number, c.sink.object().text())
                : fmt::format("two entries of {} would get one node port, as they have one `port`",
                              c.sink.object().text()),
            place(before), "entries of one protocol need node ports of their own");
      }
    }
    const std::int64_t number = ports[i].port ? ports[i].port->value : 0;
    const auto [first, added] = by_port.emplace(std::pair{protocol, number}, i);
    if (!added) {
      c.sink.refuse_duplicate(
          "PC2020", path.index(i),
          first_known({ports[i].port ? ports[i].port->span : base::SourceSpan{}, ports[i].place}),
          fmt::format("port {}/{} is listed twice", number, base::printable(protocol.substr(0, 40))),
          first_known({ports[first->second].port ? ports[first->second].port->span : base::SourceSpan{},
                       ports[first->second].place}),
          "one entry for each port and protocol");
    }
  }
}

}  // namespace

void check_ports(ServiceCase& c, const std::vector<AllocatedNodePort>& node_ports) {
  const auto& ports = c.service.ports;
  const Path path = Path("spec").child("ports");
  if (ports.empty() && !c.headless() && !c.is("ExternalName")) {
    c.sink.refuse("PC2002", Reason::required, path, first_known({c.service.ports_place, c.spec_place()}),
                  fmt::format("{} has no ports", c.sink.object().text()),
                  "only headless Services and ExternalNames may have none");
  }
  Names names;
  for (std::size_t i = 0; i < ports.size(); ++i) check_port(c, ports[i], path.index(i), names);
  check_twice(c, node_ports);
}

}  // namespace portcullis::cluster

// Container ports of a pod or pod template (core validateContainerPorts, validateHostNetwork, checkHostPortConflicts).
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/defaults.hpp"
#include "compiler/cluster/validate/sink.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2080";

std::string_view text(const manifest::Field<std::string>& field) {
  return field ? std::string_view{field->value} : std::string_view{};
}
std::int64_t number(const manifest::Field<std::int64_t>& field) {
  return field ? field->value : 0;
}
base::SourceSpan place(const manifest::Field<std::int64_t>& field, const manifest::ContainerPort& port) {
  return field ? field->span : port.place;
}

void check_name(Sink& sink, const manifest::ContainerPort& port, const Path& path,
                std::map<std::string_view, base::SourceSpan>& names) {
  const std::string_view name = text(port.name);
  if (name.empty()) return;
  const Faults faults = port_name(name);
  sink.refuse_each(
      code, path.child("name"), port.name->span, [&] { return fmt::format("port name {}", in_quotes(name)); }, faults,
      "at most 15 lower-case letters, digits and single inner hyphens, a letter among them");
  if (!faults.empty()) return;
  const auto [first, added] = names.emplace(name, port.name->span);
  if (!added) {
    sink.refuse_duplicate(code, path.child("name"), port.name->span,
                          fmt::format("port name {} is used twice in one container", in_quotes(name)), first->second);
  }
}

void check_numbers(Sink& sink, const manifest::ContainerPort& port, const Path& path, bool host_network) {
  const std::int64_t container = number(port.container_port);
  const std::int64_t host = number(port.host_port);
  const Path field = path.child("containerPort");
  if (container == 0) {
    sink.refuse(code, Reason::required, field, place(port.container_port, port), "a port has no containerPort",
                "give the number");
  } else if (!is_port(container)) {
    sink.refuse(code, Reason::invalid, field, place(port.container_port, port),
                fmt::format("containerPort `{}` is outside 1–65535", container), "a number from 1 to 65535");
  }
  if (host != 0 && !is_port(host)) {
    sink.refuse(code, Reason::invalid, path.child("hostPort"), place(port.host_port, port),
                fmt::format("hostPort `{}` is outside 1–65535", host), "a number from 1 to 65535");
  }
  if (host_network && host != 0 && host != container) {
    base::Diagnostic& finding = sink.refuse(
        code, Reason::invalid, field, place(port.container_port, port),
        fmt::format("containerPort `{}` and hostPort `{}` differ, but the pod has the node's network", container, host),
        fmt::format("write `hostPort: {}`, or leave it out", container));
    finding.related.push_back({.message = "the hostPort", .span = port.host_port->span});
  }
}

void check_protocol(Sink& sink, const manifest::ContainerPort& port, const Path& path) {
  static constexpr std::array<std::string_view, 3> protocols{"SCTP", "TCP", "UDP"};
  const std::string_view protocol = protocol_text(port.protocol);
  if (std::ranges::find(protocols, protocol) != protocols.end()) return;
  sink.refuse_unknown(code, path.child("protocol"), port.protocol->span, "protocol", protocol, protocols);
}

// (protocol, hostIP, hostPort) as written: only literal equality is a fault of one pod.
using HostPorts = std::map<std::tuple<std::string_view, std::string_view, std::int64_t>, base::SourceSpan>;

void check_host_port(Sink& sink, const manifest::ContainerPort& port, const Path& path, bool from_network,
                     HostPorts& taken) {
  std::int64_t host = number(port.host_port);
  if (host == 0 && from_network) host = number(port.container_port);
  if (host == 0) return;
  const base::SourceSpan span = port.host_port ? port.host_port->span : place(port.container_port, port);
  const auto [first, added] = taken.emplace(std::tuple{protocol_text(port.protocol), text(port.host_ip), host}, span);
  if (added) return;
  sink.refuse_duplicate(code, path.child("hostPort"), span,
                        fmt::format("host port `{}/{}` is taken twice by one pod", host, protocol_text(port.protocol)),
                        first->second, "a pod is on one node, which has each port once");
}

}  // namespace

bool validate_pod_spec(const manifest::PodSpec& spec, const base::ObjectRef& object, const std::string& field,
                       base::Diagnostics& diagnostics) {
  Sink sink(object, diagnostics);
  const bool host_network = spec.host_network && spec.host_network->value;
  // Only a Pod itself gets its host ports from its container ports by default; a template is stored as it is written.
  const bool from_network = host_network && field == "spec";
  HostPorts shared;
  std::size_t init = 0;
  std::size_t regular = 0;
  for (const manifest::Container& container : spec.containers) {
    const Path containers = container.init ? Path(field).child("initContainers").index(init++)
                                           : Path(field).child("containers").index(regular++);
    HostPorts own;  // init containers run one after another: each has the ports for itself
    std::map<std::string_view, base::SourceSpan> names;
    for (std::size_t i = 0; i < container.ports.size(); ++i) {
      const manifest::ContainerPort& port = container.ports[i];
      const Path path = containers.child("ports").index(i);
      check_name(sink, port, path, names);
      check_numbers(sink, port, path, host_network);
      check_protocol(sink, port, path);
      check_host_port(sink, port, path, from_network, container.init ? own : shared);
    }
  }
  return sink.accepted();
}

}  // namespace portcullis::cluster

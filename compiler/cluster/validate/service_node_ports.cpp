#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "compiler/cluster/validate/service_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

struct Taken {
  std::int64_t number;
  base::SourceSpan span;
};

// One request's allocations (registry/core/service/portallocator): a number once, whatever the protocol.
class Allocation {
 public:
  explicit Allocation(ServiceCase& c) : c_(c) {}

  // Returns whether the number was free.
  bool take(std::int64_t number, const Path& field, base::SourceSpan span) {
    const auto before = std::ranges::find_if(taken_, [&](const Taken& t) { return t.number == number; });
    if (before != taken_.end()) {
      base::Diagnostic& finding =
          c_.sink.refuse("PC2037", Reason::invalid, field, span,
                         fmt::format("node port `{}` is taken by {} itself", number, c_.sink.object().text()),
                         "a node port belongs to one port number, whatever the protocol");
      finding.related.push_back({.message = "taken here", .span = before->span});
      return false;
    }
    taken_.push_back({number, span});
    const PortRange& range = c_.profile.node_ports;
    if (range.contains(number)) return true;
    // No reason: a dry run takes any number, so a server that is only asked does not refuse this; it refuses the
    // Service itself.
    c_.sink.refused();
    c_.sink.note("PC2036", field, span, fmt::format("node port `{}` is outside {}–{}", number, range.first, range.last),
                 "pick one in the range, or leave it out to have one allocated");
    return true;
  }

 private:
  ServiceCase& c_;
  std::vector<Taken> taken_;
};

std::int64_t written(const manifest::ServicePort& port) {
  return port.node_port ? port.node_port->value : 0;
}
std::int64_t number(const manifest::ServicePort& port) {
  return port.port ? port.port->value : 0;
}

void allocate(ServiceCase& c, Allocation& allocation, std::vector<AllocatedNodePort>& out) {
  const auto& ports = c.service.ports;
  const Path path = Path("spec").child("ports");
  std::map<std::int64_t, AllocatedNodePort> of_port;  // by the port number that entries share
  std::size_t groups = 0;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (written(ports[i]) == 0 && !c.filled.allocate_node_ports.value_or(true)) continue;
    const auto shared = of_port.find(number(ports[i]));
    const Path field = path.index(i).child("nodePort");
    if (shared == of_port.end()) {
      const auto asked = std::ranges::find_if(
          ports, [&](const manifest::ServicePort& p) { return number(p) == number(ports[i]) && written(p) != 0; });
      if (asked != ports.end()) {
        out[i].number = written(*asked);
        out[i].taken = !allocation.take(written(*asked), field, asked->node_port->span);
      } else {
        out[i].group = ++groups;
      }
      of_port[number(ports[i])] = out[i];
    } else if (written(ports[i]) == 0) {
      out[i] = shared->second;
    } else {
      out[i].number = written(ports[i]);
      if (shared->second.number != out[i].number) {
        out[i].taken = !allocation.take(written(ports[i]), field, ports[i].node_port->span);
      }
    }
  }
}

}  // namespace

std::vector<AllocatedNodePort> allocate_node_ports(ServiceCase& c) {
  const auto& ports = c.service.ports;
  std::vector<AllocatedNodePort> out(ports.size());
  Allocation allocation(c);
  if (c.is("NodePort") || c.is("LoadBalancer")) {
    allocate(c, allocation, out);
  } else {
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (written(ports[i]) != 0) out[i].number = written(ports[i]);
    }
  }
  const auto& health = c.service.health_check_node_port;
  // A number that is no port at all is the business of the field's own check.
  if (c.needs_health_check() && health && is_port(health->value)) {
    static_cast<void>(allocation.take(health->value, Path("spec").child("healthCheckNodePort"), health->span));
  }
  return out;
}

}  // namespace portcullis::cluster

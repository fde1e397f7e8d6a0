// Node ports and health check node ports in the way of the API server's allocator (reference 2.3): one space of numbers
// for both, one number for the entries of a Service that have the same `port`.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/cluster/allocation.hpp"
#include "compiler/cluster/slots.hpp"
#include "compiler/cluster/validate/defaults.hpp"

namespace portcullis::cluster {

namespace {

// Size of the band that dynamic picks leave to static ones while they can.
std::uint64_t static_band(std::uint64_t size) {
  return size <= 16 ? 0 : std::min<std::uint64_t>(std::max<std::uint64_t>(16, size / 32), 128);
}

std::string port_key(const Service& service, const ServicePort& port) {
  return fmt::format("{}:{}/{}", service.id(), port.name.empty() ? std::to_string(port.port) : port.name,
                     net::to_string(port.protocol));
}

std::optional<std::uint16_t> number(const std::string& text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return {};
  return value;
}

// One number to be found: for entries of one Service with one `port`, or for its health check (no ports then).
struct Want {
  std::size_t service = 0;
  std::vector<std::size_t> ports;  // indices into Service::ports
  std::string key;                 // of the lock file and the hash; the smallest of the entries' keys
};

class NodePortAllocator {
 public:
  explicit NodePortAllocator(Allocation& allocation)
      : a_(allocation),
        slots_(allocation.profile.node_ports.size(), static_band(allocation.profile.node_ports.size())) {}

  void run(const std::vector<std::uint16_t>& avoid) {
    for (std::size_t i = 0; i < a_.services.size(); ++i) collect(i);
    for (const std::uint16_t port : avoid) reserve(port, SlotMap::nobody);
    for (const ReservedPort& reserved : a_.profile.reserved_ports) {
      const std::uint32_t first = std::max<std::uint32_t>(reserved.first, a_.profile.node_ports.first);
      const std::uint32_t last = std::min<std::uint32_t>(reserved.last, a_.profile.node_ports.last);
      for (std::uint32_t port = first; port <= last; ++port) reserve(static_cast<std::uint16_t>(port), SlotMap::nobody);
    }
    std::vector<const Want*> open, without;
    for (const Want& want : wants_) {
      if (!take_locked(want)) open.push_back(&want);
    }
    for (const Want* want : open) {
      if (!take_free(*want)) without.push_back(want);
    }
    if (!without.empty()) report_exhausted(without);
  }

 private:
  bool reserve(std::uint16_t port, SlotMap::Owner owner) {
    const PortRange& range = a_.profile.node_ports;
    return range.contains(port) && slots_.reserve(static_cast<std::uint64_t>(port) - range.first, owner);
  }

  // Numbers that are given are reserved; entries without one copy a sibling's or become a Want.
  void collect(std::size_t i) {
    Service& service = a_.services[i];
    if (service.type == ServiceType::external_name) return;
    for (ServicePort& port : service.ports) {
      if (port.node_port == 0) continue;
      reserve(port.node_port, static_cast<SlotMap::Owner>(i));
      check_lock(service, a_.lock.node_ports, port_key(service, port), port.node_port, port.node_port_span);
    }
    if (allocates(i)) {
      for (std::size_t p = 0; p < service.ports.size(); ++p) {
        if (service.ports[p].node_port == 0 && !copy_sibling(service, p)) want(i, p);
      }
    }
    if (service.type != ServiceType::load_balancer || service.external_policy != TrafficPolicy::local) return;
    if (service.health_check_node_port == 0) {
      wants_.push_back({i, {}, service.id()});
    } else {
      reserve(service.health_check_node_port, static_cast<SlotMap::Owner>(i));
      check_lock(service, a_.lock.health_check_node_ports, service.id(), service.health_check_node_port,
                 service.health_check_span);
    }
  }

  // NodePort, and LoadBalancer unless allocateLoadBalancerNodePorts says no.
  [[nodiscard]] bool allocates(std::size_t i) const {
    const Service& service = a_.services[i];
    if (service.headless) return false;
    if (service.type == ServiceType::node_port) return true;
    const auto& field = a_.inventory.services[i].body->allocate_load_balancer_node_ports;
    return service.type == ServiceType::load_balancer && (!field || field->value);
  }

  static bool copy_sibling(Service& service, std::size_t p) {
    for (const ServicePort& other : service.ports) {
      if (other.port != service.ports[p].port || other.node_port == 0) continue;
      service.ports[p].node_port = other.node_port;
      return true;
    }
    return false;
  }

  void want(std::size_t i, std::size_t p) {
    const Service& service = a_.services[i];
    std::string key = port_key(service, service.ports[p]);
    for (auto w = wants_.rbegin(); w != wants_.rend() && w->service == i; ++w) {
      if (service.ports[w->ports.front()].port != service.ports[p].port) continue;
      w->ports.push_back(p);
      w->key = std::min(w->key, key);
      return;
    }
    wants_.push_back({i, {p}, std::move(key)});
  }

  void check_lock(const Service& service, const std::map<std::string, std::string>& section, const std::string& key,
                  std::uint16_t given, SourceSpan span) {
    const auto locked = section.find(key);
    if (locked == section.end() || number(locked->second) == given) return;
    report_lock_ignored(
        service,
        fmt::format("the lock file gives `{}` the node port `{}`, the input says `{}`", key, locked->second, given),
        span, a_.diagnostics);
  }

  [[nodiscard]] const std::map<std::string, std::string>& section(const Want& want) const {
    return want.ports.empty() ? a_.lock.health_check_node_ports : a_.lock.node_ports;
  }

  bool take_locked(const Want& want) {
    const Service& service = a_.services[want.service];
    auto locked = section(want).find(want.key);
    for (const std::size_t p : want.ports) {
      if (locked == section(want).end()) locked = section(want).find(port_key(service, service.ports[p]));
    }
    if (locked == section(want).end()) return false;
    const auto port = number(locked->second);
    if (port && reserve(*port, static_cast<SlotMap::Owner>(want.service))) {
      give(want, *port);
      return true;
    }
    report_lock_ignored(service,
                        fmt::format("the lock file gives `{}` the node port `{}`, which is taken or outside the range",
                                    want.key, locked->second),
                        service.span, a_.diagnostics);
    return false;
  }

  bool take_free(const Want& want) {
    const Service& service = a_.services[want.service];
    const std::string text = want.ports.empty() ? want.key + "#health" : want.key;
    const auto taken = slots_.take(stable_hash(text), static_cast<SlotMap::Owner>(want.service));
    if (!taken) return false;
    const auto port = [&](std::uint64_t slot) {
      return static_cast<std::uint16_t>(a_.profile.node_ports.first + slot);
    };
    if (taken->slot != taken->wanted) {
      const Service* holder = taken->holder == SlotMap::nobody ? nullptr : &a_.services[taken->holder];
      report_moved(service, holder, "node port", std::to_string(port(taken->wanted)), std::to_string(port(taken->slot)),
                   a_.diagnostics);
    }
    give(want, port(taken->slot));
    return true;
  }

  void give(const Want& want, std::uint16_t number_given) {
    Service& service = a_.services[want.service];
    if (want.ports.empty()) {
      service.health_check_node_port = number_given;
      service.health_check_node_port_planned = true;
      service.health_check_span = service.span;
      a_.planned.health_check_node_ports[want.key] = std::to_string(number_given);
    }
    for (const std::size_t p : want.ports) {
      service.ports[p].node_port = number_given;
      service.ports[p].node_port_planned = true;
      a_.planned.node_ports[port_key(service, service.ports[p])] = std::to_string(number_given);
    }
  }

  void report_exhausted(const std::vector<const Want*>& without) {
    const PortRange& range = a_.profile.node_ports;
    const Service& first = a_.services[without.front()->service];
    base::Diagnostic& finding =
        a_.diagnostics.add("PC2040",
                           fmt::format("{} node ports are needed, {}-{} has {}", slots_.taken() + without.size(),
                                       range.first, range.last, range.size()),
                           first.span);
    finding.object = object_of(first);
    finding.hint = "set allocateLoadBalancerNodePorts: false where the balancer allows it";
    for (const Want* want : without) {
      const Service& service = a_.services[want->service];
      finding.related.push_back({object_of(service).text() + " goes without", service.span});
    }
    for (const Service& service : a_.services) {
      for (const ServicePort& port : service.ports) {
        if (port.node_port != 0)
          finding.related.push_back(
              {fmt::format("{} has {}", object_of(service).text(), port.node_port), port.node_port_span});
      }
      if (service.health_check_node_port != 0) {
        finding.related.push_back({fmt::format("{} has {}", object_of(service).text(), service.health_check_node_port),
                                   service.health_check_span});
      }
    }
  }

  Allocation& a_;
  SlotMap slots_;
  std::vector<Want> wants_;
};

}  // namespace

void allocate_node_ports(Allocation& allocation, const std::vector<std::uint16_t>& avoid) {
  NodePortAllocator(allocation).run(avoid);
}

}  // namespace portcullis::cluster

#include "verifier/obligations/port_findings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace portcullis::obligations {

namespace {

// At most so many other claimants are named in one finding; the message of the Proof names them all.
constexpr std::size_t most_named = 20;

base::ObjectRef object_of(const PortClaim& claim) {
  if (claim.service != nullptr) return {"Service", claim.service->ns, claim.service->name};
  return claim.workload != nullptr ? claim.workload->workload : base::ObjectRef{};
}

std::string field_of(const PortClaim& claim) {
  switch (claim.holder) {
    case Holder::node_port:
      return fmt::format("spec.ports[{}].nodePort", claim.service_port->index);
    case Holder::health_check:
      return "spec.healthCheckNodePort";
    case Holder::service_address: {
      const auto is = [&](const auto& ip) { return ip.address == *claim.address; };
      if (std::ranges::any_of(claim.service->cluster_ips, is)) return "spec.clusterIPs";
      return std::ranges::any_of(claim.service->external_ips, is) ? "spec.externalIPs" : "status.loadBalancer.ingress";
    }
    case Holder::workload:
    case Holder::profile_host_port:
    case Holder::reserved:
      return {};
  }
  return {};
}

std::string host_port_text(const PortClaim& claim) {
  return claim.want != nullptr && claim.want->host_network ? "port" : "host port";
}

class Report {
 public:
  Report(const Meeting& meeting, base::Diagnostics& diagnostics) : meeting_(meeting), diagnostics_(diagnostics) {}

  void all() {
    const PortClaim* service = first([](const PortClaim& c) { return c.of_service(); });
    const PortClaim* reserved = first([](const PortClaim& c) { return c.holder == Holder::reserved; });
    for (const PortClaim* claim : meeting_.claims) {
      if (claim->of_pod() && service != nullptr) shadowed(*claim, *service);
      if (claim->of_pod() && service == nullptr && reserved != nullptr && !claim->of_node_component())
        needed_by_nodes(*claim, *reserved);
      const bool number = claim->holder == Holder::node_port || claim->holder == Holder::health_check;
      if (number && reserved != nullptr) needed_by_nodes(*claim, *reserved);
      if (claim->holder == Holder::service_address) address_of_node(*claim, reserved);
    }
  }

 private:
  template <class Is>
  [[nodiscard]] const PortClaim* first(const Is& is) const {
    const auto found = std::ranges::find_if(meeting_.claims, [&](const PortClaim* claim) { return is(*claim); });
    return found == meeting_.claims.end() ? nullptr : *found;
  }

  void add(std::string_view code, std::string message, const PortClaim& at,
           std::optional<base::Severity> severity = {}) {
    // A Service with two ways to the same end, or a pod on two addresses, is told once.
    const bool said = std::ranges::any_of(diagnostics_.all(), [&](const base::Diagnostic& d) {
      return d.code == code && d.span == at.span && d.message == message;
    });
    if (said) return;
    base::Diagnostic& finding = diagnostics_.add(code, std::move(message), at.span);
    finding.object = object_of(at);
    finding.field = field_of(at);
    if (severity) finding.severity = *severity;
    for (const PortClaim* other : meeting_.claims) {
      if (other != &at && finding.related.size() < most_named) finding.related.push_back({other->text(), other->span});
    }
  }

  void shadowed(const PortClaim& pod, const PortClaim& service) {
    if (service.holder == Holder::health_check) {
      add("PC3506",
          fmt::format("{} {} of {} is the health check node port of {}, too", host_port_text(pod), pod.port, pod.who(),
                      service.who()),
          pod);
      return;
    }
    const std::string taker =
        service.holder == Holder::node_port
            ? fmt::format("node port {} of {} takes it", service.port, service.who())
            : fmt::format("{} takes {}", service.who(), net::endpoint_text(*service.address, service.port));
    add("PC3506", fmt::format("{} {} of {} never gets traffic: {}", host_port_text(pod), pod.port, pod.who(), taker),
        pod);
  }

  void needed_by_nodes(const PortClaim& claim, const PortClaim& reserved) {
    const bool loopback = claim.address && claim.address->is_loopback();
    add("PC3507",
        fmt::format("{} wants port {} of the node, which is {}", claim.who(), claim.port, reserved.reserved->what),
        claim, loopback ? std::optional(base::Severity::warning) : std::nullopt);
  }

  // What a Service's address takes away from the node whose it is: a reserved port, or another Service's node port.
  void address_of_node(const PortClaim& claim, const PortClaim* reserved) {
    const PortClaim* other = reserved != nullptr ? reserved : first([&](const PortClaim& c) {
      return (c.holder == Holder::node_port || c.holder == Holder::health_check) && c.service != claim.service;
    });
    if (other == nullptr) return;
    const std::string what = reserved != nullptr ? reserved->reserved->what : fmt::format("a port of {}", other->who());
    add("PC3103",
        fmt::format("{} takes {} of node {}, which is {}", claim.who(), net::endpoint_text(*claim.address, claim.port),
                    meeting_.node->name, what),
        claim, reserved != nullptr ? std::optional(base::Severity::error) : std::nullopt);
  }

  const Meeting& meeting_;
  base::Diagnostics& diagnostics_;
};

}  // namespace

void report_meeting(const Meeting& meeting, base::Diagnostics& diagnostics) {
  Report(meeting, diagnostics).all();
}

}  // namespace portcullis::obligations

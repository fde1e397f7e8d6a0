// Legacy Endpoints (core ValidateEndpoints).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/defaults.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2060";

constexpr MetadataRules endpoints_metadata{
    .code = code, .kind = "Endpoints", .name = dns_subdomain, .name_hint = "the name of the Service"};

void check_address(Sink& sink, const manifest::EndpointsAddress& address, const Path& path) {
  const std::string_view ip = address.ip ? std::string_view{address.ip->value} : std::string_view{};
  const base::SourceSpan span = address.ip ? address.ip->span : address.place;
  const auto subject = [&] { return fmt::format("endpoint address {}", in_quotes(ip)); };
  bool good = true;
  const auto each = [&](std::string_view field, base::SourceSpan where, const auto& what, const Faults& faults) {
    good = good && faults.empty();
    sink.refuse_each(code, path.child(field), where, what, faults);
  };
  each("ip", span, subject, ip_address(ip));
  if (address.hostname && !address.hostname->value.empty()) {
    const auto& host = *address.hostname;
    each(
        "hostname", host.span, [&] { return fmt::format("host name {}", in_quotes(host.value)); },
        dns_label(host.value));
  }
  if (address.node_name) {
    const auto& node = *address.node_name;
    each(
        "nodeName", node.span, [&] { return fmt::format("node name {}", in_quotes(node.value)); },
        dns_subdomain(node.value));
  }
  if (!good) return;  // the server looks at the kind of an address only when nothing else is wrong with it
  if (const auto parsed = net::Address::parse(ip)) each("ip", span, subject, special_address(*parsed));
}

void check_port(Sink& sink, const manifest::SlicePort& port, const Path& path, bool needs_name) {
  static constexpr std::array<std::string_view, 3> protocols{"SCTP", "TCP", "UDP"};
  const std::string_view name = port.name ? std::string_view{port.name->value} : std::string_view{};
  if (name.empty()) {
    if (needs_name) {
      sink.refuse(code, Reason::required, path.child("name"), port.name ? port.name->span : port.place,
                  "one of several ports has no name", "name it as the Service's port");
    }
  } else {
    sink.refuse_each(
        code, path.child("name"), port.name->span, [&] { return fmt::format("port name {}", in_quotes(name)); },
        dns_label(name));
  }
  const std::int64_t number = port.port ? port.port->value : 0;
  if (!is_port(number)) {
    sink.refuse(code, Reason::invalid, path.child("port"), port.port ? port.port->span : port.place,
                fmt::format("port `{}` is outside 1–65535", number), "a number from 1 to 65535");
  }
  const std::string_view protocol = protocol_text(port.protocol);
  if (std::ranges::find(protocols, protocol) == protocols.end()) {
    sink.refuse_unknown(code, path.child("protocol"), port.protocol->span, "protocol", protocol, protocols);
  }
  if (port.app_protocol) {
    sink.refuse_each(
        code, path.child("appProtocol"), port.app_protocol->span,
        [&] { return fmt::format("appProtocol {}", in_quotes(port.app_protocol->value)); },
        qualified_name(port.app_protocol->value));
  }
}

}  // namespace

bool validate(const manifest::Endpoints& endpoints, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("Endpoints", endpoints.metadata), diagnostics);
  check_metadata(endpoints.metadata, endpoints_metadata, endpoints.place, sink);
  for (std::size_t i = 0; i < endpoints.subsets.size(); ++i) {
    const manifest::EndpointsSubset& subset = endpoints.subsets[i];
    const Path path = Path("subsets").index(i);
    if (subset.addresses.empty() && subset.not_ready_addresses.empty()) {
      sink.refuse(code, Reason::required, path, first_known({subset.place, endpoints.place}),
                  "a subset has no addresses", "give `addresses` or `notReadyAddresses`");
    }
    for (std::size_t a = 0; a < subset.addresses.size(); ++a)
      check_address(sink, subset.addresses[a], path.child("addresses").index(a));
    for (std::size_t a = 0; a < subset.not_ready_addresses.size(); ++a) {
      check_address(sink, subset.not_ready_addresses[a], path.child("notReadyAddresses").index(a));
    }
    for (std::size_t p = 0; p < subset.ports.size(); ++p) {
      check_port(sink, subset.ports[p], path.child("ports").index(p), subset.ports.size() > 1);
    }
  }
  return sink.accepted();
}

}  // namespace portcullis::cluster

// EndpointSlice (discovery/validation).
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/defaults.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2060";
constexpr std::size_t most_endpoints = 1000;
constexpr std::size_t most_addresses = 100;
constexpr std::size_t most_ports = 20000;
constexpr std::size_t most_hints = 8;
constexpr std::size_t most_topology_labels = 16;

constexpr MetadataRules slice_metadata{.code = code,
                                       .kind = "EndpointSlice",
                                       .name = dns_subdomain,
                                       .name_hint = "lower-case letters, digits, inner hyphens and dots, at most 253"};

void too_many(Sink& sink, const Path& field, base::SourceSpan span, std::string_view what, std::size_t count,
              std::size_t most) {
  sink.refuse(code, Reason::too_many, field, span, fmt::format("{} {}, {} is the limit", count, what, most),
              "split it");
}

// Whether nothing at all is wrong with an address: nearly every one of a large input, so found out with a single look.
bool plain(std::string_view text, net::Family family) {
  const auto address = net::Address::parse(text);
  return address && address->family() == family && special_address(*address).empty() &&
         (family == net::Family::ipv4 || ip_address(text).empty());
}

void check_ip(Sink& sink, const Path& addresses, std::size_t i, const manifest::Text& text, net::Family family) {
  const auto subject = [&] { return fmt::format("endpoint address {}", in_quotes(text.value)); };
  if (const Faults faults = ip_address(text.value); !faults.empty()) {
    const std::string canonical = canonical_address(text.value);
    sink.refuse_each(code, addresses.index(i), text.span, subject, faults,
                     canonical.empty() ? std::string{} : fmt::format("write `{}`", canonical));
    return;
  }
  const auto address = net::Address::parse(text.value);
  if (!address) return;
  if (address->family() != family) {
    // The server gives the list's path here, without an index.
    sink.refuse(code, Reason::invalid, addresses, text.span,
                fmt::format("endpoint address {} is {}, the slice is of type {}", in_quotes(text.value),
                            net::to_string(address->family()), net::to_string(family)),
                "one slice holds addresses of one family");
  }
  const Faults special = special_address(*address);
  if (!special.empty())
    sink.refuse_each(code, addresses.index(i), text.span, subject, special, "other nodes cannot reach it");
}

void check_domain(Sink& sink, const Path& field, const manifest::Text& text) {
  if (text.value.empty()) {
    sink.refuse(code, Reason::required, field, text.span, "endpoint address is empty", "give a host name");
    return;
  }
  sink.refuse_each(
      code, field, text.span, [&] { return fmt::format("endpoint address {}", in_quotes(text.value)); },
      fully_qualified_domain(text.value), "a lower-case host name of at least two parts");
}

void check_addresses(Sink& sink, const manifest::SliceEndpoint& endpoint, const Path& path, std::string_view type) {
  const Path addresses = path.child("addresses");
  if (endpoint.addresses.empty()) {
    sink.refuse(code, Reason::required, addresses, endpoint.place, "an endpoint has no address",
                "give one in `addresses`");
  } else if (endpoint.addresses.size() > most_addresses) {
    too_many(sink, addresses, endpoint.place, "addresses of one endpoint", endpoint.addresses.size(), most_addresses);
  }
  // An unknown type says nothing about its addresses.
  const auto family = parse_family(type);
  for (std::size_t i = 0; i < endpoint.addresses.size(); ++i) {
    if (family) {
      if (!plain(endpoint.addresses[i].value, *family)) check_ip(sink, addresses, i, endpoint.addresses[i], *family);
    } else if (type == "FQDN") {
      check_domain(sink, addresses.index(i), endpoint.addresses[i]);
    }
  }
}

void check_hint_names(Sink& sink, const std::vector<manifest::Text>& names, const Path& path, std::string_view what,
                      Faults (*rule)(std::string_view)) {
  std::map<std::string_view, base::SourceSpan> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Path field = path.index(i).child("name");
    const auto [first, added] = seen.emplace(names[i].value, names[i].span);
    if (!added) {
      sink.refuse_duplicate(code, field, names[i].span,
                            fmt::format("{} {} is hinted twice", what, in_quotes(names[i].value)), first->second);
    }
    sink.refuse_each(
        code, field, names[i].span, [&] { return fmt::format("{} {}", what, in_quotes(names[i].value)); },
        rule(names[i].value));
  }
}

// Too many of either ends the check, as the server's.
void check_hints(Sink& sink, const manifest::SliceEndpoint& endpoint, const Path& path) {
  const Path zones = path.child("hints").child("forZones");
  if (endpoint.for_zones.size() > most_hints) {
    too_many(sink, zones, endpoint.for_zones.front().span, "zone hints of one endpoint", endpoint.for_zones.size(),
             most_hints);
    return;
  }
  check_hint_names(sink, endpoint.for_zones, zones, "zone", label_value);
  const Path nodes = path.child("hints").child("forNodes");
  if (endpoint.for_nodes.size() > most_hints) {
    too_many(sink, nodes, endpoint.for_nodes.front().span, "node hints of one endpoint", endpoint.for_nodes.size(),
             most_hints);
    return;
  }
  check_hint_names(sink, endpoint.for_nodes, nodes, "node", dns_subdomain);
}

void check_endpoint(Sink& sink, const manifest::SliceEndpoint& endpoint, const Path& path, std::string_view type) {
  check_addresses(sink, endpoint, path, type);
  if (endpoint.node_name) {
    const auto& node = *endpoint.node_name;
    sink.refuse_each(
        code, path.child("nodeName"), node.span, [&] { return fmt::format("node name {}", in_quotes(node.value)); },
        dns_subdomain(node.value));
  }
  if (!endpoint.deprecated_topology.entries.empty()) {
    const Path topology = path.child("deprecatedTopology");
    if (endpoint.deprecated_topology.entries.size() > most_topology_labels) {
      too_many(sink, topology, endpoint.deprecated_topology.place, "topology labels of one endpoint",
               endpoint.deprecated_topology.entries.size(), most_topology_labels);
    }
    check_labels(endpoint.deprecated_topology, code, topology, "topology", sink);
  }
  if (endpoint.hostname) {
    const auto& host = *endpoint.hostname;
    sink.refuse_each(
        code, path.child("hostname"), host.span, [&] { return fmt::format("host name {}", in_quotes(host.value)); },
        dns_label(host.value), "one lower-case name part, without dots");
  }
  if (!endpoint.for_zones.empty() || !endpoint.for_nodes.empty()) check_hints(sink, endpoint, path);
}

void check_ports(Sink& sink, const manifest::EndpointSlice& slice) {
  static constexpr std::array<std::string_view, 3> protocols{"SCTP", "TCP", "UDP"};
  const Path path("ports");
  if (slice.ports.size() > most_ports) {
    too_many(sink, path, first_known({slice.ports_place, slice.place}), "ports", slice.ports.size(), most_ports);
    return;
  }
  std::map<std::string_view, base::SourceSpan> names;
  for (std::size_t i = 0; i < slice.ports.size(); ++i) {
    const manifest::SlicePort& port = slice.ports[i];
    const std::string_view name = port.name ? std::string_view{port.name->value} : std::string_view{};
    const base::SourceSpan span = port.name ? port.name->span : port.place;
    const Path field = path.index(i);
    if (!name.empty()) {
      sink.refuse_each(
          code, field.child("name"), span, [&] { return fmt::format("port name {}", in_quotes(name)); },
          dns_label(name), "lower-case letters, digits and inner hyphens, at most 63");
    }
    const auto [first, added] = names.emplace(name, span);
    if (!added) {
      sink.refuse_duplicate(code, field.child("name"), span,
                            name.empty() ? std::string("two ports have no name")
                                         : fmt::format("port name {} is used twice", in_quotes(name)),
                            first->second, "a port is known by its name; no name counts as one");
    }
    if (port.protocol && std::ranges::find(protocols, port.protocol->value) == protocols.end()) {
      sink.refuse_unknown(code, field.child("protocol"), port.protocol->span, "protocol", port.protocol->value,
                          protocols);
    }
    if (port.app_protocol) {
      sink.refuse_each(
          code, field.child("appProtocol"), port.app_protocol->span,
          [&] { return fmt::format("appProtocol {}", in_quotes(port.app_protocol->value)); },
          qualified_name(port.app_protocol->value));
    }
  }
}

void check_type(Sink& sink, const manifest::EndpointSlice& slice, std::string_view type) {
  static constexpr std::array<std::string_view, 3> types{"FQDN", "IPv4", "IPv6"};
  const Path field("addressType");
  if (type.empty()) {
    sink.refuse(code, Reason::required, field, slice.address_type ? slice.address_type->span : slice.place,
                "the slice has no addressType", "use IPv4, IPv6 or FQDN");
  } else if (std::ranges::find(types, type) == types.end()) {
    sink.refuse_unknown(code, field, slice.address_type->span, "address type", type, types);
  }
}

}  // namespace

bool validate(const manifest::EndpointSlice& slice, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("EndpointSlice", slice.metadata), diagnostics);
  check_metadata(slice.metadata, slice_metadata, slice.place, sink);
  const std::string_view type = slice.address_type ? std::string_view{slice.address_type->value} : std::string_view{};
  check_type(sink, slice, type);
  check_ports(sink, slice);
  const Path path("endpoints");
  if (slice.endpoints.size() > most_endpoints) {
    too_many(sink, path, first_known({slice.endpoints_place, slice.place}), "endpoints in one slice",
             slice.endpoints.size(), most_endpoints);
    return sink.accepted();
  }
  for (std::size_t i = 0; i < slice.endpoints.size(); ++i)
    check_endpoint(sink, slice.endpoints[i], path.index(i), type);
  return sink.accepted();
}

}  // namespace portcullis::cluster

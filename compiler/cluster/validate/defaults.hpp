// What the API server fills into a Service before anything looks at it (reference 2.1), as pure functions of the object
// and the profile. Validation and resolving both ask here, so that they cannot disagree about what was meant.
//
// Values that are wrong stay as written: validation names them, resolving falls back to the API default with the
// `parse_…` functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/profile.hpp"
#include "compiler/manifest/objects.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::cluster {

// The families a cluster can give addresses of, by its Service ranges: the first range's family is the cluster's own.
struct ClusterFamilies {
  std::vector<net::Family> configured;  // in order of the ranges, each once; empty: ranges are unknown
  bool stated = false;                  // by a profile or a ServiceCIDR object: only then a missing family is a fault
  [[nodiscard]] net::Family primary() const { return configured.empty() ? net::Family::ipv4 : configured.front(); }
  [[nodiscard]] bool has(net::Family family) const;
  [[nodiscard]] bool dual() const { return configured.size() == 2; }
};
[[nodiscard]] ClusterFamilies cluster_families(const Profile& profile);

// Views point into the Service or into static text; they live as long as the Service.
struct ServiceDefaults {
  std::string_view type;                          // `ClusterIP` when absent or empty
  std::string_view session_affinity;              // `None` when absent or empty
  std::optional<std::int64_t> client_ip_timeout;  // seconds, with ClientIP only: as given, else 10800
  std::string_view
      external_traffic_policy;  // `Cluster` where the Service is reachable from outside; else as written, mostly empty
  std::string_view internal_traffic_policy;  // `Cluster` unless ExternalName (or an unknown type): then as written
  std::optional<bool> allocate_node_ports;   // true for LoadBalancer; else as written
  std::vector<std::string_view>
      cluster_ips;                    // clusterIPs, or [clusterIP] when only that is given; as written (`None` too)
  bool headless = false;              // first entry is `None`; ExternalName has no addresses and is not headless
  std::string_view ip_family_policy;  // empty for ExternalName
  // ipFamilies as written where known, then those of the cluster IPs, then the cluster's own, then the second one for
  // PreferDualStack/RequireDualStack where the cluster has it. Empty for ExternalName. Never a family twice.
  std::vector<net::Family> ip_families;
};
[[nodiscard]] ServiceDefaults defaults(const manifest::Service& service, const Profile& profile);

// type NodePort or LoadBalancer, or ClusterIP with at least one external IP: only then externalTrafficPolicy means
// something to the API.
[[nodiscard]] bool externally_accessible(const manifest::Service& service);

// The protocol as written, `TCP` when absent or empty.
[[nodiscard]] std::string_view protocol_text(const manifest::Field<std::string>& protocol);
// `port` when absent, 0 or "".
[[nodiscard]] manifest::IntOrString target_port(const manifest::ServicePort& port);

// The value a field has for everything after validation; an unknown word gives the API's default.
[[nodiscard]] ServiceType parse_type(std::string_view text);                   // default cluster_ip
[[nodiscard]] TrafficPolicy parse_traffic_policy(std::string_view text);       // default cluster
[[nodiscard]] net::Protocol parse_service_protocol(std::string_view text);     // TCP, UDP, SCTP; default tcp
[[nodiscard]] std::optional<net::Family> parse_family(std::string_view text);  // `IPv4`, `IPv6`, case as the API has it

}  // namespace portcullis::cluster

// Cases of the reference data: a cluster, packets, and the fate of each in either dialect.
//
// A case file has named environments, a default one, and cases, whose own `env` is merged into the default key by key
// (a list replaces a list). A row's `expect` is one fate for both dialects, or one under the name of each; a dialect
// that is not named has no expectation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/profile.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::cases {

using cluster::Dialect;
inline constexpr std::array<Dialect, 2> all_dialects{Dialect::nftables, Dialect::iptables};
// `nftables`, `iptables`.
[[nodiscard]] std::string_view name(Dialect dialect);

// What the packet path needs to know of the environment; all of it stands in the ClusterProfile of Case::manifests()
// too.
struct Environment {
  std::string node_name;
  std::vector<net::Address> addresses;  // of the node's interfaces
  // The interface that pods arrive through, where the detector looks at interfaces: its bridge, or its prefix with `0`
  // appended.
  std::string pod_interface;
  bool localhost_node_ports = true;
  bool conntrack_tcp_be_liberal = false;
  bool forward_drop = false;  // a foreign FORWARD policy DROP
};

struct Target {
  net::Address address;
  std::uint16_t port = 0;
  bool masquerade = false;
  auto operator<=>(const Target&) const = default;
};

struct Expectation {
  ir::Fate::Kind kind = ir::Fate::Kind::none;  // never `conflict`
  std::vector<Target> to;                      // of dnat: sorted, all equally likely
  [[nodiscard]] std::string text() const;
};

struct Row {
  net::Packet packet;   // `iif` is filled in for pods where the detector looks at interfaces
  bool sticky = false;  // a source comes to the same endpoint again
  std::optional<Expectation> nftables, iptables;
  int line = 0;
  [[nodiscard]] const std::optional<Expectation>& expect(Dialect dialect) const {
    return dialect == Dialect::nftables ? nftables : iptables;
  }
};

// What `resolve` says of the case, where the case asks.
struct Health {
  std::uint16_t port = 0;
  std::optional<int> status;  // nothing is served
  std::optional<int> local_endpoints;
};
struct Conflict {
  std::string kind, key;
  std::vector<std::string> owners;
};
struct StaleConnection {
  net::Protocol protocol = net::Protocol::udp;
  net::Address original_destination, reply_source;
  std::uint16_t original_port = 0;
  bool remove = false;
};
struct DerivedEndpoint {
  std::string service, port, address, node, zone;
  bool ready = false, serving = false, terminating = false;
};

struct Case {
  std::string id, theme, title;
  int line = 0;
  Environment environment;
  std::vector<Row> rows;
  std::optional<Health> health;
  std::vector<Conflict> conflicts;
  std::vector<StaleConnection> connections;
  std::vector<DerivedEndpoint> endpoints;

  // The objects, each a YAML document of one line: apiVersion and namespace `default` are filled in where the case
  // leaves them out.
  std::vector<std::string> objects;
  // The environment as `spec` of a ClusterProfile, without `dialect`, as JSON.
  std::string profile_spec;
  // All of it as one YAML stream: what a user would hand to portcullis.
  [[nodiscard]] std::string manifests(Dialect dialect) const;
};

struct CaseFile {
  std::vector<Case> cases;
  // Nothing when there is no such case.
  [[nodiscard]] const Case* find(std::string_view id) const;
};

// Throws std::runtime_error that names the file and the line: the file is the test's, not a user's.
[[nodiscard]] CaseFile read(const std::string& path);

}  // namespace portcullis::cases

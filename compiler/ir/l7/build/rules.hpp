// The paths of Ingresses as rows, and host entries in the making.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/build/maker.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

enum class PathType : std::uint8_t { exact, prefix, implementation_specific };

// One path of one rule.
struct Row {
  const cluster::Ingress* ingress = nullptr;
  std::string host;  // empty: every host
  std::string path;
  PathType type = PathType::prefix;
  const manifest::IngressBackend* backend = nullptr;
  std::string rule;  // `Prefix /cart`
  Origin origin;
};
// In the order of the Ingresses, rules and paths.
[[nodiscard]] std::vector<Row> rows_of(const std::vector<const cluster::Ingress*>& ingresses);
// One row per path of an Ingress.
[[nodiscard]] std::vector<Row> rows_of(const cluster::Ingress& ingress);

[[nodiscard]] Origin default_backend_origin(const cluster::Ingress& ingress);

// Without the slashes at its end: the elements of a Prefix (reference P5). Empty for `/`.
[[nodiscard]] std::string_view trimmed(std::string_view path);

// Host entries in the making, by the host of the rule; the empty host is the catch-all.
class HostDrafts {
 public:
  explicit HostDrafts(HostPattern::Kind wildcard) : wildcard_(wildcard) {}
  HostEntry& at(const Row& row);
  [[nodiscard]] std::map<std::string, HostEntry>& entries() { return entries_; }
  // The entries that a name of `host` also belongs to, the nearest first: its wildcard, the catch-all.
  [[nodiscard]] std::vector<const HostEntry*> wider(const std::string& host) const;
  // In the order of their hosts, the catch-all last.
  [[nodiscard]] std::vector<HostEntry> take();

 private:
  HostPattern::Kind wildcard_;
  std::map<std::string, HostEntry> entries_;
};

// Orders routes as G1 does: exact ones first, then prefixes, the longest first; equal ones as they stand.
void sort_routes(std::vector<Route>& routes);
// Leaves the first of equal matchers.
void keep_first(std::vector<Route>& routes);

}  // namespace portcullis::ir::l7

// A router in the making: backends, ranges and treatments, each once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/build/options.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// A Service port that an Ingress means; without `port` an ExternalName (`number` is the port then).
struct Target {
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* port = nullptr;
  std::uint16_t number = 0;

  [[nodiscard]] std::string text() const;    // `ns/name:80`
  [[nodiscard]] bool has_endpoints() const;  // ready ones; an ExternalName counts as one
  bool operator==(const Target&) const = default;
};

// Which numbers and names of a Service port a backend may use (reference 8.1).
enum class PortRule { number_or_name, or_target_port };

class Maker {
 public:
  Maker(const cluster::Cluster& cluster, Router& router) : cluster_(cluster), router_(router) {}

  // The Service port of a backend in namespace `ns`; nothing if there is no such Service, or it has no such port, or
  // the backend is a resource.
  [[nodiscard]] std::optional<Target> find(const std::string& ns, const manifest::IngressBackend& backend,
                                           PortRule rule) const;
  // A Service's first TCP port.
  [[nodiscard]] std::optional<Target> first_port(const ServiceName& name) const;

  [[nodiscard]] BackendId backend(const Target& target, Backend::Via via = Backend::Via::endpoints);
  [[nodiscard]] Backend& at(BackendId id) { return router_.backends[id]; }
  [[nodiscard]] RangesId ranges(const std::string& name, const net::PrefixSet& sources);
  [[nodiscard]] std::uint32_t treatment(Steps steps);
  [[nodiscard]] std::uint32_t treatment(Answer answer, const Origin& origin);

  [[nodiscard]] const cluster::Cluster& cluster() const { return cluster_; }
  [[nodiscard]] Router& router() { return router_; }
  // Sorts what is to be sorted and renumbers what points to it. Nothing may be made afterwards.
  void finish();

 private:
  const cluster::Cluster& cluster_;
  Router& router_;
  std::map<std::pair<std::string, Backend::Via>, BackendId> backends_;
  std::map<std::string, RangesId> ranges_;
};

// Origin of something in an Ingress: a field and its place.
[[nodiscard]] Origin origin_of(const cluster::Ingress& ingress, std::string field, base::SourceSpan span);
// One unconditional step.
[[nodiscard]] Steps always(Answer answer, const Origin& origin);
[[nodiscard]] Condition condition(Condition::Kind kind);
[[nodiscard]] Condition not_condition(Condition::Kind kind);
// Forward to one backend.
[[nodiscard]] Forward to_one(BackendId backend);

}  // namespace portcullis::ir::l7

// The paths of Ingresses, one by one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/cluster/cluster.hpp"

namespace portcullis::lint {

using cluster::Ingress;

// An entry of `spec.rules[].http.paths[]`.
struct PathRule {
  const Ingress* ingress = nullptr;
  const manifest::IngressRule* rule = nullptr;
  const manifest::IngressPath* entry = nullptr;
  std::string field;  // `spec.rules[0].http.paths[1]`

  [[nodiscard]] std::string_view host() const { return rule->host ? std::string_view{rule->host->value} : ""; }
  // "" is every path, as `/`.
  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view type() const {
    return entry->path_type ? std::string_view{entry->path_type->value} : "";
  }
  [[nodiscard]] base::SourceSpan span() const { return entry->path ? entry->path->span : entry->place; }
  // `shop.example.com/cart` as written; without a host the path alone.
  [[nodiscard]] std::string request() const;
  // A name that the host means.
  [[nodiscard]] std::string witness_host() const;
  // `GET http://shop.example.com/cart`: a request that it is meant for.
  [[nodiscard]] std::string witness() const;
};
[[nodiscard]] std::vector<PathRule> path_rules(const Ingress& ingress);

}  // namespace portcullis::lint

#include "compiler/lint/path_rule.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace portcullis::lint {

std::string_view PathRule::path() const {
  return entry->path && !entry->path->value.empty() ? std::string_view{entry->path->value} : "/";
}

std::string PathRule::request() const {
  return std::string(host()) + std::string(path());
}

std::string PathRule::witness_host() const {
  std::string name = host().empty() ? std::string("any.example") : std::string(host());
  if (name.starts_with('*')) name.replace(0, 1, "any");
  return name;
}

std::string PathRule::witness() const {
  return fmt::format("GET http://{}{}", witness_host(), path());
}

std::vector<PathRule> path_rules(const Ingress& ingress) {
  std::vector<PathRule> out;
  for (std::size_t r = 0; r < ingress.body.rules.size(); ++r) {
    const manifest::IngressRule& rule = ingress.body.rules[r];
    for (std::size_t p = 0; p < rule.paths.size(); ++p)
      out.push_back({&ingress, &rule, &rule.paths[p], fmt::format("spec.rules[{}].http.paths[{}]", r, p)});
  }
  return out;
}

}  // namespace portcullis::lint

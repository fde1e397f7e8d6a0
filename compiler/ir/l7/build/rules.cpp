#include "compiler/ir/l7/build/rules.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::ir::l7 {

namespace {

PathType type_of(const manifest::IngressPath& path) {
  const std::string_view text = path.path_type ? std::string_view{path.path_type->value} : std::string_view{};
  if (text == "Exact") return PathType::exact;
  return text == "Prefix" ? PathType::prefix : PathType::implementation_specific;
}

HostPattern pattern_of(const std::string& host, HostPattern::Kind wildcard) {
  if (host.empty()) return {HostPattern::Kind::any, {}};
  if (host.starts_with("*.")) return {wildcard, host.substr(2)};
  return {HostPattern::Kind::exact, host};
}

int rank(const PathMatch& match) {
  return match.kind == PathMatch::Kind::exact ? 0 : 1;
}

}  // namespace

std::vector<Row> rows_of(const cluster::Ingress& ingress) {
  std::vector<Row> out;
  const auto& rules = ingress.body.rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < rules[i].paths.size(); ++j) {
      const manifest::IngressPath& path = rules[i].paths[j];
      Row row;
      row.ingress = &ingress;
      if (rules[i].host) row.host = rules[i].host->value;
      if (path.path) row.path = path.path->value;
      row.type = type_of(path);
      row.backend = &path.backend;
      row.rule = fmt::format("{} {}", path.path_type ? path.path_type->value : "ImplementationSpecific", row.path);
      row.origin = origin_of(ingress, fmt::format("spec.rules[{}].http.paths[{}]", i, j),
                             path.path ? path.path->span : path.place);
      out.push_back(std::move(row));
    }
  }
  return out;
}

std::vector<Row> rows_of(const std::vector<const cluster::Ingress*>& ingresses) {
  std::vector<Row> out;
  for (const cluster::Ingress* ingress : ingresses) {
    for (Row& row : rows_of(*ingress)) out.push_back(std::move(row));
  }
  return out;
}

Origin default_backend_origin(const cluster::Ingress& ingress) {
  const auto& backend = ingress.body.default_backend;
  return origin_of(ingress, "spec.defaultBackend", backend ? backend->place : base::SourceSpan{});
}

std::string_view trimmed(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

HostEntry& HostDrafts::at(const Row& row) {
  const auto [at, fresh] = entries_.try_emplace(row.host);
  HostEntry& entry = at->second;
  if (fresh) {
    entry.names.push_back(pattern_of(row.host, wildcard_));
    entry.origin = row.origin;
  }
  const std::string owner = row.ingress->id();
  if (std::ranges::find(entry.owners, owner) == entry.owners.end()) entry.owners.push_back(owner);
  return entry;
}

std::vector<const HostEntry*> HostDrafts::wider(const std::string& host) const {
  std::vector<const HostEntry*> out;
  const auto add = [&](const std::string& key) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) out.push_back(&found->second);
  };
  if (host.empty()) return out;
  const std::size_t dot = host.find('.');
  if (!host.starts_with("*.") && dot != std::string::npos) add("*" + host.substr(dot));
  add({});
  return out;
}

std::vector<HostEntry> HostDrafts::take() {
  std::vector<HostEntry> out;
  for (auto& [host, entry] : entries_) {
    if (!host.empty()) out.push_back(std::move(entry));
  }
  const auto any = entries_.find({});
  if (any != entries_.end()) out.push_back(std::move(any->second));
  entries_.clear();
  return out;
}

void sort_routes(std::vector<Route>& routes) {
  std::ranges::stable_sort(routes, [](const Route& a, const Route& b) {
    if (rank(a.match) != rank(b.match)) return rank(a.match) < rank(b.match);
    return rank(a.match) != 0 && a.match.text.size() > b.match.text.size();
  });
}

void keep_first(std::vector<Route>& routes) {
  std::set<std::tuple<PathMatch::Kind, std::string, bool>> seen;
  std::erase_if(routes, [&](const Route& route) {
    return !seen.emplace(route.match.kind, route.match.text, route.match.fold).second;
  });
}

}  // namespace portcullis::ir::l7

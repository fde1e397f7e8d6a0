// Flavour `gce` (ingress-gce): a URL map for each Ingress, reference 5.2, G5, M7. What the controller refuses leaves
// the whole object as it was.
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

class GceBuilder {
 public:
  GceBuilder(const cluster::Ingress& ingress, Maker& maker) : ingress_(ingress), maker_(maker) {}

  void build() {
    rows_ = rows_of(ingress_);
    const std::uint32_t rest = maker_.treatment(default_answer());
    Router& router = maker_.router();
    router.unmatched = router.without_host = rest;
    for (const Row& row : rows_) {
      if (last_rule_of(row.host) == rule_of(row)) add(row);
    }
    for (auto& [host, entry] : hosts_.entries()) {
      for (auto& [text, route] : entries_[host]) entry.routes.push_back(std::move(route));
      sort_routes(entry.routes);
      entry.otherwise = rest;
    }
    router.hosts = hosts_.take();
    router.certificates.assign(1, {});
  }

 private:
  void refuse(std::string why) {
    std::string& rejected = maker_.router().rejected;
    if (rejected.empty()) rejected = std::move(why);
  }

  [[nodiscard]] static std::string rule_of(const Row& row) {
    return row.origin.field.substr(0, row.origin.field.find("].") + 1);
  }
  // Of several rules of one host the last counts.
  [[nodiscard]] std::string last_rule_of(const std::string& host) const {
    std::string last;
    for (const Row& row : rows_) {
      if (row.host == host) last = rule_of(row);
    }
    return last;
  }

  [[nodiscard]] std::optional<Target> target_of(const manifest::IngressBackend& backend, const std::string& what) {
    if (backend.has_resource) {
      refuse(fmt::format("{}: a resource backend is refused, and with it the whole Ingress", what));
      return std::nullopt;
    }
    auto target = maker_.find(ingress_.ns, backend, PortRule::number_or_name);
    if (!target) refuse(fmt::format("{}: the Service or its port does not exist; the Ingress is not synced", what));
    return target;
  }

  void add(const Row& row) {
    HostEntry& entry = hosts_.at(row);
    (void)entry;
    const auto target = target_of(*row.backend, row.origin.field);
    if (!target) return;
    const std::uint32_t treatment = maker_.treatment(to_one(maker_.backend(*target)), row.origin);
    const bool star_given = row.path.find('*') != std::string::npos;
    using enum PathMatch::Kind;
    if (row.type != PathType::implementation_specific) {
      if (star_given) return refuse(fmt::format("{}: `*` in a path of this type", row.origin.field));
      const std::string path(trimmed(row.path));
      if (row.type == PathType::exact) return put(row, {exact, row.path, false}, treatment);
      if (!path.empty()) put(row, {exact, path, false}, treatment);
      return put(row, {prefix, path + "/", false}, treatment);
    }
    if (row.path.empty()) return put(row, {prefix, "/", false}, treatment);
    if (!star_given) return put(row, {exact, row.path, false}, treatment);
    const std::string before = row.path.substr(0, row.path.size() - 1);
    if (!row.path.ends_with("/*") || before.find('*') != std::string::npos) {
      return refuse(fmt::format("{}: `*` stands alone, behind the last slash", row.origin.field));
    }
    put(row, {prefix, before, false}, treatment);
  }

  // Of equal entries the later one wins.
  void put(const Row& row, PathMatch match, std::uint32_t treatment) {
    const std::string key = match.text + (match.kind == PathMatch::Kind::prefix ? "*" : "");
    entries_[row.host].insert_or_assign(key, Route{std::move(match), treatment, row.rule, row.origin});
  }

  [[nodiscard]] Steps default_answer() {
    if (ingress_.body.default_backend) {
      const auto target = target_of(*ingress_.body.default_backend, "spec.defaultBackend");
      if (target) return always(to_one(maker_.backend(*target)), default_backend_origin(ingress_));
    }
    return always(Reply{404}, {"controller gce", "no default backend", ingress_.span});
  }

  const cluster::Ingress& ingress_;
  Maker& maker_;
  std::vector<Row> rows_;
  std::map<std::string, std::map<std::string, Route>> entries_;
  HostDrafts hosts_{HostPattern::Kind::many_labels};
};

}  // namespace

void build_gce(const cluster::Ingress& ingress, Maker& maker) {
  maker.router().host_form = HostForm::plain;
  maker.router().path_form = PathForm::as_sent;
  GceBuilder(ingress, maker).build();
}

}  // namespace portcullis::ir::l7

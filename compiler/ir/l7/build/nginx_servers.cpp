#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/build/nginx_model.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

constexpr std::string_view catch_all = "_";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// One wildcard label, as certificates have it.
bool covers(const std::vector<std::string>& names, std::string_view host) {
  return std::ranges::any_of(names, [host](const std::string& name) {
    if (name == host) return true;
    const std::size_t dot = host.find('.');
    return name.starts_with("*.") && dot != std::string_view::npos && dot > 0 && host.substr(dot) == name.substr(1);
  });
}

std::string host_of(const manifest::IngressRule& rule) {
  return rule.host && !rule.host->value.empty() ? rule.host->value : std::string(catch_all);
}

class ModelMaker {
 public:
  ModelMaker(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics)
      : controller_(controller), maker_(maker), diagnostics_(diagnostics) {}

  NginxModel make() {
    read_annotations();
    find_users();
    make_catch_all();
    for (const NginxAnnotations& object : model_.annotations) {
      if (!object.canary) add_object(object);
    }
    for (const NginxAnnotations& object : model_.annotations) {
      if (object.canary) add_canary(object);
    }
    for (auto& [host, server] : model_.servers) {
      server.regex = std::ranges::any_of(server.locations, wants_regex);
    }
    add_aliases();
    add_tls();
    add_www();
    return std::move(model_);
  }

 private:
  void read_annotations() {
    model_.annotations.reserve(controller_.ingresses.size());
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      NginxAnnotations read = read_nginx_annotations(maker_.cluster(), *ingress, controller_.options, diagnostics_);
      if (!read.skipped.empty()) {
        report_skipped(read);
        continue;
      }
      model_.annotations.push_back(std::move(read));
    }
  }
  void report_skipped(const NginxAnnotations& read) {
    const Origin at = read.origin(std::string_view{read.skipped}.substr(nginx_prefix.size()));
    base::Diagnostic& finding = diagnostics_.add(
        "PC5006", fmt::format("ingress-nginx refuses `{}`, and with it the whole Ingress", read.skipped), at.span);
    finding.object = read.ingress->reference();
    finding.field = at.field;
    finding.hint = "option `allowSnippets` of the profile's ingress controller says that it is allowed";
  }

  [[nodiscard]] NginxUpstream upstream(const cluster::Ingress& ingress, const manifest::IngressBackend& backend) const {
    auto target = maker_.find(ingress.ns, backend, PortRule::or_target_port);
    const bool local = target && target->port == nullptr && target->service->external_name == "localhost";
    if (!target || local) return {NginxUpstream::Kind::missing, std::nullopt};
    return {NginxUpstream::Kind::service, std::move(target)};
  }

  // Who uses a Service port first, an ordinary object or a canary (reference K9).
  void find_users() {
    for (const NginxAnnotations& object : model_.annotations) {
      const bool canary = object.canary.has_value();
      const auto use = [&](const manifest::IngressBackend& backend) {
        const NginxUpstream found = upstream(*object.ingress, backend);
        if (found.target) of_canary_.try_emplace(found.target->text(), canary);
      };
      if (object.ingress->body.default_backend) use(*object.ingress->body.default_backend);
      for (const manifest::IngressRule& rule : object.ingress->body.rules) {
        for (const manifest::IngressPath& path : rule.paths) use(path.backend);
      }
    }
  }
  [[nodiscard]] bool taken_by_canary(const NginxUpstream& found) const {
    return found.target && of_canary_.at(found.target->text());
  }

  void make_catch_all() {
    NginxServer& server = model_.servers[std::string(catch_all)];
    server.host = catch_all;
    server.origin = {"controller " + controller_.name, "catch-all", controller_.span};
    NginxLocation root;
    root.path = "/";
    root.implicit = true;
    root.rule = "default backend";
    root.origin = {"controller " + controller_.name, "default backend", controller_.span};
    for (const NginxAnnotations& object : model_.annotations) {
      if (object.canary || !object.ingress->body.default_backend || !object.ingress->body.rules.empty()) continue;
      root.upstream = upstream(*object.ingress, *object.ingress->body.default_backend);
      root.annotations = &object;
      root.no_redirects = true;
      root.implicit = false;
      root.origin = default_backend_origin(*object.ingress);
      server.owners.push_back(object.ingress->id());
      break;
    }
    put(server, std::move(root));
  }

  static void put(NginxServer& server, NginxLocation location) {
    server.first_of.try_emplace(location.path, server.locations.size());
    server.locations.push_back(std::move(location));
  }

  NginxServer& server_of(const NginxAnnotations& object, const Origin& origin, const std::string& host) {
    const auto [at, fresh] = model_.servers.try_emplace(host);
    NginxServer& server = at->second;
    if (fresh) {
      server.host = host;
      server.origin = origin;
      NginxLocation root;
      root.path = "/";
      root.implicit = true;
      root.annotations = &object;
      root.rule = "default backend";
      root.origin = origin;
      if (object.ingress->body.default_backend) {
        root.upstream = upstream(*object.ingress, *object.ingress->body.default_backend);
        root.origin = default_backend_origin(*object.ingress);
      }
      put(server, std::move(root));
    }
    const std::string owner = object.ingress->id();
    if (std::ranges::find(server.owners, owner) == server.owners.end()) server.owners.push_back(owner);
    if (object.client_certificate && server.client_certificate == nullptr) server.client_certificate = &object;
    if (object.ssl_passthrough && controller_.options.ssl_passthrough && server.passthrough == nullptr) {
      server.passthrough = &object;
    }
    return server;
  }

  void add_object(const NginxAnnotations& object) {
    const cluster::Ingress& ingress = *object.ingress;
    for (std::size_t i = 0; i < ingress.body.rules.size(); ++i) {
      const manifest::IngressRule& rule = ingress.body.rules[i];
      const Origin origin =
          origin_of(ingress, fmt::format("spec.rules[{}]", i), rule.host ? rule.host->span : rule.place);
      (void)server_of(object, origin, host_of(rule));
    }
    for (const Row& row : rows_of(ingress)) {
      const std::string host = row.host.empty() ? std::string(catch_all) : row.host;
      add_path(object, model_.servers.at(host), row);
    }
  }

  void add_path(const NginxAnnotations& object, NginxServer& server, const Row& row) {
    if (row.backend->has_resource) return;
    NginxLocation location;
    location.path = row.path.empty() ? "/" : row.path;
    location.exact = row.type == PathType::exact;
    location.upstream = upstream(*object.ingress, *row.backend);
    location.annotations = &object;
    location.rule = row.rule;
    location.origin = row.origin;
    if (taken_by_canary(location.upstream)) return;
    // Compared with the first location of the same path only (reference G7).
    const auto first = server.first_of.find(location.path);
    if (first == server.first_of.end() || server.locations[first->second].exact != location.exact) {
      put(server, std::move(location));
    } else if (server.locations[first->second].implicit) {
      server.locations[first->second] = std::move(location);
    }
  }

  void add_canary(const NginxAnnotations& object) {
    for (const Row& row : rows_of(*object.ingress)) {
      const auto server = model_.servers.find(row.host.empty() ? std::string(catch_all) : row.host);
      const NginxUpstream found = upstream(*object.ingress, *row.backend);
      if (server == model_.servers.end() || !found.target || !taken_by_canary(found)) continue;
      const std::string path = row.path.empty() ? "/" : row.path;
      for (const NginxLocation& location : server->second.locations) {
        const bool same = location.path == path && location.exact == (row.type == PathType::exact);
        if (!same || !location.upstream.target || *location.upstream.target == *found.target) continue;
        model_.canaries.try_emplace(location.upstream.target->text(), NginxCanary{*found.target, &object});
      }
    }
  }

  void add_aliases() {
    std::set<std::string> used;
    for (auto& [host, server] : model_.servers) {
      for (const NginxAnnotations& object : model_.annotations) {
        if (object.canary || object.aliases.empty() || host == catch_all) continue;
        if (std::ranges::find(server.owners, object.ingress->id()) == server.owners.end()) continue;
        for (const std::string& alias : object.aliases) {
          const bool free = alias != host && !model_.servers.contains(alias);
          if (free && used.insert(alias).second) server.aliases.push_back(alias);
        }
        break;  // of several objects the first with aliases counts
      }
      std::ranges::sort(server.aliases);
    }
  }

  // The Secret whose `hosts` holds the host; else the first whose certificate covers it (reference T2).
  [[nodiscard]] const cluster::Secret* secret_for(const cluster::Ingress& ingress, const std::string& host) const {
    const auto secret_of = [&](const manifest::IngressTls& tls) -> const cluster::Secret* {
      if (!tls.secret_name || tls.secret_name->value.empty()) return nullptr;
      return maker_.cluster().secret(ingress.ns, tls.secret_name->value);
    };
    for (const manifest::IngressTls& tls : ingress.body.tls) {
      const bool listed =
          std::ranges::any_of(tls.hosts, [&](const manifest::Text& item) { return lower(item.value) == lower(host); });
      if (listed) return secret_of(tls);
    }
    for (const manifest::IngressTls& tls : ingress.body.tls) {
      const cluster::Secret* secret = secret_of(tls);
      if (secret != nullptr && covers(secret->names, host)) return secret;
    }
    return nullptr;
  }
  [[nodiscard]] std::uint32_t certificate(const cluster::Secret* secret, const std::string& host) {
    std::vector<Certificate>& all = maker_.router().certificates;
    const bool covered = secret != nullptr &&
                         (covers(secret->names, host) || std::ranges::find(secret->names, host) != secret->names.end());
    if (!covered || !secret->has_certificate) return 0;
    const auto known = std::ranges::find(all, secret->id(), &Certificate::secret);
    if (known != all.end()) return static_cast<std::uint32_t>(known - all.begin());
    all.push_back({secret->id(), secret->names});
    return static_cast<std::uint32_t>(all.size() - 1);
  }
  void add_tls() {
    maker_.router().certificates.assign(1, {});
    for (const NginxAnnotations& object : model_.annotations) {
      const cluster::Ingress& ingress = *object.ingress;
      if (object.canary || ingress.body.tls.empty()) continue;
      for (const manifest::IngressRule& rule : ingress.body.rules) {
        NginxServer& server = model_.servers.at(host_of(rule));
        if (server.tls) continue;
        server.tls = true;
        server.certificate = certificate(secret_for(ingress, server.host), server.host);
        server.tls_origin = origin_of(ingress, "spec.tls", ingress.body.tls.front().place);
      }
    }
  }

  void add_www() {
    for (const auto& [host, server] : model_.servers) {
      const bool asked = std::ranges::any_of(server.locations, [](const NginxLocation& location) {
        return location.annotations != nullptr && location.annotations->from_to_www && !location.no_redirects;
      });
      if (!asked || host == catch_all || host.starts_with("*.")) continue;
      const std::string other = host.starts_with("www.") ? host.substr(4) : "www." + host;
      if (!model_.servers.contains(other)) model_.www.try_emplace(other, host);
    }
  }

  const Controller& controller_;
  Maker& maker_;
  base::Diagnostics& diagnostics_;
  NginxModel model_;
  std::map<std::string, bool> of_canary_;
};

}  // namespace

bool rewrites(const NginxLocation& location) {
  return location.annotations != nullptr && !location.no_redirects && !location.annotations->rewrite_target.empty() &&
         location.annotations->rewrite_target != location.path;
}

bool wants_regex(const NginxLocation& location) {
  return rewrites(location) ||
         (location.annotations != nullptr && !location.no_redirects && location.annotations->use_regex);
}

NginxModel make_nginx_model(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics) {
  return ModelMaker(controller, maker, diagnostics).make();
}

}  // namespace portcullis::ir::l7

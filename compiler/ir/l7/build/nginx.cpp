// Flavour `nginx` (kubernetes/ingress-nginx): the reference's sections 5.3, 5.4, 6.2, 7, 9, 10 and 11.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/nginx_model.hpp"

namespace portcullis::ir::l7 {

namespace {

// How nginx reads a server name (reference 10.1, row 18).
HostPattern alias_pattern(const std::string& alias) {
  if (alias.starts_with('~')) return {HostPattern::Kind::regex, alias.substr(1)};
  if (alias.starts_with("*.")) return {HostPattern::Kind::many_labels, alias.substr(2)};
  return {HostPattern::Kind::exact, alias};
}
HostPattern host_pattern(const std::string& host) {
  if (host == "_") return {HostPattern::Kind::any, {}};
  if (host.starts_with("*.")) return {HostPattern::Kind::one_label, host.substr(2)};
  return {HostPattern::Kind::exact, host};
}

bool covered(const Certificate& certificate, const std::string& name) {
  const std::size_t dot = name.find('.');
  return std::ranges::any_of(certificate.names, [&](const std::string& known) {
    return known == name ||
           (known.starts_with("*.") && dot != std::string::npos && known.substr(1) == name.substr(dot));
  });
}

void add_tls(const NginxServer& server, Router& router) {
  if (!server.tls) return;
  const auto add = [&](const std::string& name, const HostPattern& pattern) {
    router.tls_names.push_back(name);
    if (pattern.kind != HostPattern::Kind::any) {
      router.tls.push_back({pattern, server.certificate, server.tls_origin});
    }
  };
  if (server.host != "_") add(server.host, host_pattern(server.host));
  for (const std::string& alias : server.aliases) {
    if (!alias.starts_with('~') && covered(router.certificates[server.certificate], alias)) {
      add(alias, host_pattern(alias));
    }
  }
}

HostEntry redirect_to(const std::string& from, const std::string& to, const Origin& origin, Maker& maker) {
  HostEntry entry;
  entry.names.push_back({HostPattern::Kind::exact, from});
  entry.origin = origin;
  using enum Piece::Kind;
  const Redirect redirect{308, {{scheme, {}}, {text, "://" + to + ":"}, {port, {}}, {target_no_slash, {}}}};
  entry.otherwise = maker.treatment(redirect, origin);
  return entry;
}

void add_passthrough(const NginxServer& server, Maker& maker) {
  if (server.passthrough == nullptr) return;
  for (const NginxLocation& location : server.locations) {
    if (location.path != "/" || location.exact || !location.upstream.target) continue;
    const BackendId backend = maker.backend(*location.upstream.target);
    maker.router().passthrough.push_back(
        {host_pattern(server.host), backend, server.passthrough->origin("ssl-passthrough")});
    return;
  }
}

}  // namespace

void build_nginx(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics) {
  Router& router = maker.router();
  router.host_form = HostForm::nginx;
  router.path_form = PathForm::nginx;
  router.strict_sni = controller.options.strict_sni;
  const NginxModel model = make_nginx_model(controller, maker, diagnostics);
  const Origin origin{"controller " + controller.name, "default backend", controller.span};
  const std::uint32_t nowhere = maker.treatment(Reply{404}, origin);
  router.unmatched = router.without_host = nowhere;
  const auto add = [&](const NginxServer& server) {
    HostEntry entry;
    entry.names.push_back(host_pattern(server.host));
    for (const std::string& alias : server.aliases) entry.names.push_back(alias_pattern(alias));
    entry.steps = nginx_host_steps(server);
    entry.routes = nginx_routes(server, model, controller, maker, diagnostics);
    entry.otherwise = nowhere;  // an Exact `/` can be all there is
    entry.origin = server.origin;
    entry.owners = server.owners;
    router.hosts.push_back(std::move(entry));
    add_tls(server, router);
    add_passthrough(server, maker);
  };
  for (const auto& [host, server] : model.servers) {
    if (host != "_") add(server);
  }
  for (const auto& [from, to] : model.www) {
    router.hosts.push_back(redirect_to(from, to, model.servers.at(to).origin, maker));
  }
  add(model.servers.at("_"));
  std::ranges::sort(router.tls_names);
  std::ranges::stable_sort(router.tls, {}, [](const TlsName& tls) { return tls.name; });
}

}  // namespace portcullis::ir::l7

#include "verifier/obligations/reach_routers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "compiler/ir/l7/build.hpp"
#include "compiler/net/prefix_algebra.hpp"
#include "verifier/obligations/routes/hosts.hpp"
#include "verifier/obligations/routes/paths.hpp"

namespace portcullis::obligations {

namespace {

using ir::l7::Decision;
using ir::l7::HostPattern;
using ir::l7::Router;

HostPattern pattern_of(const std::string& host) {
  if (host.starts_with("*.")) return {HostPattern::Kind::one_label, host.substr(2)};
  return {HostPattern::Kind::exact, host};
}

void add_ranges(const ir::l7::Steps& steps, std::set<ir::l7::RangesId>& to) {
  for (const ir::l7::Step& step : steps) {
    for (const ir::l7::Condition& condition : step.when) {
      if (condition.kind == ir::l7::Condition::Kind::source_in)
        to.insert(static_cast<ir::l7::RangesId>(condition.number));
    }
  }
}

}  // namespace

const cluster::ServicePort* service_port(const cluster::Cluster& cluster, const std::string& backend) {
  const std::size_t slash = backend.find('/'), colon = backend.rfind(':');
  if (slash == std::string::npos || colon == std::string::npos || colon < slash) return nullptr;
  const cluster::Service* service =
      cluster.service(backend.substr(0, slash), backend.substr(slash + 1, colon - slash - 1));
  std::uint16_t number = 0;
  std::from_chars(backend.data() + colon + 1, backend.data() + backend.size(), number);
  if (service == nullptr) return nullptr;
  const auto found = std::ranges::find_if(service->ports, [&](const cluster::ServicePort& port) {
    return port.port == number && port.protocol == net::Protocol::tcp;
  });
  return found == service->ports.end() ? nullptr : &*found;
}

bool is_used(const cluster::Endpoint& endpoint) {
  return endpoint.ready || (endpoint.serving && endpoint.terminating);
}

bool lives(const cluster::Cluster& cluster, const std::string& backend) {
  const cluster::ServicePort* port = service_port(cluster, backend);
  return port == nullptr || std::ranges::any_of(port->endpoints, is_used);
}

bool surely_forwards(const Decision& decision, const cluster::Cluster& cluster) {
  return decision.kind == Decision::Kind::forward &&
         std::ranges::all_of(decision.shares, [&](const Decision::Share& share) {
           return !share.service.empty() && lives(cluster, share.service);
         });
}

Routers::Routers(const cluster::Cluster& cluster, smt::Session& session)
    : cluster_(cluster),
      session_(session),
      routers_(ir::l7::build_routers(cluster, unread_)),
      servers_(routers_.size()) {}

const ir::l7::Server& Routers::server(std::size_t router) {
  auto& kept = servers_[router];
  if (kept == nullptr) kept = std::make_unique<ir::l7::Server>(routers_[router]);
  return *kept;
}

Forwarded Routers::forwarded(std::size_t router, const policy::RequestDestination& to, bool https,
                             const net::PrefixSet& sources) {
  const auto [at, fresh] = answers_.try_emplace({router, to.host, to.path, to.except, https, sources});
  Forwarded& out = at->second;
  if (!fresh) return out;
  routes::Question question;
  question.host = to.host;
  if (!to.path.empty()) question.path = to.path;
  question.except = to.except;
  question.sources = sources;
  question.https = https;
  const routes::Possibilities found = routes::possible(routers_[router], question, session_);
  for (const routes::Possible& one : found.decisions) {
    const auto somebody = [&](const std::string& service) { return lives(cluster_, service); };
    if (one.leaf.kind != routes::Leaf::Kind::forward || std::ranges::none_of(one.leaf.services, somebody)) continue;
    out = {Forwarded::Kind::some, one.request, one.decision, one.rule, one.origin, {}};
    return out;
  }
  if (found.open.empty()) return out;
  out.kind = Forwarded::Kind::open;
  out.why = found.open.front();
  return out;
}

std::vector<std::string> Routers::names(const policy::RequestDestination& to) {
  if (!to.host.starts_with("*.")) return {to.host};
  // A router that has the name stands for the question.
  Router question;
  question.hosts.push_back({{pattern_of(to.host)}, {}, {}, 0, {}, {}});
  std::vector<const Router*> all{&question};
  std::vector<ir::l7::HostForm> forms;
  for (const Router& router : routers_) {
    all.push_back(&router);
    if (std::ranges::find(forms, router.host_form) == forms.end()) forms.push_back(router.host_form);
  }
  std::vector<std::string> out;
  for (const routes::HostClass& host : routes::host_classes(all, forms).classes) {
    const std::string& name = host.name.text;
    const std::size_t dot = name.find('.');
    if (!host.sendable || dot == std::string::npos || name.substr(dot + 1) != to.host.substr(2)) continue;
    // Labels as host names have them.
    if (ir::l7::is_label(name.substr(0, dot), ir::l7::HostForm::nginx)) out.push_back(name);
  }
  return out;
}

net::PrefixSet Routers::alike(std::size_t router, const policy::RequestDestination& to, net::PrefixSet sources,
                              const net::Address& one) {
  for (const ir::l7::RangesId id : ranges_for(router, to)) {
    const net::PrefixSet& range = routers_[router].ranges[id].sources;
    sources = range.contains(one) ? net::intersect(sources, range) : net::subtract(sources, range);
  }
  return sources;
}

// Ranges that some route of the host looks at.
const std::set<ir::l7::RangesId>& Routers::ranges_for(std::size_t router, const policy::RequestDestination& to) {
  const auto [at, fresh] = ranges_.try_emplace({router, to.host});
  std::set<ir::l7::RangesId>& out = at->second;
  if (!fresh) return out;
  const Router& what = routers_[router];
  for (const std::string& name : names(to)) {
    const ir::l7::HostEntry* entry = ir::l7::find_host(what, name);
    if (entry == nullptr) {
      if (!what.treatments.empty()) add_ranges(what.treatments.at(what.unmatched), out);
      continue;
    }
    add_ranges(entry->steps, out);
    add_ranges(what.treatments.at(entry->otherwise), out);
    for (const ir::l7::Route& route : entry->routes) add_ranges(what.treatments.at(route.treatment), out);
  }
  return out;
}

ir::l7::Request Routers::plain_request(std::size_t router, const std::string& host,
                                       const policy::RequestDestination& to, bool https,
                                       const net::Address& source) const {
  const std::string path = to.path.empty() ? "/" : to.path;
  ir::l7::Request request;
  request.https = https;
  request.port = https ? 443 : 80;
  if (https) request.sni = host;
  request.target = routes::PathSpace({routers_[router].path_form}).target(path).value_or(path);
  request.headers = {{"Host", host}};
  request.source = source;
  return request;
}

}  // namespace portcullis::obligations

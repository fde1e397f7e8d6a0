#include "compiler/ir/l7/build/maker.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace portcullis::ir::l7 {

namespace {

bool usable(const cluster::ServicePort& port) {
  return port.protocol == net::Protocol::tcp;
}

bool names_port(const cluster::ServicePort& port, const manifest::ServiceBackendPort& wanted) {
  if (wanted.number && wanted.number->value != 0) return port.port == wanted.number->value;
  return wanted.name && port.name == wanted.name->value;
}

// nginx compares texts: port, target port and name of each Service port with the one text of the backend.
bool equals_any(const cluster::ServicePort& port, const manifest::ServiceBackendPort& wanted) {
  const bool by_number = wanted.number && wanted.number->value != 0;
  if (!by_number && !wanted.name) return false;
  const std::string text = by_number ? std::to_string(wanted.number->value) : wanted.name->value;
  return std::to_string(port.port) == text || port.target_port.text == text ||
         (port.target_port.is_number && std::to_string(port.target_port.number) == text) || port.name == text;
}

Backend make_backend(const Target& target, Backend::Via via) {
  const cluster::Service& service = *target.service;
  Backend out;
  out.service = target.text();
  out.via = via;
  out.origin = {"Service " + service.id(), "spec", service.span};
  if (target.port == nullptr) {
    out.via = Backend::Via::external;
    out.external = service.external_name;
    out.external_port = target.number;
    return out;
  }
  out.origin = {"Service " + service.id(), fmt::format("spec.ports[{}]", target.port->index), target.port->span};
  if (via == Backend::Via::cluster_ip) {
    for (const cluster::LocatedAddress& address : service.cluster_ips) {
      out.targets.emplace_back(address.address, target.port->port);
    }
    if (!out.targets.empty()) out.targets.resize(1);  // the Service's primary family
    return out;
  }
  for (const cluster::Endpoint& endpoint : target.port->endpoints) {
    if (endpoint.ready) out.targets.emplace_back(endpoint.address, endpoint.port);
  }
  std::ranges::sort(out.targets, {}, [](const auto& t) { return net::endpoint_text(t.first, t.second); });
  return out;
}

struct Renumber {
  const std::vector<std::uint32_t>& backends;
  const std::vector<std::uint32_t>& ranges;

  void operator()(Forward& forward) const {
    for (Choice& choice : forward.choices) choice.backend = backends[choice.backend];
    if (forward.pages) forward.pages = backends[*forward.pages];
  }
  void operator()(Redirect&) const {}
  void operator()(Reply&) const {}
  void operator()(Refuse&) const {}
  void operator()(Unknown&) const {}

  void steps(Steps& steps) const {
    for (Step& step : steps) {
      std::visit(*this, step.answer);
      for (Condition& condition : step.when) {
        if (condition.kind == Condition::Kind::source_in)
          condition.number = ranges[static_cast<std::size_t>(condition.number)];
      }
    }
  }
};

// Sorts `items` by `key`; says where each went.
template <class Item, class Key>
std::vector<std::uint32_t> sort_and_say(std::vector<Item>& items, Key key) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return key(items[i]); });
  std::vector<std::uint32_t> place(items.size());
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    sorted.push_back(std::move(items[order[i]]));
  }
  items = std::move(sorted);
  return place;
}

}  // namespace

std::string Target::text() const {
  return fmt::format("{}:{}", service->id(), port != nullptr ? port->port : number);
}

bool Target::has_endpoints() const {
  if (port == nullptr) return !service->external_name.empty();
  return std::ranges::any_of(port->endpoints, &cluster::Endpoint::ready);
}

std::optional<Target> Maker::find(const std::string& ns, const manifest::IngressBackend& backend, PortRule rule) const {
  if (!backend.has_service || !backend.service_name) return std::nullopt;
  const cluster::Service* service = cluster_.service(ns, backend.service_name->value);
  if (service == nullptr) return std::nullopt;
  for (const cluster::ServicePort& port : service->ports) {
    const bool same =
        rule == PortRule::or_target_port ? equals_any(port, backend.port) : names_port(port, backend.port);
    if (same && usable(port)) {
      if (service->type == cluster::ServiceType::external_name) return Target{service, nullptr, port.port};
      return Target{service, &port, port.port};
    }
  }
  if (service->type == cluster::ServiceType::external_name && service->ports.empty() && backend.port.number) {
    return Target{service, nullptr, static_cast<std::uint16_t>(backend.port.number->value)};
  }
  return std::nullopt;
}

std::optional<Target> Maker::first_port(const ServiceName& name) const {
  const cluster::Service* service = cluster_.service(name.ns, name.name);
  if (service == nullptr) return std::nullopt;
  const auto port = std::ranges::find_if(service->ports, usable);
  if (port == service->ports.end()) return std::nullopt;
  return Target{service, &*port, port->port};
}

BackendId Maker::backend(const Target& target, Backend::Via via) {
  const auto [at, fresh] = backends_.try_emplace({target.text(), via}, static_cast<BackendId>(router_.backends.size()));
  if (fresh) router_.backends.push_back(make_backend(target, via));
  return at->second;
}

RangesId Maker::ranges(const std::string& name, const net::PrefixSet& sources) {
  const auto [at, fresh] = ranges_.try_emplace(name, static_cast<RangesId>(router_.ranges.size()));
  if (fresh) router_.ranges.push_back({name, sources});
  return at->second;
}

std::uint32_t Maker::treatment(Steps steps) {
  router_.treatments.push_back(std::move(steps));
  return static_cast<std::uint32_t>(router_.treatments.size() - 1);
}

std::uint32_t Maker::treatment(Answer answer, const Origin& origin) {
  return treatment(always(std::move(answer), origin));
}

void Maker::finish() {
  const std::vector<std::uint32_t> backends =
      sort_and_say(router_.backends, [](const Backend& b) { return std::pair(std::string_view{b.service}, b.via); });
  const std::vector<std::uint32_t> ranges =
      sort_and_say(router_.ranges, [](const Ranges& r) { return std::string_view{r.name}; });
  const Renumber renumber{backends, ranges};
  for (Steps& steps : router_.treatments) renumber.steps(steps);
  for (HostEntry& host : router_.hosts) renumber.steps(host.steps);
  for (Passthrough& passthrough : router_.passthrough) passthrough.backend = backends[passthrough.backend];
}

Origin origin_of(const cluster::Ingress& ingress, std::string field, base::SourceSpan span) {
  return {"Ingress " + ingress.id(), std::move(field), span.known() ? span : ingress.span};
}

Steps always(Answer answer, const Origin& origin) {
  Steps steps;
  steps.push_back({{}, std::move(answer), origin});
  return steps;
}

Condition condition(Condition::Kind kind) {
  Condition out;
  out.kind = kind;
  return out;
}
Condition not_condition(Condition::Kind kind) {
  Condition out = condition(kind);
  out.negated = true;
  return out;
}

Forward to_one(BackendId backend) {
  Forward forward;
  forward.choices.push_back({backend, 1});
  return forward;
}

}  // namespace portcullis::ir::l7

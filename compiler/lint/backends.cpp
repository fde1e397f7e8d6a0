// PC3201, PC3202, PC3213: the Service that a backend names, and its port.
#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

using Names = std::vector<std::string_view>;

struct Services {
  std::map<std::string_view, Names> by_namespace;
  std::map<std::string_view, std::string_view> namespace_of;  // of several the first by name
  // So many comparisons are left for names that are near: thousands of missing Services are no slip of the pen.
  std::size_t comparisons = 100'000;
};

std::string_view nearest(std::string_view name, const Names& names, Services& services) {
  if (names.size() > services.comparisons) return {};
  services.comparisons -= names.size();
  return base::nearest(name, names);
}

Services names_of(const cluster::Cluster& cluster) {
  Services out;
  for (const cluster::Service& service : cluster.services) {
    out.by_namespace[service.ns].push_back(service.name);
    out.namespace_of.try_emplace(service.name, service.ns);
  }
  return out;
}

bool makes_its_own(const BackendUse& use) {
  const auto& port = use.backend->port.name;
  return is_acme_solver(use.service()) || (port && port->value == "use-annotation");
}

bool by_name(const manifest::ServiceBackendPort& port) {
  return port.name && !port.name->value.empty();
}

std::string port_text(const manifest::ServiceBackendPort& port) {
  return by_name(port) ? port.name->value : std::to_string(port.number->value);
}

// Uses of one Ingress that name the same thing: one finding, at the first of them.
using Group = std::vector<const BackendUse*>;

template <class Key>
std::vector<Group> groups(const std::vector<BackendUse>& uses, const Key& key) {
  std::vector<Group> out;
  std::map<std::pair<const Ingress*, std::string>, std::size_t> index;
  for (const BackendUse& use : uses) {
    if (makes_its_own(use)) continue;
    const auto [place, is_new] = index.try_emplace({use.ingress, key(use)}, out.size());
    if (is_new) out.emplace_back();
    out[place->second].push_back(&use);
  }
  return out;
}

base::SourceSpan port_span(const BackendUse& use) {
  const manifest::ServiceBackendPort& port = use.backend->port;
  return by_name(port) ? port.name->span : port.number->span;
}

template <class Span>
base::Diagnostic& report(std::string_view code, std::string message, const Group& group, const char* field,
                         const Span& span, Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add(code, std::move(message), span(*group.front()));
  finding.object = group.front()->ingress->reference();
  finding.field = group.front()->field + field;
  for (std::size_t i = 1; i < group.size(); ++i) finding.related.push_back({"and here", span(*group[i])});
  return finding;
}

void check_missing(const Scene& scene, Services& services, const Group& group, Diagnostics& diagnostics) {
  const BackendUse& use = *group.front();
  const std::string& ns = use.ingress->ns;
  const Names& names = services.by_namespace[ns];
  if ((names.empty() && !scene.options.complete) || scene.may_be_lost("Service", ns)) return;
  const std::string_view other = services.namespace_of[use.service()];
  base::Diagnostic& finding = report(
      "PC3201",
      fmt::format("{} sends {} to Service {}, which namespace {} does not have{}", use.ingress->reference().text(),
                  use.request.empty() ? std::string("what no rule takes") : in_quotes(use.request),
                  in_quotes(use.service()), in_quotes(ns),
                  other.empty() ? std::string{} : fmt::format("; namespace {} has one", in_quotes(other))),
      group, ".service.name", std::mem_fn(&BackendUse::name_span), diagnostics);
  const std::string_view near = nearest(use.service(), names, services);
  finding.hint = fmt::format("Ingress backends stay in their namespace{}",
                             near.empty() ? std::string{} : fmt::format("; nearest: {}", in_quotes(near)));
  // Something here makes pods in its own way, and perhaps Services, too.
  const auto& makers = scene.input.other_workloads;
  if (std::ranges::find(makers, ns) != makers.end()) finding.severity = base::Severity::info;
}

void say_external(const Group& group, const cluster::Service& service, Diagnostics& diagnostics) {
  base::Diagnostic& finding =
      report("PC3213",
             fmt::format("{} forwards to {} outside the cluster", group.front()->ingress->reference().text(),
                         in_quotes(service.external_name)),
             group, ".service.name", std::mem_fn(&BackendUse::name_span), diagnostics);
  finding.related.push_back({fmt::format("Service {}", service.id()), service.span});
}

bool is_asked(const cluster::ServicePort& port, const manifest::ServiceBackendPort& asked) {
  return by_name(asked) ? port.name == asked.name->value : port.port == asked.number->value;
}

bool is_target(const cluster::ServicePort& port, const manifest::ServiceBackendPort& asked) {
  const manifest::IntOrString& target = port.target_port;
  if (by_name(asked)) return !target.is_number && target.text == asked.name->value;
  return target.is_number && target.number == asked.number->value;
}

void check_port(const Group& group, const cluster::Service& service, Diagnostics& diagnostics) {
  const manifest::ServiceBackendPort& asked = group.front()->backend->port;
  const auto& ports = service.ports;
  if (ports.empty() || std::ranges::any_of(ports, [&](const auto& port) { return is_asked(port, asked); })) return;
  std::vector<std::string> has;
  std::vector<std::string_view> names;
  std::vector<std::size_t> targeted;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    names.emplace_back(ports[i].name);
    has.push_back(in_quotes(by_name(asked) && !ports[i].name.empty() ? ports[i].name : std::to_string(ports[i].port)));
    if (is_target(ports[i], asked)) targeted.push_back(i);
  }
  const std::string port = in_quotes(port_text(asked));
  base::Diagnostic& finding =
      report("PC3202",
             fmt::format("Service {} has no port {}; it has {}{}", in_quotes(service.name), port, base::list_text(has),
                         targeted.empty() ? std::string{} : fmt::format("; {} is its target port", port)),
             group, by_name(asked) ? ".service.port.name" : ".service.port.number", port_span, diagnostics);
  const std::string_view near = by_name(asked) ? base::nearest(asked.name->value, names) : std::string_view{};
  if (targeted.size() == 1) {
    finding.hint = "use " + has[targeted.front()];
  } else if (has.size() == 1) {
    finding.hint = "use " + has.front();
  } else if (!near.empty()) {
    finding.hint = "use " + in_quotes(near);
  }
  finding.related.push_back({fmt::format("Service {}", service.id()), service.span});
}

}  // namespace

void lint_backends(const Scene& scene, Diagnostics& diagnostics) {
  Services services = names_of(scene.cluster);
  for (const Group& group : groups(scene.uses, [](const BackendUse& use) { return use.service(); })) {
    const BackendUse& use = *group.front();
    const cluster::Service* service = scene.cluster.service(use.ingress->ns, use.service());
    if (service == nullptr) {
      check_missing(scene, services, group, diagnostics);
    } else if (service->type == cluster::ServiceType::external_name) {
      say_external(group, *service, diagnostics);
    }
  }
  const auto service_and_port = [](const BackendUse& use) {
    return use.service() + ":" + port_text(use.backend->port);
  };
  for (const Group& group : groups(scene.uses, service_and_port)) {
    const BackendUse& use = *group.front();
    const cluster::Service* service = scene.cluster.service(use.ingress->ns, use.service());
    if (service != nullptr) check_port(group, *service, diagnostics);
  }
}

}  // namespace portcullis::lint

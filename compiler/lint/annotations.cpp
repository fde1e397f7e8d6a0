// PC3211, PC3212: annotations that change what other lines mean.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

constexpr std::string_view use_regex = "nginx.ingress.kubernetes.io/use-regex";
constexpr std::string_view rewrite_target = "nginx.ingress.kubernetes.io/rewrite-target";
constexpr std::string_view canary = "nginx.ingress.kubernetes.io/canary";

// ---- PC3211

bool is_snippet(std::string_view key) {
  static constexpr std::array<std::string_view, 6> kinds{"server-snippet", "configuration-snippet", "location-snippet",
                                                         "auth-snippet",   "modsecurity-snippet",   "stream-snippet"};
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = key.substr(0, slash), name = key.substr(slash + 1);
  if (domain == "nginx.org") return name.ends_with("-snippets");
  return domain.ends_with(".ingress.kubernetes.io") && std::ranges::find(kinds, name) != kinds.end();
}

void check_snippets(const Ingress& ingress, Diagnostics& diagnostics) {
  for (const manifest::KeyValue& entry : ingress.body.metadata.annotations.entries) {
    const std::string& key = entry.key.value;
    if (!is_snippet(key)) continue;
    base::Diagnostic& finding = diagnostics.add(
        "PC3211",
        fmt::format("{} injects controller configuration through {}", ingress.reference().text(), in_quotes(key)),
        entry.key.span);
    finding.object = ingress.reference();
    finding.field = fmt::format("metadata.annotations[{}]", key);
  }
}

// ---- PC3212

// The annotations are ingress-nginx's; another controller does not look at them.
bool may_be_nginx(const Scene& scene, const Ingress& ingress) {
  const std::string controller = controller_of(scene.cluster, ingress);
  return controller.empty() || controller == "nginx" || controller == "k8s.io/ingress-nginx";
}

// The annotation by which this path puts its host into regular-expression mode (reference R1 of the Ingress semantics).
const manifest::KeyValue* regex_switch(const PathRule& rule) {
  const manifest::StringMap& annotations = rule.ingress->body.metadata.annotations;
  if (is_true(annotations.get(canary))) return nullptr;
  if (const manifest::KeyValue* given = annotations.find(use_regex); given != nullptr && is_true(given->value.value))
    return given;
  const manifest::KeyValue* rewrite = annotations.find(rewrite_target);
  return rewrite != nullptr && !rewrite->value.value.empty() && rewrite->value.value != rule.path() ? rewrite : nullptr;
}

// A path that is taken for a regular expression against its author's will. Prefix `/` takes everything either way.
bool is_changed(const PathRule& rule) {
  return (rule.type() == "Exact" || (rule.type() == "Prefix" && rule.path() != "/")) && regex_switch(rule) == nullptr;
}

void report_changed(const PathRule& by, const manifest::KeyValue& entry, const std::vector<const PathRule*>& changed,
                    Diagnostics& diagnostics) {
  const PathRule& first = *changed.front();
  const std::string_view key = entry.key.value;
  base::Diagnostic& finding = diagnostics.add(
      "PC3212",
      fmt::format("{} on {} also changes {} of {}", in_quotes(key.substr(key.find('/') + 1)),
                  by.ingress->reference().text(), in_quotes(first.path()), first.ingress->reference().text()),
      entry.value.span);
  finding.object = by.ingress->reference();
  finding.field = fmt::format("metadata.annotations[{}]", key);
  finding.hint = "give the regex paths a host of their own";
  for (const PathRule* rule : changed) {
    finding.related.push_back(
        {"read as a regular expression for the beginning of a path, in any case of letters", rule->span()});
  }
}

// A host of a router, as one Ingress after the other mentions it.
using HostKey = std::pair<std::string, std::string>;

// The router of nginx shows whether a host is in this mode (an older rule may have the path, or a rewrite come in by
// the implicit root); where nobody knows the controller, the annotations do.
bool in_regex_mode(const Scene& scene, const std::vector<const PathRule*>& rules) {
  const ir::l7::Router* router = scene.routed.router(*rules.front()->ingress);
  if (router == nullptr || router->flavour != ir::l7::Flavour::nginx) return true;
  const ir::l7::HostEntry* entry = ir::l7::find_host(*router, rules.front()->witness_host());
  return entry != nullptr && std::ranges::any_of(entry->routes, [](const ir::l7::Route& route) {
           return route.match.kind == ir::l7::PathMatch::Kind::regex;
         });
}

void check_regex_hosts(const Scene& scene, Diagnostics& diagnostics) {
  std::map<HostKey, std::vector<const PathRule*>> hosts;
  for (const PathRule& rule : scene.rules) {
    if (may_be_nginx(scene, *rule.ingress))
      hosts[{scene.router_of(*rule.ingress), std::string(rule.host())}].push_back(&rule);
  }
  for (const auto& [key, rules] : hosts) {
    const auto by = std::ranges::find_if(rules, [](const PathRule* rule) { return regex_switch(*rule) != nullptr; });
    if (by == rules.end() || !in_regex_mode(scene, rules)) continue;
    std::map<std::size_t, std::vector<const PathRule*>> changed;  // by the order of their Ingresses
    for (const PathRule* rule : rules) {
      if (rule->ingress != (*by)->ingress && is_changed(*rule)) changed[rule->ingress->order].push_back(rule);
    }
    for (const auto& [order, paths] : changed) report_changed(**by, *regex_switch(**by), paths, diagnostics);
  }
}

}  // namespace

void lint_annotations(const Scene& scene, Diagnostics& diagnostics) {
  for (const Ingress& ingress : scene.cluster.ingresses) check_snippets(ingress, diagnostics);
  check_regex_hosts(scene, diagnostics);
}

}  // namespace portcullis::lint

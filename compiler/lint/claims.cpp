// PC3203, PC3204: one host and path, claimed twice.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/lint/rules.hpp"

namespace portcullis::lint {

namespace {

// Annotations that put an Ingress on listeners of its own.
constexpr std::array<std::string_view, 4> listener_annotations{"alb.ingress.kubernetes.io/listen-ports",
                                                               "nginx.org/listen-ports", "nginx.org/listen-ports-ssl",
                                                               "traefik.ingress.kubernetes.io/router.entrypoints"};

// Router, host, type, path, listeners.
using Claim = std::tuple<std::string, std::string, std::string, std::string, std::string>;

// Prefix paths are compared by their elements.
std::string normal_path(const PathRule& rule) {
  std::string path(rule.path());
  if (rule.type() == "Prefix" && path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string listeners(const Ingress& ingress) {
  std::string out;
  for (const std::string_view key : listener_annotations) out.append(annotation(ingress, key)).push_back('\n');
  return out;
}

Claim claim_of(const Scene& scene, const PathRule& rule) {
  return {scene.router_of(*rule.ingress), std::string(rule.host()), std::string(rule.type()), normal_path(rule),
          listeners(*rule.ingress)};
}

// `web:80`, `StorageBucket static`. A port's name stands for its number where the Service is known.
std::string backend_text(const Scene& scene, const PathRule& rule) {
  const manifest::IngressBackend& backend = rule.entry->backend;
  if (!backend.service_name) {
    const auto text = [](const manifest::Field<std::string>& field) { return field ? field->value : std::string{}; };
    return text(backend.resource_kind) + " " + text(backend.resource_name);
  }
  const std::string& name = backend.service_name->value;
  if (!backend.port.name || backend.port.name->value.empty())
    return fmt::format("{}:{}", name, backend.port.number ? backend.port.number->value : 0);
  const cluster::Service* service = scene.cluster.service(rule.ingress->ns, name);
  if (service != nullptr) {
    const auto port = std::ranges::find(service->ports, backend.port.name->value, &cluster::ServicePort::name);
    if (port != service->ports.end()) return fmt::format("{}:{}", name, port->port);
  }
  return fmt::format("{}:{}", name, backend.port.name->value);
}

// Rules of one claim, the older object first, and what is known of the one that holds.
struct Rivals {
  std::vector<const PathRule*> rules;
  std::size_t winner = 0;
  // The controller is known, and says nothing about who wins.
  bool open = false;
};

// The router knows who answers. Where nobody knows the controller, it is the older object, as with most of them.
void find_winner(const Scene& scene, Rivals& rivals) {
  const PathRule& first = *rivals.rules.front();
  const ir::l7::Router* router = scene.routed.router(*first.ingress);
  const ir::l7::Route* route = scene.routed.answering(first);
  if (router == nullptr || route == nullptr || router->flavour == ir::l7::Flavour::api) return;
  rivals.open = is_open(*router, *route);
  for (std::size_t i = 0; i < rivals.rules.size() && !rivals.open; ++i) {
    if (comes_of(*route, *rivals.rules[i])) rivals.winner = i;
  }
}

std::string verdict(const Rivals& rivals, const PathRule& loser) {
  const PathRule& winner = *rivals.rules[rivals.winner];
  if (rivals.open) return "its controller leaves open who wins";
  if (winner.ingress == loser.ingress) return fmt::format("the {} of them wins", rivals.winner == 0 ? "first" : "last");
  if (older(*winner.ingress, *loser.ingress)) return "the older object wins";
  return fmt::format("{} wins", winner.ingress->reference().text());
}

base::Related winner_place(const Rivals& rivals) {
  const PathRule& winner = *rivals.rules[rivals.winner];
  return {fmt::format("{} is {}", in_quotes(winner.witness()),
                      rivals.open ? "claimed by this rule, too" : "answered by this rule"),
          winner.span()};
}

void report_shadowed(const Rivals& rivals, const PathRule& loser, Diagnostics& diagnostics) {
  const PathRule& winner = *rivals.rules[rivals.winner];
  base::Diagnostic& finding =
      diagnostics.add("PC3204",
                      fmt::format("no request reaches {} of {}: {} takes them all", in_quotes(loser.request()),
                                  loser.ingress->reference().text(), winner.ingress->reference().text()),
                      loser.span());
  finding.object = loser.ingress->reference();
  finding.field = loser.field + ".path";
  finding.related.push_back(winner_place(rivals));
}

void report_taken(const Scene& scene, const Rivals& rivals, const PathRule& loser, Diagnostics& diagnostics) {
  const PathRule& winner = *rivals.rules[rivals.winner];
  const std::string ours = backend_text(scene, loser), theirs = backend_text(scene, winner);
  const bool equal = ours == theirs && loser.ingress->ns == winner.ingress->ns;
  base::Diagnostic& finding =
      diagnostics.add("PC3203",
                      fmt::format("{} goes to {} in {} and to {} in {}; {}", in_quotes(loser.request()),
                                  in_quotes(ours), loser.ingress->reference().text(), in_quotes(theirs),
                                  winner.ingress->reference().text(), verdict(rivals, loser)),
                      loser.span());
  finding.object = loser.ingress->reference();
  finding.field = loser.field + ".path";
  finding.related.push_back(winner_place(rivals));
  if (equal) finding.severity = base::Severity::warning;
  if (!equal && !rivals.open) report_shadowed(rivals, loser, diagnostics);
}

}  // namespace

void lint_claims(const Scene& scene, Diagnostics& diagnostics) {
  // Said where the router was made: nginx refuses its whole configuration because of them.
  std::set<std::pair<base::ObjectRef, std::string>> said;
  for (const base::Diagnostic& finding : diagnostics.all()) {
    if (finding.code == "PC3203") said.emplace(finding.object, finding.field);
  }
  std::map<Claim, Rivals> claims;
  for (const PathRule& rule : scene.rules) {
    const bool known = said.contains({rule.ingress->reference(), rule.field + ".path"});
    if (!known && !shares_on_purpose(*rule.ingress)) claims[claim_of(scene, rule)].rules.push_back(&rule);
  }
  for (auto& [claim, rivals] : claims) {
    if (rivals.rules.size() < 2) continue;
    std::ranges::stable_sort(rivals.rules, [](const PathRule* a, const PathRule* b) {
      return a->ingress != b->ingress && older(*a->ingress, *b->ingress);
    });
    find_winner(scene, rivals);
    for (std::size_t i = 0; i < rivals.rules.size(); ++i) {
      if (i != rivals.winner) report_taken(scene, rivals, *rivals.rules[i], diagnostics);
    }
  }
}

}  // namespace portcullis::lint

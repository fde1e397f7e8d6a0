// Flavour `traefik` (Traefik 3, provider kubernetesIngress): every path is a rule `Host(…) && Path…(…)`; the longest
// rule text that matches wins, whatever its host (reference 5.6). Rules of equal length have no order.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

struct Rule {
  std::int64_t priority = 0;
  std::vector<PathMatch> matches;  // any of them
  std::string host;
  std::uint32_t treatment = 0;
  std::string service;
  const Row* row = nullptr;
};

// One matcher of a rule, as it competes inside a host entry.
struct Candidate {
  const Rule* rule = nullptr;
  const PathMatch* match = nullptr;
};

// The paths that both match; nothing if there are none. Regular expressions are not looked into.
std::optional<PathMatch> overlap(const PathMatch& a, const PathMatch& b) {
  using enum PathMatch::Kind;
  if (a.kind == regex || b.kind == regex) return std::nullopt;
  if (a.kind == exact && b.kind == exact) return a.text == b.text ? std::optional(a) : std::nullopt;
  if (a.kind == exact) return a.text.starts_with(b.text) ? std::optional(a) : std::nullopt;
  if (b.kind == exact) return overlap(b, a);
  if (a.text.starts_with(b.text)) return a;
  return b.text.starts_with(a.text) ? std::optional(b) : std::nullopt;
}

// Go's regular expression, found anywhere in the path.
std::string anywhere(const std::string& pattern) {
  if (pattern.starts_with('^')) return pattern.substr(1);
  return fmt::format("(?s:.*)(?:{})", pattern);
}

class TraefikBuilder {
 public:
  TraefikBuilder(const Controller& controller, Maker& maker) : controller_(controller), maker_(maker) {}

  void build() {
    rows_ = rows_of(controller_.ingresses);
    for (const Row& row : rows_) add(row);
    const std::uint32_t rest = maker_.treatment(default_answer());
    Router& router = maker_.router();
    router.unmatched = router.without_host = rest;
    for (auto& [host, entry] : hosts_.entries()) {
      entry.routes = routes(host);
      entry.otherwise = rest;
    }
    router.hosts = hosts_.take();
    certificates_by_name(controller_, maker_);
  }

 private:
  [[nodiscard]] std::string_view annotation(const Row& row, std::string_view key) const {
    return row.ingress->body.metadata.annotations.get(fmt::format("traefik.ingress.kubernetes.io/{}", key));
  }

  void add(const Row& row) {
    const auto target = maker_.find(row.ingress->ns, *row.backend, PortRule::number_or_name);
    if (!target || target->port == nullptr) return;  // no such Service or port; an ExternalName is refused
    if (!target->has_endpoints() && !controller_.options.allow_empty_services) return;
    Rule rule;
    rule.row = &row;
    rule.host = row.host;
    rule.service = target->text();
    rule.treatment = maker_.treatment(to_one(maker_.backend(*target)), row.origin);
    const std::string path_rule = matchers(row, rule);
    std::string text = row.host.empty() ? std::string{} : fmt::format("Host(`{}`)", row.host);
    if (!path_rule.empty()) text += (text.empty() ? "" : " && ") + path_rule;
    rule.priority = static_cast<std::int64_t>(text.size());
    const std::string_view given = annotation(row, "router.priority");
    std::int64_t number = 0;
    if (std::from_chars(given.data(), given.data() + given.size(), number).ec == std::errc{} && number != 0) {
      rule.priority = number;
    }
    (void)hosts_.at(row);
    rules_.push_back(std::move(rule));
  }

  // Fills `rule.matches`; gives the path part of the rule's text.
  [[nodiscard]] std::string matchers(const Row& row, Rule& rule) const {
    using enum PathMatch::Kind;
    if (row.path.empty()) {
      rule.matches.push_back({prefix, "/", false});
      return {};
    }
    std::string_view matcher = "PathPrefix";
    if (row.type == PathType::exact) matcher = "Path";
    const std::string_view given = annotation(row, "router.pathmatcher");
    if (row.type == PathType::implementation_specific && !given.empty()) matcher = given;
    if (row.type == PathType::prefix && controller_.options.strict_prefix_matching && row.path != "/") {
      std::string path = row.path;
      if (path.ends_with('/')) path.pop_back();
      rule.matches.push_back({exact, path, false});
      rule.matches.push_back({prefix, path + "/", false});
      return fmt::format("(Path(`{0}`) || PathPrefix(`{0}/`))", path);
    }
    if (matcher == "Path") {
      rule.matches.push_back({exact, row.path, false});
    } else if (matcher == "PathRegexp") {
      rule.matches.push_back({regex, anywhere(row.path), false});
    } else {
      rule.matches.push_back({prefix, row.path, false});
    }
    return fmt::format("{}(`{}`)", matcher, row.path);
  }

  // Every rule that a name of this host entry can meet.
  [[nodiscard]] std::vector<Route> routes(const std::string& host) {
    std::vector<Candidate> candidates;
    for (const Rule& rule : rules_) {
      if (!covers(rule.host, host)) continue;
      for (const PathMatch& match : rule.matches) candidates.push_back({&rule, &match});
    }
    std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
      if (a.rule->priority != b.rule->priority) return a.rule->priority > b.rule->priority;
      return a.match->text.size() > b.match->text.size();
    });
    std::vector<Route> out;
    for (auto first = candidates.begin(); first != candidates.end();) {
      const auto last = std::find_if(first, candidates.end(),
                                     [&](const Candidate& c) { return c.rule->priority != first->rule->priority; });
      add_ties(first, last, out);
      for (; first != last; ++first) {
        out.push_back({*first->match, first->rule->treatment, first->rule->row->rule, first->rule->row->origin});
      }
    }
    return out;
  }

  template <class Iterator>
  void add_ties(Iterator first, Iterator last, std::vector<Route>& out) {
    for (auto a = first; a != last; ++a) {
      for (auto b = std::next(a); b != last; ++b) {
        if (a->rule == b->rule || a->rule->service == b->rule->service) continue;
        const std::optional<PathMatch> both = overlap(*a->match, *b->match);
        if (!both) continue;
        const Unknown open{fmt::format("`{}` of {} and `{}` of {} have rules of one length; who wins is open",
                                       a->rule->row->path, a->rule->row->ingress->id(), b->rule->row->path,
                                       b->rule->row->ingress->id())};
        out.push_back({*both, maker_.treatment(open, b->rule->row->origin), b->rule->row->rule, b->rule->row->origin});
      }
    }
  }

  [[nodiscard]] static bool covers(const std::string& of_rule, const std::string& host) {
    if (of_rule.empty() || of_rule == host) return true;
    if (!of_rule.starts_with("*.") || host.empty() || host.starts_with("*.")) return false;
    const std::size_t dot = host.find('.');
    return dot != std::string::npos && host.substr(dot) == of_rule.substr(1);
  }

  // An object without rules: a router of the lowest priority. A default backend beside rules is ignored.
  [[nodiscard]] Steps default_answer() {
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      if (!ingress->body.default_backend || !ingress->body.rules.empty()) continue;
      const auto target = maker_.find(ingress->ns, *ingress->body.default_backend, PortRule::number_or_name);
      if (!target || (!target->has_endpoints() && !controller_.options.allow_empty_services)) continue;
      return always(to_one(maker_.backend(*target)), default_backend_origin(*ingress));
    }
    return always(Reply{404}, {"controller " + controller_.name, "no default backend", controller_.span});
  }

  const Controller& controller_;
  Maker& maker_;
  std::vector<Row> rows_;
  std::vector<Rule> rules_;
  HostDrafts hosts_{HostPattern::Kind::one_label};
};

}  // namespace

void build_traefik(const Controller& controller, Maker& maker) {
  maker.router().host_form = HostForm::traefik;
  maker.router().path_form = PathForm::traefik;
  TraefikBuilder(controller, maker).build();
}

}  // namespace portcullis::ir::l7

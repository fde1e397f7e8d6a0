#include "compiler/ir/l7/serve.hpp"

#include <unordered_map>
#include <utility>

#include "compiler/base/error.hpp"
#include "compiler/ir/l7/answers.hpp"
#include "compiler/ir/l7/conditions.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/host_index.hpp"
#include "compiler/ir/l7/letters.hpp"
#include "compiler/ir/l7/regex_table.hpp"
#include "compiler/ir/l7/route_index.hpp"

namespace portcullis::ir::l7 {

namespace {

Decision refuse(int status) {
  Decision decision;
  decision.kind = Decision::Kind::refuse;
  decision.status = status;
  return decision;
}

Decision unknown(std::string why) {
  Decision decision;
  decision.kind = Decision::Kind::unknown;
  decision.why = std::move(why);
  return decision;
}

// Which of several elements a server name asks for (reference T4, 15.2): exact names, then one label.
template <class Element>
class ServerNames {
 public:
  ServerNames(const std::vector<Element>& elements, HostForm form) : nginx_(form == HostForm::nginx) {
    for (const Element& element : elements) {
      (element.name.kind == HostPattern::Kind::exact ? exact_ : one_label_).emplace(element.name.text, &element);
    }
  }
  [[nodiscard]] const Element* find(std::string_view sni) const {
    if (nginx_ && sni.ends_with('.')) sni.remove_suffix(1);
    const std::string name = folded(sni);
    if (const auto exact = exact_.find(name); exact != exact_.end()) return exact->second;
    const std::size_t dot = name.find('.');
    if (dot == 0 || dot == std::string::npos) return nullptr;
    const auto wildcard = one_label_.find(name.substr(dot + 1));
    return wildcard == one_label_.end() ? nullptr : wildcard->second;
  }

 private:
  bool nginx_;
  std::unordered_map<std::string, const Element*> exact_, one_label_;
};

void add_regexes(const Step& step, RegexTable& regexes) {
  for (const Condition& condition : step.when) {
    if (condition.kind != Condition::Kind::header_matches) continue;
    for (const std::string& pattern : condition.values) regexes.add(pattern, false, false);
  }
  const auto* forward = std::get_if<Forward>(&step.answer);
  if (forward != nullptr && forward->rewrite) regexes.add(forward->rewrite->pattern, true, false);
}

}  // namespace

struct Server::Index {
  RegexTable regexes;
  HostIndex hosts;
  ServerNames<TlsName> certificates;
  ServerNames<Passthrough> passthrough;
  std::vector<RouteIndex> routes;  // of Router::hosts

  explicit Index(const Router& router)
      : hosts(router, regexes),
        certificates(router.tls, router.host_form),
        passthrough(router.passthrough, router.host_form) {
    for (const TlsName& tls : router.tls) {
      if (tls.certificate < router.certificates.size()) continue;
      throw base::InternalError("a TLS name has no certificate of its router");
    }
    routes.reserve(router.hosts.size());
    for (const HostEntry& entry : router.hosts) {
      routes.emplace_back(entry, regexes);
      for (const Step& step : entry.steps) add_regexes(step, regexes);
    }
    for (const Steps& steps : router.treatments) {
      for (const Step& step : steps) add_regexes(step, regexes);
    }
  }
};

Server::Server(const Router& router) : router_(&router), index_(std::make_unique<Index>(router)) {}
Server::~Server() = default;

namespace {

// One request on its way through the router.
class Walk {
 public:
  Walk(const Router& router, const RegexTable& regexes, const Request& request, Trail& trail)
      : router_(router), trail_(trail), view_{router, regexes, request, trail.name, trail.path} {}

  // The answer of the first step that has one; nothing: every step passed the request on.
  std::optional<Decision> steps(const Steps& steps) {
    for (const Step& step : steps) {
      Truth truth = all_hold(step.when, view_);
      if (truth.value == Truth::Value::no) continue;
      trail_.step = &step;
      if (truth.value == Truth::Value::unknown) return unknown(std::move(truth.why));
      return decide(step.answer, view_);
    }
    return {};
  }

  Decision treatment(std::uint32_t id) {
    if (id >= router_.treatments.size()) throw base::InternalError("no such treatment in the router");
    auto decision = steps(router_.treatments[id]);
    if (!decision) throw base::InternalError("a treatment of the router has no last word");
    return *std::move(decision);
  }

 private:
  const Router& router_;
  Trail& trail_;
  View view_;
};

}  // namespace

Decision Server::serve(const Request& request, Trail* trail) const {
  Trail unread;
  Trail& seen = trail != nullptr ? *trail : unread;
  seen = {};
  if (!router_->rejected.empty()) return unknown(router_->rejected);

  if (request.https) {
    if (request.sni) seen.passthrough = index_->passthrough.find(*request.sni);
    if (seen.passthrough != nullptr) {
      return pass_through(seen.passthrough->backend, {*router_, index_->regexes, request, seen.name, seen.path});
    }
    if (request.sni) seen.tls_name = index_->certificates.find(*request.sni);
    if (seen.tls_name == nullptr && router_->strict_sni) return refuse(0);
    const std::uint32_t certificate = seen.tls_name != nullptr ? seen.tls_name->certificate : 0;
    if (certificate < router_->certificates.size()) seen.certificate = &router_->certificates[certificate];
  }

  const auto name = host_name(request, router_->host_form);
  if (const int* status = std::get_if<int>(&name)) return refuse(*status);
  const auto path = matched_path(request.target, router_->path_form);
  if (const int* status = std::get_if<int>(&path)) return refuse(*status);
  seen.name = std::get<Name>(name).text;
  seen.path = std::get<std::string>(path);
  Walk walk(*router_, index_->regexes, request, seen);
  if (!std::get<Name>(name).present) return walk.treatment(router_->without_host);

  const HostIndex::Found host = index_->hosts.find(seen.name);
  if (host.unsupported != nullptr) {
    const std::string& pattern = host.unsupported->text;
    return unknown(unsupported(pattern, index_->regexes.at(pattern, true, false)));
  }
  if (host.pattern == nullptr) return walk.treatment(router_->unmatched);
  seen.pattern = host.pattern;
  seen.host = &router_->hosts[host.entry];
  if (auto decision = walk.steps(seen.host->steps)) return *std::move(decision);

  const RouteIndex::Found route = index_->routes[host.entry].find(seen.path);
  if (route.unsupported != nullptr) {
    const PathMatch& match = route.unsupported->match;
    return unknown(unsupported(match.text, index_->regexes.at(match.text, match.fold, true)));
  }
  seen.route = route.route;
  return walk.treatment(route.route != nullptr ? route.route->treatment : seen.host->otherwise);
}

}  // namespace portcullis::ir::l7

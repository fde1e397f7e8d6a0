#include "verifier/obligations/routes/possible.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/letters.hpp"
#include "verifier/obligations/routes/handshakes.hpp"
#include "verifier/obligations/routes/models.hpp"
#include "verifier/obligations/routes/regions.hpp"
#include "verifier/obligations/routes/request_terms.hpp"
#include "verifier/obligations/routes/subject.hpp"
#include "verifier/obligations/routes/witness.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::HostPattern;
using ir::l7::Request;

HostPattern pattern_of(const std::string& host) {
  if (host.empty()) return {HostPattern::Kind::any, ""};
  if (host.starts_with("*.")) return {HostPattern::Kind::one_label, ir::l7::folded(host.substr(2))};
  return {HostPattern::Kind::exact, ir::l7::folded(host)};
}

// What is at a path and below it.
void add_top(std::string path, std::uint32_t treatment, ir::l7::HostEntry& entry) {
  if (path.ends_with('/')) path.pop_back();
  if (path.empty()) {
    entry.routes.push_back({{ir::l7::PathMatch::Kind::prefix, "", false}, treatment, "", {}});
  } else {
    entry.routes.push_back({{ir::l7::PathMatch::Kind::exact, path, false}, treatment, "", {}});
    entry.routes.push_back({{ir::l7::PathMatch::Kind::prefix, path + "/", false}, treatment, "", {}});
  }
}

// Treatments of the marker.
constexpr std::uint32_t asked_about = 0, left_out = 1;

// A router that tells the requests that are asked about from the others: they have a route that says so. It also tells
// names apart that have another handshake.
Router marker_of(const Router& router, const Question& question) {
  Router marker;
  marker.host_form = router.host_form;
  marker.path_form = router.path_form;
  marker.treatments = {{{{}, ir::l7::Reply{}, {}}}, {{{}, ir::l7::Reply{}, {}}}};
  ir::l7::HostEntry entry;
  entry.names = {pattern_of(question.host)};
  for (const std::string& path : question.except) add_top(path, left_out, entry);
  add_top(question.path.value_or("/"), asked_about, entry);
  marker.hosts.push_back(std::move(entry));
  for (const ir::l7::TlsName& tls : router.tls) marker.tls_names.push_back(tls.name.print());
  for (const ir::l7::Passthrough& passthrough : router.passthrough)
    marker.tls_names.push_back(passthrough.name.print());
  std::ranges::sort(marker.tls_names);
  return marker;
}

class Asker {
 public:
  Asker(const Router& router, const Question& question, smt::Session& session)
      : session_(session),
        question_(question),
        marker_router_(marker_of(router, question)),
        subject_(router),
        marker_(marker_router_),
        handshakes_(router),
        treatments_({false, false, false}),
        subjects_{&subject_, &marker_},
        regions_(subjects_) {}

  Possibilities run() {
    out_.assumptions = regions_.assumptions();
    out_.assumptions.emplace_back("requests over TLS name in the handshake the host that they ask for");
    if (of_paths() && question_.host.empty() && router_without_host())
      out_.assumptions.emplace_back("requests without Host are not looked at, as a path is asked for");
    for (const std::string& reason : regions_.open()) open(reason);
    for (const HostGroup& group : regions_.hosts()) {
      if (question_.host.empty() || group.places[1].entry != nullptr) look_at(group);
    }
    ask();
    out_.none = out_.decisions.empty() && out_.open.empty();
    return std::move(out_);
  }

 private:
  struct Region {
    const HostClass* host = nullptr;
    PathClass path;
  };
  // What decides what requests of a region get.
  struct Key {
    TreatmentId treatment = 0;
    Handshake::Kind handshake{};
    auto operator<=>(const Key&) const = default;
  };

  void open(const std::string& reason) {
    if (std::ranges::find(out_.open, reason) == out_.open.end()) out_.open.push_back(reason);
  }

  [[nodiscard]] bool of_paths() const { return question_.path || !question_.except.empty(); }
  [[nodiscard]] bool router_without_host() const { return subject_.router().host_form == ir::l7::HostForm::haproxy; }

  static std::optional<std::string> server_name(const HostClass& host) {
    if (!host.name.present || host.name.text.empty()) return std::nullopt;
    return host.name.text;
  }

  static std::string where(const Region& region) {
    return region.path.shown.starts_with('/') ? region.host->shown + region.path.shown
                                              : region.host->shown + ", " + region.path.shown;
  }

  void look_at(const HostGroup& group) {
    PathClasses paths = regions_.paths(group);
    if (!paths.open.empty()) open(paths.open);
    if (of_paths() && group.places[1].entry == nullptr) return;
    std::erase_if(paths.classes, [&](const PathClass& path) {
      const ir::l7::Route* route = of_paths() ? marker_.place(group.places[1], path.path).route : nullptr;
      return of_paths() && (route == nullptr || route->treatment != asked_about);
    });
    for (const PathClass& path : paths.classes) {
      const Facts facts{group.hosts.front()->name.text, path.path};
      const Place place = subject_.place(group.places[0], path.path);
      const TreatmentId id = treatment_of(treatments_, subject_, place, facts);
      std::set<Handshake::Kind> kinds;  // of the names of the group
      for (const HostClass* host : group.hosts) {
        const Handshake handshake = handshakes_.of(server_name(*host), treatments_);
        if (!kinds.insert(handshake.kind).second) continue;
        add({id, handshake.kind}, {host, path});
        if (handshake.kind != Handshake::Kind::ended && question_.https != std::optional(false))
          end_of_handshake(handshake, {host, path});
      }
    }
  }

  void add(const Key& key, Region region) {
    const auto [at, fresh] = regions_of_.try_emplace(key);
    if (fresh) order_.push_back(key);
    at->second.push_back(std::move(region));
  }

  // What happens over TLS before there is a request.
  void end_of_handshake(const Handshake& handshake, const Region& region) {
    Leaf leaf;
    leaf.kind = Leaf::Kind::refuse;
    leaf.shares = "refused handshake";
    if (handshake.kind == Handshake::Kind::passed) leaf = treatments_.leaf(handshake.leaf);
    if (std::ranges::find(out_.decisions, leaf, &Possible::leaf) != out_.decisions.end()) return;
    Request filled;
    filled.https = true;
    filled.port = 443;
    filled.source = source();
    if (!filled.source) return;
    filled.sni = server_name(*region.host);
    const std::vector<Request> requests = spellings(regions_, *region.host, region.path.path, filled);
    if (!requests.empty()) tell(leaf, region, requests.front());
  }

  // One of those that are asked about; nothing: there are none.
  [[nodiscard]] std::optional<net::Address> source() const {
    if (!question_.sources) return net::Address::v4(0xCB007107);  // 203.0.113.7, of documentation
    if (question_.sources->empty()) return std::nullopt;
    return question_.sources->prefixes().front().address();
  }

  void ask() {
    std::set<AtomId> atoms;
    for (const Key& key : order_) add_atoms(treatments_.treatment(key.treatment), atoms);
    const RequestTerms terms(session_, treatments_, atoms);
    for (const AtomId atom : atoms)
      if (const std::string why = not_followed(treatments_.atom(atom)); !why.empty()) open(why);
    for (const Key& key : order_) {
      const smt::Session::Scope scope(session_);
      std::vector<smt::Term> assertions;
      if (question_.sources) assertions.push_back(terms.source_in(*question_.sources));
      if (question_.https) assertions.push_back(*question_.https ? terms.https() : session_.no(terms.https()));
      if (key.handshake != Handshake::Kind::ended) assertions.push_back(session_.no(terms.https()));
      const Models found = answers(session_, terms, treatments_.treatment(key.treatment), std::move(assertions));
      if (!found.open.empty()) open(found.open);
      for (const WayToDiffer& way : found.models) answer(way, regions_of_.at(key), terms.open());
    }
  }

  void answer(const WayToDiffer& way, const std::vector<Region>& regions, const std::string& doubt) {
    const Leaf& leaf = treatments_.leaf(way.before);
    if (leaf.kind == Leaf::Kind::unknown) open(where(regions.front()) + ": " + base::printable(leaf.text));
    if (!said_.insert(way.before).second) return;
    for (const Region& region : regions) {
      Request filled = way.request;
      if (filled.https) filled.sni = server_name(*region.host);
      const std::vector<Request> requests = spellings(regions_, *region.host, region.path.path, filled);
      if (requests.empty()) continue;
      if (tell(leaf, region, requests.front())) return;
      if (doubt.empty()) throw verdict::ReplayDisagrees("a request at " + where(region) + " gets another answer");
      said_.erase(way.before);
      return open(doubt);
    }
    said_.erase(way.before);
    open(fmt::format("{}: no request is known to be there", where(regions.front())));
  }

  // False: that is not what the request gets.
  bool tell(const Leaf& leaf, const Region& region, const Request& request) {
    ir::l7::Trail trail;
    Possible made{leaf, subject_.server().serve(request, &trail), request, where(region), {}, {}};
    if (!fits(leaf, made.decision)) return false;
    if (trail.route != nullptr) made.rule = trail.route->rule;
    if (trail.step != nullptr) made.origin = trail.step->origin;
    if (made.origin.object.empty() && trail.route != nullptr) made.origin = trail.route->origin;
    if (made.origin.object.empty() && trail.passthrough != nullptr) made.origin = trail.passthrough->origin;
    out_.decisions.push_back(std::move(made));
    return true;
  }

  static bool fits(const Leaf& leaf, const ir::l7::Decision& decision) {
    using Kind = ir::l7::Decision::Kind;
    switch (leaf.kind) {
      case Leaf::Kind::forward:
        return decision.kind == Kind::forward || (leaf.rewritten && decision.kind == Kind::status);
      case Leaf::Kind::redirect:
        return decision.kind == Kind::redirect;
      case Leaf::Kind::status:
        return decision.kind == Kind::status;
      case Leaf::Kind::refuse:
        return decision.kind == Kind::refuse;
      case Leaf::Kind::unknown:
        return decision.kind == Kind::unknown;
    }
    return false;
  }

  smt::Session& session_;
  const Question& question_;
  Router marker_router_;
  Subject subject_, marker_;
  Handshakes handshakes_;
  Treatments treatments_;
  std::array<const Subject*, 2> subjects_;
  Regions regions_;
  std::map<Key, std::vector<Region>> regions_of_;
  std::vector<Key> order_;
  std::set<LeafId> said_;
  Possibilities out_;
};

}  // namespace

Possibilities possible(const Router& router, const Question& question, smt::Session& session) {
  return Asker(router, question, session).run();
}

}  // namespace portcullis::routes

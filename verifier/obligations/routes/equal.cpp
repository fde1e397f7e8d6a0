#include "verifier/obligations/routes/equal.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "verifier/obligations/routes/handshakes.hpp"
#include "verifier/obligations/routes/models.hpp"
#include "verifier/obligations/routes/regions.hpp"
#include "verifier/obligations/routes/request_terms.hpp"
#include "verifier/obligations/routes/spelling.hpp"
#include "verifier/obligations/routes/subject.hpp"
#include "verifier/obligations/routes/witness.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Request;

// A region in which the two treatments are not the same text.
struct Suspect {
  const HostGroup* group = nullptr;
  PathClass path;
};

class Comparer {
 public:
  Comparer(const Router& before, const Router& after, smt::Session& session, const CompareOptions& options)
      : before_(before),
        after_(after),
        session_(session),
        options_(options),
        treatments_(options.aspects),
        subjects_{&before_, &after_},
        regions_(subjects_) {}

  Comparison run() {
    const std::uint64_t queries = session_.queries(), steps = session_.steps();
    out_.assumptions = regions_.assumptions();
    for (const std::string& reason : regions_.open()) open(reason);
    if (!regions_.one_reading())
      open("the two read targets or Host in different ways; compared is what both read alike, and some spellings");
    handshakes();
    collect();
    judge();
    if (!regions_.one_reading()) probe();
    out_.queries = session_.queries() - queries;
    out_.steps = session_.steps() - steps;
    if (!out_.differences.empty()) {
      out_.standing = verdict::Standing::refuted;
    } else {
      out_.standing = out_.open.empty() ? verdict::Standing::proved : verdict::Standing::unknown;
    }
    return std::move(out_);
  }

 private:
  void open(const std::string& reason) {
    if (std::ranges::find(out_.open, reason) == out_.open.end()) out_.open.push_back(reason);
  }
  [[nodiscard]] bool enough() const { return out_.differences.size() >= options_.most; }

  // ---- TLS

  void handshakes() {
    const std::array<const Router*, 2> routers{&before_.router(), &after_.router()};
    if (!routers[0]->rejected.empty() || !routers[1]->rejected.empty()) {
      server_names_.emplace_back(std::nullopt);
      return;
    }
    for (const SniClass& one : sni_classes(routers, treatments_)) {
      const Handshake &a = one.done[0], &b = one.done[1];
      const bool both_end = a.kind == Handshake::Kind::ended && b.kind == a.kind;
      if (both_end) server_names_.push_back(one.sni);
      if (!both_end && a != b) {
        handshake_differs(one, {}, {});
      } else if (options_.aspects.certificates && a.certificate != b.certificate) {
        handshake_differs(one, "certificate " + certificate_text(a), "certificate " + certificate_text(b));
      }
    }
  }

  static std::string certificate_text(const Handshake& handshake) {
    return handshake.certificate.empty() ? "of the controller" : handshake.certificate;
  }

  void handshake_differs(const SniClass& one, std::string before, std::string after) {
    if (enough()) {
      out_.all_listed = false;
      return;
    }
    Request request;
    request.https = true;
    request.port = 443;
    request.sni = one.sni;
    request.source = net::Address::v4(documentation_source);
    request.headers = {{"Host", one.sni.value_or("other.example")}};
    const std::string where = "TLS for " + one.shown;
    Difference difference = played(where, request);
    if (difference.before == difference.after && before.empty()) {
      for (const Handshake& handshake : one.done) {
        if (handshake.kind != Handshake::Kind::passed) continue;
        const Leaf& leaf = treatments_.leaf(handshake.leaf);
        (before.empty() ? before : after) = leaf.beside;
      }
      if (before == after) throw verdict::ReplayDisagrees("handshakes of " + one.shown + " are the same after all");
    }
    difference.beside_before = std::move(before);
    difference.beside_after = std::move(after);
    out_.differences.push_back(std::move(difference));
  }

  // ---- names and paths

  void collect() {
    for (const HostGroup& group : regions_.hosts()) {
      const PathClasses paths = regions_.paths(group);
      if (!paths.open.empty()) open(paths.open);
      if (options_.certify && paths.open.empty()) certify(group, paths);
      for (const PathClass& path : paths.classes) {
        ++out_.regions;
        const Facts facts{group.hosts.front()->name.text, path.path};
        std::array<TreatmentId, 2> ids{};
        for (std::size_t i = 0; i < 2; ++i) {
          const Place place = subjects_[i]->place(group.places[i], path.path);
          ids[i] = treatment_of(treatments_, *subjects_[i], place, facts);
        }
        if (ids[0] == ids[1])
          not_modelled(ids[0], group, path);
        else
          suspects_[{ids[0], ids[1]}].push_back({&group, path});
      }
    }
  }

  void certify(const HostGroup& group, const PathClasses& paths) {
    const std::optional<PathCertificate> certificate = regions_.certificate(group, paths);
    if (!certificate) return;
    if (!holds(*certificate))
      throw base::InternalError("the paths of " + group.hosts.front()->shown + " are not all that there are");
    ++out_.certified;
  }

  // Both say that nobody can tell: that is no proof.
  void not_modelled(TreatmentId id, const HostGroup& group, const PathClass& path) {
    if (!looked_at_.insert(id).second) return;
    for (const Case& one : treatments_.treatment(id).cases) {
      for (const LeafId leaf : {one.plain, one.encrypted}) {
        if (treatments_.leaf(leaf).kind == Leaf::Kind::unknown)
          open(fmt::format("{}: {}", where(group, path), base::printable(treatments_.leaf(leaf).text)));
      }
      for (const Test& test : one.when) {
        const std::string why = not_followed(treatments_.atom(test.atom));
        if (!why.empty()) open(fmt::format("{}: {}", where(group, path), why));
      }
    }
  }

  static std::string where(const HostGroup& group, const PathClass& path) {
    std::string text = group.hosts.front()->shown;
    if (group.hosts.size() > 1) text += fmt::format(" and {} more", group.hosts.size() - 1);
    return path.shown.starts_with('/') ? text + path.shown : text + ", " + path.shown;
  }

  // ---- the rest of requests

  void judge() {
    if (suspects_.empty()) return;
    std::set<AtomId> atoms;
    for (const auto& [ids, list] : suspects_) {
      add_atoms(treatments_.treatment(ids.first), atoms);
      add_atoms(treatments_.treatment(ids.second), atoms);
    }
    out_.judged = suspects_.size();
    const RequestTerms terms(session_, treatments_, atoms);
    for (const auto& [ids, list] : suspects_) {
      if (enough()) {
        out_.all_listed = false;
        return;
      }
      const smt::Session::Scope scope(session_);
      const Models found = differing(session_, terms, treatments_.treatment(ids.first),
                                     treatments_.treatment(ids.second), !server_names_.empty());
      if (!found.open.empty()) open(found.open);
      play(found, list, terms.open());
    }
  }

  // Requests of each region for each way to differ, until one shows it.
  void play(const Models& found, const std::vector<Suspect>& suspects, const std::string& doubt) {
    std::set<std::size_t> shown;  // models of which some region has shown a difference
    bool tried = false;
    for (const Suspect& suspect : suspects) {
      if (enough()) {
        out_.all_listed = false;
        return;
      }
      for (std::size_t i = 0; i < found.models.size(); ++i) {
        const auto difference = shows(found.models[i], suspect, doubt, tried);
        if (!difference) continue;
        shown.insert(i);
        out_.differences.push_back(*difference);
        if (!options_.every_pair) break;
      }
    }
    if (!shown.empty() || found.models.empty()) return;
    const Suspect& first = suspects.front();
    const std::string place = where(*first.group, first.path);
    if (!tried)
      open(fmt::format("{}: the two differ, but no request is known to be there", place));
    else
      open(fmt::format("{}: answers are written in different ways, and no request was found that shows it", place));
  }

  std::optional<Difference> shows(const WayToDiffer& way, const Suspect& suspect, const std::string& doubt,
                                  bool& tried) {
    const HostClass& host = *suspect.group->hosts.front();
    const Leaf &a = treatments_.leaf(way.before), &b = treatments_.leaf(way.after);
    const std::string place = where(*suspect.group, suspect.path);
    bool any = false;
    for (Request request : all_spellings(host, suspect.path.path, way)) {
      any = true;
      Difference difference = played(place, std::move(request));
      if (difference.before == difference.after) {
        if (a.beside == b.beside) continue;
        difference.beside_before = a.beside;
        difference.beside_after = b.beside;
      }
      return difference;
    }
    tried |= any;
    const bool certain = a.shares != b.shares && !a.rewritten && !b.rewritten && doubt.empty();
    if (any && certain)
      throw verdict::ReplayDisagrees(
          fmt::format("routers are said to differ at {}: {} and {}", place, a.shares, b.shares));
    return std::nullopt;
  }

  // Where paths are rewritten, some more of them: that two rewrites differ is not to be seen by every path.
  std::vector<Request> all_spellings(const HostClass& host, const std::string& path, const WayToDiffer& way) {
    Request filled = way.request;
    if (filled.https) filled.sni = server_name(host.name.text);
    std::vector<Request> out = spellings(regions_, host, path, filled);
    if (!treatments_.leaf(way.before).rewritten && !treatments_.leaf(way.after).rewritten) return out;
    for (const std::string_view more : {"/", "x", "/x", "/x/y"}) {
      const std::vector<Request> longer = spellings(regions_, host, path + std::string(more), filled);
      out.insert(out.end(), longer.begin(), longer.end());
    }
    return out;
  }

  // Where the two read targets in different ways: the paths of each region, spelled otherwise.
  void probe() {
    std::size_t left = most_probes;
    for (const HostGroup& group : regions_.hosts()) {
      for (const PathClass& path : regions_.paths(group).classes) {
        if (!path.path.starts_with('/')) continue;
        for (const Spelling& spelling : other_spellings(path.path)) {
          if (enough() || left-- == 0) return;
          Request request;
          request.source = net::Address::v4(documentation_source);
          std::vector<Request> plain = spellings(regions_, *group.hosts.front(), path.path, request);
          if (plain.empty()) break;
          plain.front().target = spelling.target;
          Difference difference = played(where(group, path) + ", with " + spelling.how, std::move(plain.front()));
          if (difference.before != difference.after) out_.differences.push_back(std::move(difference));
        }
      }
    }
  }

  // One for which the handshake ends in a request in both routers; the name itself if that will do.
  std::optional<std::string> server_name(const std::string& name) const {
    std::optional<std::string> own(name);
    if (std::ranges::find(server_names_, own) != server_names_.end()) return own;
    return server_names_.empty() ? std::nullopt : server_names_.back();
  }

  // What both routers say.
  Difference played(const std::string& where, Request request) const {
    Difference out;
    out.where = where;
    ir::l7::Trail before, after;
    out.before = before_.server().serve(request, &before);
    out.after = after_.server().serve(request, &after);
    if (before.route != nullptr) out.rule_before = before.route->rule;
    if (after.route != nullptr) out.rule_after = after.route->rule;
    out.origin_before = origin(before);
    out.origin_after = origin(after);
    out.request = std::move(request);
    return out;
  }

  static ir::l7::Origin origin(const ir::l7::Trail& trail) {
    if (trail.step != nullptr && !trail.step->origin.object.empty()) return trail.step->origin;
    if (trail.route != nullptr) return trail.route->origin;
    return trail.host != nullptr ? trail.host->origin : ir::l7::Origin{};
  }

  static constexpr std::size_t most_probes = 20'000;
  static constexpr std::uint32_t documentation_source = 0xCB007107;  // 203.0.113.7

  Subject before_, after_;
  smt::Session& session_;
  const CompareOptions& options_;
  Treatments treatments_;
  std::array<const Subject*, 2> subjects_;
  Regions regions_;
  std::vector<std::optional<std::string>> server_names_;  // for which both end the handshake
  std::map<std::pair<TreatmentId, TreatmentId>, std::vector<Suspect>> suspects_;
  std::set<TreatmentId> looked_at_;
  Comparison out_;
};

}  // namespace

Comparison equal_routers(const Router& before, const Router& after, smt::Session& session,
                         const CompareOptions& options) {
  return Comparer(before, after, session, options).run();
}

}  // namespace portcullis::routes

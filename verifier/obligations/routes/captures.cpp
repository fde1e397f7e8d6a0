#include "verifier/obligations/routes/captures.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "verifier/obligations/routes/rules.hpp"
#include "verifier/obligations/routes/witness.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::HostEntry;
using ir::l7::HostPattern;
using ir::l7::Request;
using ir::l7::Route;
using ir::l7::Router;

std::set<std::string_view> namespaces_of(const HostEntry& entry) {
  std::set<std::string_view> out;
  for (const std::string& owner : entry.owners) out.insert(namespace_of(owner));
  return out;
}

// Both have owners, and none in common.
bool strangers(const HostEntry& a, const HostEntry& b) {
  const std::set<std::string_view> of_a = namespaces_of(a), of_b = namespaces_of(b);
  return !of_a.empty() && !of_b.empty() &&
         std::ranges::none_of(of_a, [&](std::string_view ns) { return of_b.contains(ns); });
}

// The router without its exact names.
Router wildcards_of(const Router& router) {
  Router out;
  out.host_form = router.host_form;
  out.path_form = router.path_form;
  out.treatments = router.treatments;
  out.unmatched = router.unmatched;
  for (const HostEntry& entry : router.hosts) {
    HostEntry copy = entry;
    std::erase_if(copy.names, [](const HostPattern& name) { return name.kind == HostPattern::Kind::exact; });
    if (!copy.names.empty()) out.hosts.push_back(std::move(copy));
  }
  return out;
}

class Finder {
 public:
  Finder(const Subject& subject, const Regions& regions, Audit& audit)
      : subject_(subject), regions_(regions), audit_(audit), wildcards_(wildcards_of(subject.router())) {
    const bool any = std::ranges::any_of(
        wildcards_.hosts, [](const HostEntry& entry) { return entry.names.front().kind != HostPattern::Kind::any; });
    if (any) behind_ = std::make_unique<Subject>(wildcards_);
  }

  void run() {
    if (behind_ == nullptr) return;
    for (const HostClass& host : regions_.names()) {
      if (!host.sendable || !host.name.present) continue;
      const HostPlace first = subject_.host(host.name);
      if (first.entry == nullptr) continue;
      const HostPattern* by = nullptr;
      (void)pattern_of(*first.entry, host.name.text, by);
      if (by == nullptr) continue;
      if (by->kind == HostPattern::Kind::exact)
        at_host(host, first);
      else
        among_wildcards(host, *first.entry, *by);
    }
  }

 private:
  // Which of the entry's names this is; the most specific kind.
  bool pattern_of(const HostEntry& entry, std::string_view name, const HostPattern*& by) const {
    for (const HostPattern& pattern : entry.names) {
      if (!ir::l7::matches(pattern, name, subject_.router().host_form)) continue;
      if (by == nullptr || pattern.kind < by->kind) by = &pattern;
    }
    return by != nullptr;
  }

  static bool from(const Route& route, const HostEntry& entry) {
    const std::string_view object = route.origin.object;
    const std::size_t blank = object.find(' ');
    if (blank == std::string_view::npos) return false;
    return std::ranges::find(entry.owners, object.substr(blank + 1)) != entry.owners.end();
  }

  // An exact name beside a wildcard that would have it, too.
  void at_host(const HostClass& host, const HostPlace& first) {
    const HostPlace second = behind_->host(host.name);
    if (second.entry == nullptr || second.entry->names.front().kind == HostPattern::Kind::any) return;
    if (!strangers(*first.entry, *second.entry)) return;
    std::vector<const PathMatch*> matches;
    for (const HostEntry* entry : {first.entry, second.entry})
      for (const Route& route : entry->routes) matches.push_back(&route.match);
    for (const PathClass& path : path_classes(matches, {}, regions_.space()).classes) {
      const Place here = subject_.place(first, path.path);
      if (!here.unknown.empty()) continue;
      if (here.route != nullptr && is_written(*here.route)) {
        if (!from(*here.route, *second.entry) || from(*here.route, *first.entry)) continue;
        return tell(host, path.path, *second.entry, *first.entry,
                    fmt::format("`{}` is a host of namespace {}, and requests for it are answered by `{}` of {}",
                                host.name.text, *namespaces_of(*first.entry).begin(), base::printable(here.route->rule),
                                here.route->origin.object));
      }
      const Place there = behind_->place(second, path.path);
      if (there.route == nullptr || !is_written(*there.route)) continue;
      return tell(host, path.path, *second.entry, *first.entry,
                  fmt::format("the host `{}` of {} takes its name out of `{}` of {}, whose paths it does not have",
                              host.name.text, first.entry->owners.front(), second.entry->names.front().print(),
                              second.entry->owners.front()));
    }
  }

  // A name of a wildcard that another wildcard would have.
  void among_wildcards(const HostClass& host, const HostEntry& winner, const HostPattern& by) {
    for (const HostEntry& loser : subject_.router().hosts) {
      if (&loser == &winner || !strangers(winner, loser)) continue;
      const HostPattern* also = nullptr;
      if (!pattern_of(loser, host.name.text, also) || also->kind == HostPattern::Kind::any) continue;
      if (!told_.insert({&winner, &loser}).second) continue;
      tell(host, "/", winner, loser,
           fmt::format("requests for `{}` match `{}` of {} and `{}` of {}: the first has them", host.name.text,
                       by.print(), winner.owners.front(), also->print(), loser.owners.front()));
    }
  }

  void tell(const HostClass& host, const std::string& path, const HostEntry& at, const HostEntry& other,
            std::string says) {
    Request filled;
    filled.source = net::Address::v4(0xCB007107);  // 203.0.113.7, of documentation
    const std::vector<Request> requests = spellings(regions_, host, path, filled);
    if (requests.empty()) return;
    RouteFinding finding;
    finding.code = "PC3205";
    finding.says = std::move(says);
    finding.request = requests.front();
    finding.decision = subject_.server().serve(finding.request);
    finding.at = at.origin;
    if (other.origin.span.known())
      finding.related.emplace_back(fmt::format("`{}` is claimed here", other.names.front().print()), other.origin);
    audit_.findings.push_back(std::move(finding));
  }

  const Subject& subject_;
  const Regions& regions_;
  Audit& audit_;
  Router wildcards_;
  std::unique_ptr<Subject> behind_;
  std::set<std::pair<const HostEntry*, const HostEntry*>> told_;
};

}  // namespace

void find_captures(const Subject& subject, const Regions& regions, Audit& audit) {
  Finder(subject, regions, audit).run();
}

}  // namespace portcullis::routes

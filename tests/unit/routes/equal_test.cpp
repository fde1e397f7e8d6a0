#include "verifier/obligations/routes/equal.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/serve.hpp"
#include "kit.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

using namespace test;
using verdict::Standing;

namespace {

Comparison compare(const Router& a, const Router& b, const CompareOptions& options = {}) {
  smt::Session session;
  return equal_routers(a, b, session, options);
}

struct Mutant {
  std::string what;
  std::function<void(Router&)> change;
  bool decides = true;  // decisions show it
};

Forward& forward_of(Router& router, const std::string& service) {
  for (Steps& steps : router.treatments)
    for (Step& step : steps) {
      auto* forward = std::get_if<Forward>(&step.answer);
      if (forward != nullptr && router.backends[forward->choices.front().backend].service == service) return *forward;
    }
  throw std::logic_error("no such backend");
}

Step& step_with(Router& router, Condition::Kind kind) {
  for (Steps& steps : router.treatments)
    for (Step& step : steps)
      for (const Condition& condition : step.when)
        if (condition.kind == kind) return step;
  throw std::logic_error("no such condition");
}

Condition& condition_of(Router& router, Condition::Kind kind) {
  for (Condition& condition : step_with(router, kind).when)
    if (condition.kind == kind) return condition;
  throw std::logic_error("no such condition");
}

template <class Wanted>
Wanted& answer_of(Router& router) {
  for (Steps& steps : router.treatments)
    for (Step& step : steps)
      if (auto* found = std::get_if<Wanted>(&step.answer)) return *found;
  throw std::logic_error("no such answer");
}

Rewrite& rewrite_of(Router& router) {
  for (Steps& steps : router.treatments)
    for (Step& step : steps)
      if (auto* forward = std::get_if<Forward>(&step.answer); forward != nullptr && forward->rewrite)
        return *forward->rewrite;
  throw std::logic_error("no rewrite");
}

Route& route(Router& router, const std::string& path) {
  for (HostEntry& entry : router.hosts)
    for (Route& one : entry.routes)
      if (one.match.text == path) return one;
  throw std::logic_error("no such route");
}

void drop_route(Router& router, const std::string& path) {
  for (HostEntry& entry : router.hosts)
    if (std::erase_if(entry.routes, [&](const Route& one) { return one.match.text == path; }) > 0) return;
}

std::vector<Mutant> mutants() {
  using Kind = Condition::Kind;
  return {
      {"a route is gone", [](Router& r) { drop_route(r, "/admin/"); }},
      {"an exact route is gone", [](Router& r) { drop_route(r, "/admin/health"); }},
      {"a regular expression is gone", [](Router& r) { drop_route(r, "/items/[0-9]+"); }},
      {"a route is new",
       [](Router& r) {
         add_prefix(r.hosts[1], "/new", to(r, "shop/api:80"));
         std::ranges::rotate(r.hosts[1].routes, r.hosts[1].routes.end() - 2);
       }},
      {"two routes change places", [](Router& r) { std::swap(r.hosts[0].routes.front(), r.hosts[0].routes[2]); }},
      {"a prefix is exact", [](Router& r) { route(r, "/api/").match.kind = PathMatch::Kind::exact; }},
      {"an exact path is a prefix", [](Router& r) { route(r, "/admin/health").match.kind = PathMatch::Kind::prefix; }},
      {"a prefix without its slash", [](Router& r) { route(r, "/old/").match.text = "/old"; }},
      {"letter case is ignored", [](Router& r) { route(r, "/api").match.fold = true; }},
      {"letter case counts", [](Router& r) { route(r, "/v1(/|$)(.*)").match.fold = false; }},
      {"a longer regular expression", [](Router& r) { route(r, "/items/[0-9]+").match.text = "/items/[0-9]+$"; }},
      {"another treatment", [](Router& r) { route(r, "/healthz").treatment = 0; }},
      {"another default", [](Router& r) { r.hosts[2].otherwise = to(r, "shop/old:80"); }},
      {"another answer to unknown names", [](Router& r) { r.hosts.pop_back(); }},
      {"a name is gone", [](Router& r) { r.hosts[0].names.pop_back(); }},
      {"a name is new", [](Router& r) { r.hosts[0].names.push_back(exactly("new.example.com")); }},
      {"a wildcard of many labels", [](Router& r) { r.hosts[1].names[0].kind = HostPattern::Kind::many_labels; }},
      {"a wildcard is a name", [](Router& r) { r.hosts[1].names[0].kind = HostPattern::Kind::exact; }},
      {"a pattern of names", [](Router& r) { r.hosts[1].names.push_back({HostPattern::Kind::regex, "^shop[0-9]"}); }},
      {"another weight", [](Router& r) { forward_of(r, "shop/web:80").choices[1].weight = 4; }},
      {"a share is gone", [](Router& r) { forward_of(r, "shop/web:80").choices.pop_back(); }},
      {"another Service", [](Router& r) { r.backends[backend(r, "shop/api:80")].service = "shop/other:80"; }},
      {"a Service without endpoints", [](Router& r) { r.backends[backend(r, "shop/api:80")].targets.clear(); }},
      {"another range",
       [](Router& r) {
         r.ranges[0].sources =
             net::PrefixSet({*net::Prefix::parse("192.0.2.0/25"), *net::Prefix::parse("2001:db8::/32")});
       }},
      {"a range more", [](Router& r) { r.ranges[0].sources.add(*net::Prefix::parse("198.51.100.7/32")); }},
      {"a range is turned round", [](Router& r) { condition_of(r, Kind::source_in).negated = false; }},
      {"ranges are not looked at", [](Router& r) { step_with(r, Kind::source_in).answer = Refuse{401}; }},
      {"another status", [](Router& r) { std::get<Reply>(step_with(r, Kind::body_over).answer).status = 400; }},
      {"another limit of bodies", [](Router& r) { condition_of(r, Kind::body_over).number = 1048577; }},
      {"another refusal", [](Router& r) { std::get<Refuse>(step_with(r, Kind::authorised).answer).status = 403; }},
      {"no credentials are wanted",
       [](Router& r) {
         step_with(r, Kind::authorised).when.clear();
         step_with(r, Kind::source_in).when.clear();
       }},
      {"a rewrite to elsewhere", [](Router& r) { rewrite_of(r).target = "/$1$2"; }},
      {"a rewrite of other paths", [](Router& r) { rewrite_of(r).pattern = "/v1(/|$)(.+)"; }},
      {"a rewrite is gone",
       [](Router& r) {
         forward_of(r, "shop/api:80").rewrite.reset();
         for (Steps& s : r.treatments)
           if (auto* f = std::get_if<Forward>(&s[0].answer)) f->rewrite.reset();
       }},
      {"another Host",
       [](Router& r) {
         for (Steps& s : r.treatments)
           if (auto* f = std::get_if<Forward>(&s[0].answer); f != nullptr && f->rewrite) f->host.clear();
       }},
      {"another protocol", [](Router& r) { forward_of(r, "shop/admin:443").protocol = Protocol::http; }},
      {"another location", [](Router& r) { answer_of<Redirect>(r).location[0].text = "http://"; }},
      {"the slash stays", [](Router& r) { answer_of<Redirect>(r).location[2].kind = Piece::Kind::target; }},
      {"the port stays", [](Router& r) { answer_of<Redirect>(r).location[1].kind = Piece::Kind::host_port; }},
      {"another code", [](Router& r) { answer_of<Redirect>(r).status = 301; }},
      {"the first page is elsewhere", [](Router& r) { r.hosts[0].steps.clear(); }},
      {"another first page", [](Router& r) { r.hosts[0].steps[0].when[0].values[0] = "/start"; }},
      {"a name without TLS", [](Router& r) { r.tls_names = {"*.shop.example.com"}; }},
      {"another name with TLS", [](Router& r) { r.tls_names.push_back("www.example.com"); }},
      {"another header value", [](Router& r) { condition_of(r, Kind::header_is).values[0] = "yes"; }},
      {"another header", [](Router& r) { condition_of(r, Kind::header_is).name = "X-Other"; }},
      {"another pattern of a header", [](Router& r) { condition_of(r, Kind::header_matches).values[0] = "^v[3-9]"; }},
      {"another origin", [](Router& r) { condition_of(r, Kind::header_ends).values[0] = ".example.org"; }},
      {"another method", [](Router& r) { condition_of(r, Kind::method_is).values[0] = "HEAD"; }},
      {"another cookie", [](Router& r) { condition_of(r, Kind::cookie_is).values[0] = "never"; }},
      {"steps change places",
       [](Router& r) {
         for (Steps& s : r.treatments)
           if (s.size() == 9) std::swap(s[0], s[3]);
       }},
      {"TLS names are strict", [](Router& r) { r.strict_sni = true; }},
      {"TLS is passed through",
       [](Router& r) { r.passthrough.push_back({exactly("shop.example.com"), backend(r, "shop/web:80"), {}}); }},
      {"nothing is served", [](Router& r) { r.rejected = "duplicate location"; }},
      {"another certificate", [](Router& r) { r.tls[0].certificate = 2; }, false},
      {"a TLS name is gone", [](Router& r) { r.tls.pop_back(); }, false},
      {"a TLS name is another", [](Router& r) { r.tls[0].name.text = "shop.example.org"; }, false},
      {"another endpoint", [](Router& r) { r.backends[backend(r, "shop/api:80")].targets[0].second = 9090; }, false},
      {"another rate", [](Router& r) { condition_of(r, Kind::over_rate).number = 11; }, false},
      {"a cookie for the endpoint", [](Router& r) { r.backends[backend(r, "shop/api:80")].affinity = true; }, false},
  };
}

}  // namespace

TEST_CASE("a router is equal to itself") {
  const Router router = rich_router();
  const Comparison found = compare(router, rich_router());
  CHECK(found.open.empty());
  CHECK(found.standing == Standing::proved);
  CHECK(found.differences.empty());
  CHECK(found.judged == 0);
  CHECK(found.regions > 20);
}

TEST_CASE("routers that are written in different ways are equal") {
  Router other = rich_router();
  // Backends, treatments and host entries in another order.
  std::ranges::reverse(other.backends);
  const auto last = static_cast<BackendId>(other.backends.size() - 1);
  for (Steps& steps : other.treatments)
    for (Step& step : steps)
      if (auto* forward = std::get_if<Forward>(&step.answer))
        for (Choice& choice : forward->choices) choice.backend = last - choice.backend;
  std::swap(other.hosts[0], other.hosts[2]);
  // Weights with a common divisor; a range in two halves; a prefix below another one of the same treatment.
  for (Choice& choice : forward_of(other, "shop/web:80").choices) choice.weight *= 7;
  other.ranges[0].sources = net::PrefixSet({*net::Prefix::parse("192.0.2.0/25"), *net::Prefix::parse("192.0.2.128/25"),
                                            *net::Prefix::parse("2001:db8::/32")});
  HostEntry& wild = other.hosts[1];
  wild.routes.insert(wild.routes.begin(),
                     {{PathMatch::Kind::regex, "/API/", true}, wild.routes.back().treatment, "", {}});
  const Comparison before = compare(rich_router(), other);
  CHECK(before.standing == Standing::refuted);  // `/API/` of the wildcard; `/api/` even more so
  wild.routes.erase(wild.routes.begin());
  const auto api = wild.routes.front().treatment;
  wild.routes.insert(wild.routes.begin(), {{PathMatch::Kind::regex, "/api/[0-9]*", false}, api, "", {}});
  const Comparison after = compare(rich_router(), other);
  CHECK(after.open.empty());
  CHECK(after.standing == Standing::proved);
  CHECK(after.judged > 0);
}

TEST_CASE("every change of a router is found") {
  const Router router = rich_router();
  for (const Mutant& mutant : mutants()) {
    INFO(mutant.what);
    Router changed = rich_router();
    mutant.change(changed);
    for (const bool turned : {false, true}) {
      const Router &a = turned ? changed : router, &b = turned ? router : changed;
      const Comparison found = compare(a, b);
      CHECK(found.standing == Standing::refuted);
      REQUIRE(!found.differences.empty());
      const Difference& difference = found.differences.front();
      INFO(difference.where);
      CHECK(Server(a).serve(difference.request) == difference.before);
      CHECK(Server(b).serve(difference.request) == difference.after);
      CHECK((difference.before != difference.after) == mutant.decides);
      CHECK((difference.beside_before != difference.beside_after) == !mutant.decides);
    }
  }
}

TEST_CASE("what decisions do not show is looked at only if somebody asks") {
  CompareOptions decisions_only;
  decisions_only.aspects = {false, false, false};
  for (const Mutant& mutant : mutants()) {
    if (mutant.decides) continue;
    INFO(mutant.what);
    Router changed = rich_router();
    mutant.change(changed);
    CHECK(compare(rich_router(), changed, decisions_only).standing == Standing::proved);
  }
}

TEST_CASE("what nobody can tell is not proved") {
  SECTION("a route that is outside of the model") {
    Router router = rich_router();
    route(router, "/api/").treatment = always(router, Unknown{"a snippet"});
    const Comparison found = compare(router, router);
    CHECK(found.standing == Standing::unknown);
    REQUIRE(found.open.size() == 1);
    CHECK(found.open.front() == "*.shop.example.com/api/…: a snippet");
  }
  SECTION("a path that only PCRE understands") {
    Router router = rich_router();
    add_regex(router.hosts[1], "/(a)\\1", 0);
    std::ranges::rotate(router.hosts[1].routes, router.hosts[1].routes.end() - 1);
    CHECK(compare(router, router).standing == Standing::unknown);
  }
  SECTION("a router that is refused") {
    Router router = rich_router();
    router.rejected = "duplicate location";
    CHECK(compare(router, router).standing == Standing::unknown);
  }
  SECTION("two ways to read targets") {
    Router other = rich_router();
    other.path_form = PathForm::nginx;
    const Comparison found = compare(rich_router(), other);
    REQUIRE(found.standing == Standing::refuted);
    CHECK(found.differences.front().where.ends_with(", with slashes that are merged"));
    // Everything has one answer: no spelling shows a difference, and still nothing is proved.
    Router a = empty_router(), b = empty_router();
    b.path_form = PathForm::traefik;
    CHECK(compare(a, b).standing == Standing::unknown);
  }
}

TEST_CASE("a certificate without one of the classes does not hold") {
  const Router router = rich_router();
  const Subject subject(router);
  const std::array<const Subject*, 1> subjects{&subject};
  const Regions regions(subjects);
  std::size_t checked = 0;
  for (const HostGroup& group : regions.hosts()) {
    PathClasses paths = regions.paths(group);
    const auto whole = regions.certificate(group, paths);
    REQUIRE(whole);
    CHECK(holds(*whole));
    for (std::size_t i = 0; i < paths.classes.size(); ++i) {
      PathClasses fewer = paths;
      fewer.classes.erase(fewer.classes.begin() + static_cast<std::ptrdiff_t>(i));
      const auto part = regions.certificate(group, fewer);
      REQUIRE(part);
      // Two classes that only conditions tell apart are one for the matchers.
      if (holds(*part)) continue;
      ++checked;
      PathCertificate forged = *whole;
      forged.classes = part->classes;
      CHECK(!holds(forged));
    }
  }
  CHECK(checked > 10);
}

TEST_CASE("conditions that no request fulfils") {
  const Router router = rich_router();
  const auto with = [](const Condition& condition) {
    Router out = rich_router();
    for (Steps& steps : out.treatments) steps.insert(steps.begin(), Step{{condition}, Reply{418}, {}});
    return out;
  };
  using Kind = Condition::Kind;
  CHECK(compare(router, with({Kind::cookie_is, false, "a", {"1;2"}, 0})).standing == Standing::proved);
  CHECK(compare(router, with({Kind::cookie_is, false, "a=b", {"1"}, 0})).standing == Standing::proved);
  CHECK(compare(router, with({Kind::header_is, false, "X-A", {" 1"}, 0})).standing == Standing::proved);
  CHECK(compare(router, with({Kind::header_matches, false, "X-A", {"a^b"}, 0})).standing == Standing::proved);
  CHECK(compare(router, with({Kind::header_ends, false, "Origin", {}, 0})).standing == Standing::proved);
  CHECK(compare(router, with({Kind::source_in, false, "", {}, 0})).standing == Standing::refuted);
  CHECK(compare(router, with({Kind::cookie_is, false, "a", {"1=2"}, 0})).standing == Standing::refuted);
}

TEST_CASE("all differences, one a region") {
  Router other = rich_router();
  other.backends[backend(other, "shop/api:80")].service = "shop/other:80";
  CompareOptions options;
  options.most = 100;
  const Comparison found = compare(rich_router(), other, options);
  CHECK(found.all_listed);
  CHECK(found.differences.size() > 3);
  options.most = 2;
  const Comparison some = compare(rich_router(), other, options);
  CHECK(!some.all_listed);
  CHECK(some.differences.size() == 2);
}

}  // namespace portcullis::routes

#include "verifier/obligations/routes/audit.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/serve.hpp"
#include "kit.hpp"

namespace portcullis::routes {

using namespace test;

namespace {

// `PC3204 Ingress a/x: …`.
std::vector<std::string> told(const Router& router) {
  smt::Session session;
  const Audit found = audit(router, session);
  std::vector<std::string> out;
  for (const RouteFinding& finding : found.findings) {
    out.push_back(finding.code + " " + finding.at.object + ": " + finding.says);
    if (finding.request.target.empty()) continue;
    CHECK(Server(router).serve(finding.request) == finding.decision);
  }
  std::ranges::sort(out);
  return out;
}

bool reached(const Router& router, std::vector<std::string>* except = nullptr) {
  smt::Session session;
  const Audit found = audit(router, session);
  if (found.proofs.empty()) return false;
  REQUIRE(found.proofs.size() == 1);
  CHECK(found.proofs.front().name == "routes.reached");
  CHECK(found.proofs.front().standing == verdict::Standing::proved);
  if (except != nullptr) *except = found.proofs.front().except;
  return true;
}

using Lines = std::vector<std::string>;

// A router with one host; its treatments are of Services `n/a:80` and `n/b:80`.
struct World {
  World() : a(to(router, "n/a:80")), b(to(router, "n/b:80")) { host(router, exactly("h.test")); }
  HostEntry& entry() { return router.hosts.front(); }
  Router router = empty_router();
  std::uint32_t a, b;
};

// From the office alone, to `service`.
std::uint32_t guarded(Router& router, const std::string& service) {
  router.ranges = {{"office", net::PrefixSet({*net::Prefix::parse("192.0.2.0/24")})}};
  Condition outside;
  outside.kind = Condition::Kind::source_in;
  outside.negated = true;
  Forward forward;
  forward.choices = {{backend(router, service), 1}};
  router.treatments.push_back({Step{{outside}, Refuse{403}, {}}, Step{{}, forward, {}}});
  return static_cast<std::uint32_t>(router.treatments.size() - 1);
}

}  // namespace

TEST_CASE("every rule is reached") {
  World world;
  add_exact(world.entry(), "/a", world.a);
  add_prefix(world.entry(), "/a", world.b);
  add_regex(world.entry(), "/[0-9]+", world.a);
  add_prefix(world.entry(), "/", world.b);
  own(world.entry(), "n/x");
  CHECK(told(world.router).empty());
  CHECK(reached(world.router));
}

TEST_CASE("rules that no request reaches") {
  World world;
  SECTION("behind a pattern") {
    add_regex(world.entry(), "/[a-z]*", world.a);
    own(world.entry(), "n/x");
    add_prefix(world.entry(), "/cart", world.b);
    own(world.entry(), "n/y");
    CHECK(told(world.router) == Lines{"PC3204 Ingress n/y: no request reaches `Prefix /cart` of Ingress n/y: "
                                      "Ingress n/x takes them all"});
  }
  SECTION("a pattern behind a prefix") {
    add_prefix(world.entry(), "/cart", world.a);
    own(world.entry(), "n/x");
    add_regex(world.entry(), "/cart/[0-9]+", world.b, false);
    world.entry().routes.back().rule = "ImplementationSpecific /cart/[0-9]+";
    own(world.entry(), "n/y");
    CHECK(told(world.router) == Lines{"PC3204 Ingress n/y: no request reaches `ImplementationSpecific /cart/[0-9]+` "
                                      "of Ingress n/y: Ingress n/x takes them all"});
    CHECK(!reached(world.router));
  }
  SECTION("behind two that take it together") {
    add_regex(world.entry(), "/cart/[^0-9]", world.a);
    add_regex(world.entry(), "/cart/[0-9]", world.a);
    add_exact(world.entry(), "/cart/", world.a);
    own(world.entry(), "n/x");
    world.entry().routes.push_back({{PathMatch::Kind::prefix, "/cart/", false}, world.b, "Prefix /cart/", {}});
    own(world.entry(), "n/y");
    CHECK(told(world.router).size() == 1);
  }
  SECTION("a path that the router never reads") {
    world.router.path_form = PathForm::nginx;
    add_exact(world.entry(), "/a//b", world.a);
    add_prefix(world.entry(), "/", world.b);
    own(world.entry(), "n/x");
    CHECK(told(world.router) == Lines{"PC3204 Ingress n/x: no request reaches `Exact /a//b` of Ingress n/x: the "
                                      "router reads no target as such a path"});
  }
  SECTION("the same answers miss nothing") {
    add_prefix(world.entry(), "/", world.a);
    add_exact(world.entry(), "/cart", world.a);
    own(world.entry(), "n/x");
    CHECK(told(world.router).empty());
  }
  SECTION("alive at another host") {
    add_prefix(world.entry(), "/", world.a);
    add_exact(world.entry(), "/cart", world.b);
    HostEntry& other = host(world.router, exactly("i.test"));
    add_exact(other, "/cart", world.b);
    own(world.router.hosts[0], "n/x");
    own(other, "n/x");
    CHECK(told(world.router).empty());
  }
  SECTION("what is not understood is left out") {
    add_regex(world.entry(), "/(a)\\1", world.a);
    add_prefix(world.entry(), "/", world.a);
    add_exact(world.entry(), "/cart", world.b);
    HostEntry& other = host(world.router, exactly("i.test"));
    add_exact(other, "/cart", world.b);
    own(world.router.hosts[0], "n/x");
    own(other, "n/y");
    CHECK(told(world.router).empty());
    Lines except;
    CHECK(reached(world.router, &except));
    REQUIRE(except.size() == 1);
    CHECK(except.front().starts_with("h.test: the regular expression `/(a)\\1`"));
  }
}

TEST_CASE("patterns of two objects that want the same requests") {
  World world;
  add_regex(world.entry(), "/[a-m]+/x", world.a);
  world.entry().routes.back().rule = "ImplementationSpecific /[a-m]+/x";
  own(world.entry(), "n/x");
  add_regex(world.entry(), "/[g-z]+/", world.b);
  world.entry().routes.back().rule = "ImplementationSpecific /[g-z]+/";
  own(world.entry(), "n/y");
  const Lines lines = told(world.router);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front() ==
        "PC3203 Ingress n/y: `ImplementationSpecific /[a-m]+/x` of Ingress n/x and "
        "`ImplementationSpecific /[g-z]+/` of Ingress n/y match the same requests of h.test, and which "
        "of them answers is decided by how they are written");
  world.entry().routes[1].match.text = "/[n-z]+/";
  CHECK(told(world.router).empty());
}

TEST_CASE("a witness is sent over TLS, where requests without it are only sent there") {
  World world;
  Condition plain;
  plain.kind = Condition::Kind::plain_http;
  const Step to_https{{plain}, Redirect{308, {{Piece::Kind::text, "https://h.test"}, {Piece::Kind::target, ""}}}, {}};
  for (const std::uint32_t treatment : {world.a, world.b})
    world.router.treatments[treatment].insert(world.router.treatments[treatment].begin(), to_https);
  add_prefix(world.entry(), "/cart", world.a);
  own(world.entry(), "n/x");
  add_regex(world.entry(), "/cart/[0-9]+", world.b, false);
  world.entry().routes.back().rule = "ImplementationSpecific /cart/[0-9]+";
  own(world.entry(), "n/y");
  smt::Session session;
  const Audit found = audit(world.router, session);
  REQUIRE(found.findings.size() == 1);
  CHECK(found.findings.front().request.https);
  CHECK(text(found.findings.front().decision) == "forward n/a:80");
}

TEST_CASE("names that another namespace answers") {
  World world;
  add_prefix(world.entry(), "/", world.a);
  own(world.entry(), "n/x");
  HostEntry& wild = host(world.router, one_label("test"));
  add_prefix(wild, "/cart", world.b);
  own(wild, "m/y");
  SECTION("the host has all paths of the wildcard") {
    CHECK(told(world.router).empty());
  }
  SECTION("the host lacks paths of the wildcard") {
    world.router.hosts[0].routes.clear();
    add_prefix(world.router.hosts[0], "/own", world.a);
    own(world.router.hosts[0], "n/x");
    CHECK(told(world.router) == Lines{"PC3205 Ingress m/y: the host `h.test` of n/x takes its name out of `*.test` of "
                                      "m/y, whose paths it does not have"});
  }
  SECTION("the wildcard answers at the host") {
    add_exact(world.router.hosts[0], "/cart", world.b);
    std::ranges::rotate(world.router.hosts[0].routes, world.router.hosts[0].routes.end() - 1);
    world.router.hosts[0].routes[0].origin = {"Ingress m/y", "Exact /cart", {}};
    CHECK(told(world.router) == Lines{"PC3205 Ingress m/y: `h.test` is a host of namespace n, and requests for it are "
                                      "answered by `Exact /cart` of Ingress m/y"});
  }
  SECTION("a wildcard of many labels takes those of one") {
    HostEntry& many = host(world.router, {HostPattern::Kind::many_labels, "test"});
    add_prefix(many, "/", world.a);
    own(many, "k/z");
    const Lines lines = told(world.router);
    CHECK(std::ranges::count(lines,
                             "PC3205 Ingress k/z: requests for `x.test` match `**.test` of k/z and `*.test` of "
                             "m/y: the first has them") == 1);
  }
  SECTION("one namespace may do that to itself") {
    world.router.hosts[0].routes.clear();
    world.router.hosts[1].owners = {"n/y"};
    CHECK(told(world.router).empty());
  }
}

TEST_CASE("guards that another spelling gets around") {
  World world;
  const std::uint32_t admin = guarded(world.router, "n/a:80");
  add_prefix(world.entry(), "/admin", admin);
  add_prefix(world.entry(), "/", world.a);
  own(world.entry(), "n/x");
  const auto line = [](const std::string& how) {
    return "PC6011 Ingress n/x: `Prefix /admin` of Ingress n/x refuses requests from 203.0.113.7, and the same Service "
           "gets it with " +
           how;
  };
  SECTION("a router that reads targets as they are sent") {
    CHECK(told(world.router) == Lines{line("slashes that are merged")});
  }
  SECTION("a router that normalises leaves letter case") {
    world.router.path_form = PathForm::nginx;
    CHECK(told(world.router) == Lines{line("letter case that is ignored")});
    smt::Session session;
    CHECK(audit(world.router, session).findings.front().severity == base::Severity::info);
  }
  SECTION("a router that ignores letter case, too") {
    world.router.path_form = PathForm::nginx;
    for (Route& route : world.entry().routes) route.match.fold = true;
    CHECK(told(world.router) == Lines{line("letters that are encoded twice")});
  }
  SECTION("another Service is another application") {
    world.entry().routes.back().treatment = world.b;
    CHECK(told(world.router).empty());
  }
  SECTION("the guard is everywhere") {
    world.entry().routes.back().treatment = admin;
    CHECK(told(world.router).empty());
  }
}

TEST_CASE("guards that another host gets around") {
  World world;
  const std::uint32_t admin = guarded(world.router, "n/a:80");
  add_prefix(world.entry(), "/", admin);
  own(world.entry(), "n/x");
  HostEntry& other = host(world.router, exactly("i.test"));
  add_prefix(other, "/", world.a);
  own(other, "n/y");
  CHECK(told(world.router) == Lines{"PC6012 Ingress n/x: `Prefix /` of Ingress n/x refuses requests from 203.0.113.7, "
                                    "and the same Service gets it at i.test"});
  world.router.hosts[1].routes.front().treatment = admin;
  CHECK(told(world.router).empty());
  world.router.hosts[1].routes.front().treatment = world.b;
  CHECK(told(world.router).empty());
}

TEST_CASE("a router that is refused has nothing to be asked about") {
  World world;
  world.router.rejected = "duplicate location";
  add_prefix(world.entry(), "/", world.a);
  own(world.entry(), "n/x");
  CHECK(told(world.router).empty());
  CHECK(!reached(world.router));
}

TEST_CASE("rules that lead to nobody") {
  World world;
  add_prefix(world.entry(), "/a", world.a);
  own(world.entry(), "n/x");
  add_prefix(world.entry(), "/", world.b);
  own(world.entry(), "n/y");
  Backend& lonely = world.router.backends[backend(world.router, "n/a:80")];
  lonely.targets.clear();
  lonely.status = 503;
  SECTION("a Service of the input") {
    lonely.origin.object = "Service n/a";
    CHECK(told(world.router) == Lines{"PC6013 Ingress n/x: `Prefix /a` of Ingress n/x sends requests to Service n/a, "
                                      "which has no endpoint"});
  }
  SECTION("a share of the requests") {
    lonely.origin.object = "Service n/a";
    auto& forward = std::get<Forward>(world.router.treatments[world.a].front().answer);
    forward.choices.push_back({backend(world.router, "n/b:80"), 3});
    CHECK(told(world.router) == Lines{"PC6013 Ingress n/x: `Prefix /a` of Ingress n/x sends a share of its requests to "
                                      "Service n/a, which has no endpoint"});
  }
  SECTION("a Service that is not there is told by lint") {
    CHECK(told(world.router).empty());
  }
  SECTION("a rule that no request reaches leads nowhere") {
    lonely.origin.object = "Service n/a";
    world.entry().routes.insert(world.entry().routes.begin(), world.entry().routes.back());
    CHECK(std::ranges::none_of(told(world.router), [](const std::string& line) { return line.starts_with("PC6013"); }));
  }
}

}  // namespace portcullis::routes

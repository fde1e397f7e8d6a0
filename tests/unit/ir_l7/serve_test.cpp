// What a router does with a request: tables over routers that are written in their text form.
#include "compiler/ir/l7/serve.hpp"

#include <catch2/catch.hpp>

#include "compiler/base/error.hpp"
#include "routers.hpp"

namespace portcullis::ir::l7 {

namespace {

using test::router_of;

const std::string head = "router r flavour api host-form plain path-form as-sent\n";
const std::string backends =
    "backend n/a:80 endpoints { 10.0.0.1:80 } status 503\nbackend n/b:80 endpoints { 10.0.0.2:80 } status 503\n"
    "backend n/dead:80 endpoints { } status 503\nbackend n/gone:80 endpoints { } status 500\n";

Request get(const std::string& host, const std::string& target) {
  Request request;
  request.target = target;
  request.headers = {{"Host", host}};
  return request;
}
Request over_tls(Request request, std::optional<std::string> sni) {
  request.https = true;
  request.sni = std::move(sni);
  return request;
}
std::string decided(const Router& router, const Request& request) {
  return text(Server(router).serve(request));
}
// A router with one host for every name and one route, whose steps are these.
Router with_steps(const std::string& steps, const std::string& form = head) {
  return router_of(form + "ranges office { 10.1.0.0/16 fd00::/64 }\ntls-names { *.d shop.d }\n" + backends +
                   "treatment 0 -> reply 404\n" + steps +
                   "unmatched 0\nwithout-host 0\nhost { _ } otherwise 0 owners { }\nroute prefix / -> treatment 1\n");
}

}  // namespace

TEST_CASE("which host answers a name") {
  const Router router = router_of(head +
                                  "treatment 0 -> reply 200\ntreatment 1 -> reply 201\ntreatment 2 -> reply 202\n"
                                  "treatment 3 -> reply 203\ntreatment 4 -> reply 204\ntreatment 5 -> reply 205\n"
                                  "unmatched 5\nwithout-host 5\n"
                                  "host { *.d } otherwise 0 owners { }\n"
                                  "host { ~^re otherwise.d } otherwise 1 owners { }\n"
                                  "host { **.d **.deep.d } otherwise 2 owners { }\n"
                                  "host { **.b.d } otherwise 3 owners { }\n"
                                  "host { a.d } otherwise 4 owners { }\n");
  struct Row {
    std::string name, decision;
  };
  const Row row = GENERATE(values<Row>({
      {"a.d", "status 204"},          // exact before all others, wherever it stands
      {"A.D:8080", "status 204"},     // H1, H2
      {"otherwise.d", "status 201"},  // a second name of its entry
      {"x.d", "status 202"},          // many labels before one label
      {"x.b.d", "status 203"},        // the longest of many labels
      {"y.x.b.d", "status 203"},
      {"x.deep.d", "status 202"},
      {"re.e", "status 201"},
      {"e", "status 205"},  // no entry
      {"", "status 205"},
  }));
  CAPTURE(row.name);
  CHECK(decided(router, get(row.name, "/")) == row.decision);
}

TEST_CASE("one label and regular expressions go in the order of the entries") {
  const std::string treatments = "treatment 0 -> reply 200\ntreatment 1 -> reply 201\nunmatched 0\nwithout-host 0\n";
  const std::string label = "host { *.d } otherwise 0 owners { }\n";
  const std::string regex = "host { ~^re } otherwise 1 owners { }\n";
  CHECK(decided(router_of(head + treatments + label + regex), get("re.d", "/")) == "status 200");
  CHECK(decided(router_of(head + treatments + regex + label), get("re.d", "/")) == "status 201");
}

TEST_CASE("which route answers a path") {
  const Router router = router_of(head +
                                  "treatment 0 -> reply 404\ntreatment 1 -> reply 201\ntreatment 2 -> reply 202\n"
                                  "treatment 3 -> reply 203\ntreatment 4 -> reply 204\n"
                                  "unmatched 0\nwithout-host 0\nhost { d } otherwise 0 owners { }\n"
                                  "route exact /foo -> treatment 1\n"
                                  "route regex \"/[a-c]+$\" -> treatment 4\n"
                                  "route prefix /foo/ -> treatment 2\n"
                                  "route exact /foo/bar -> treatment 1\n"
                                  "route prefix /Case fold -> treatment 3\n");
  struct Row {
    std::string target, decision;
  };
  const Row row = GENERATE(values<Row>({
      {"/foo", "status 201"},
      {"/foo?x", "status 201"},
      {"/foo/", "status 202"},
      {"/foo/bar", "status 202"},  // the first that matches, not the longest
      {"/foobar", "status 404"},
      {"/abc", "status 204"},
      {"/abcd", "status 404"},
      {"/x/abc", "status 404"},  // anchored
      {"/cASEd", "status 203"},
      {"/Foo", "status 404"},
      {"*", "status 404"},
      {"http://d/foo", "status 201"},
      {"/a#b", "refuse 400"},
  }));
  CAPTURE(row.target);
  CHECK(decided(router, get("d", row.target)) == row.decision);
}

TEST_CASE("conditions of steps") {
  struct Row {
    std::string condition;
    Request request;
    bool holds;
  };
  const auto with = [](const std::string& header, const std::string& value) {
    Request request = get("shop.d", "/");
    request.headers.push_back({header, value});
    return request;
  };
  const auto from = [](std::string_view source) {
    Request request = get("shop.d", "/");
    request.source = net::Address::parse(source);
    return request;
  };
  const auto changed = [](auto change) {
    Request request = get("shop.d", "/");
    change(request);
    return request;
  };
  const std::vector<Row> rows{
      {"path /", get("d", "/"), true},
      {"path /", get("d", "/?x"), true},
      {"path /", get("d", "/a"), false},
      {"method GET", get("d", "/"), true},
      {"method POST", get("d", "/"), false},
      {"plain-http", get("d", "/"), true},
      {"plain-http", over_tls(get("d", "/"), {}), false},
      {"tls-name", get("shop.d", "/"), true},
      {"tls-name", get("any.d", "/"), true},
      {"tls-name", get("a.b.d", "/"), false},
      {"tls-name", get("d", "/"), false},
      {"source office", from("10.1.2.3"), true},
      {"source office", from("10.2.0.1"), false},
      {"source office", from("::ffff:10.1.2.3"), true},
      {"source office", from("fd00::7"), true},
      {"header X is v", with("x", "v"), true},
      {"header X is v", with("x", "V"), false},
      {"header X is v", get("d", "/"), false},
      {"header X matches \"^v[0-9]\"", with("X", "v1"), true},
      {"header X matches \"^v[0-9]\"", with("X", "av1"), false},
      {"header X ends { .d }", with("X", "https://A.D"), true},
      {"header X ends { .e .d }", with("X", "https://a.e:80"), false},
      {"header X ends { //*.d }", with("X", "https://a-1.d"), true},
      {"header X ends { //*.d }", with("X", "https://a.b.d"), false},
      {"header X ends { }", with("X", "v"), false},
      {"cookie c is v", with("Cookie", "a=b; c=v"), true},
      {"cookie c is v", with("Cookie", "c=w; c=v"), false},
      {"cookie c is v", with("Cookie", "cc=v"), false},
      {"body-over 10", changed([](Request& r) { r.body = 11; }), true},
      {"body-over 10", changed([](Request& r) { r.body = 10; }), false},
      {"authorised", changed([](Request& r) { r.authorised = true; }), true},
      {"authorised", get("d", "/"), false},
      {"over-rate 10 rps", changed([](Request& r) { r.over_rate = true; }), true},
      {"over-rate 10 rps", get("d", "/"), false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition, row.request.target, row.request.headers.back().value);
    const auto is = [&](const std::string& condition, bool holds) {
      const Router router = with_steps("treatment 1 if " + condition + " -> reply 299\ntreatment 1 -> reply 200\n");
      CHECK(decided(router, row.request) == (holds ? "status 299" : "status 200"));
    };
    is(row.condition, row.holds);
    is("not " + row.condition, !row.holds);
    is("path /nowhere and " + row.condition, false);
  }
}

TEST_CASE("a header with an underscore does not reach nginx' conditions") {
  const std::string steps = "treatment 1 if header x_y is v -> reply 299\ntreatment 1 -> reply 200\n";
  Request request = get("d", "/");
  request.headers.push_back({"x_y", "v"});
  CHECK(decided(with_steps(steps), request) == "status 299");
  CHECK(decided(with_steps(steps, "router r flavour nginx host-form nginx path-form nginx\n"), request) ==
        "status 200");
}

TEST_CASE("what is not known about a request is said only where it decides") {
  const Router router =
      with_steps("treatment 1 if not source office and path /a -> refuse 403\ntreatment 1 -> reply 200\n");
  CHECK(decided(router, get("d", "/b")) == "status 200");
  CHECK(decided(router, get("d", "/a")) == "unknown: the decision depends on the client's address: give `src`");
  const Router regex = with_steps("treatment 1 if header X matches \"(?!a)\" -> reply 299\ntreatment 1 -> reply 200\n");
  CHECK(decided(regex, get("d", "/")) == "status 200");  // no such header
  Request request = get("d", "/");
  request.headers.push_back({"X", "b"});
  CHECK(Server(regex).serve(request).kind == Decision::Kind::unknown);
  CHECK(decided(with_steps("treatment 1 -> unknown \"a snippet\"\n"), get("d", "/")) == "unknown: a snippet");
}

TEST_CASE("shares of a forward") {
  struct Row {
    std::string answer, decision;
  };
  const Row row = GENERATE(values<Row>({
      {"forward n/a:80", "forward n/a:80"},
      {"forward { n/a:80 weight 80 n/b:80 weight 20 }", "forward n/a:80 4/5, n/b:80 1/5"},
      {"forward { n/b:80 weight 1 n/a:80 weight 3 }", "forward n/a:80 3/4, n/b:80 1/4"},
      {"forward { n/a:80 weight 90 n/dead:80 weight 10 }", "forward status 503 1/10, n/a:80 9/10"},
      {"forward n/dead:80", "status 503"},
      {"forward { n/dead:80 weight 1 n/gone:80 weight 1 }", "forward status 500 1/2, status 503 1/2"},
  }));
  CAPTURE(row.answer);
  CHECK(decided(with_steps("treatment 1 -> " + row.answer + "\n"), get("d", "/")) == row.decision);
}

TEST_CASE("a canary goes by header, then by cookie, then by weight") {
  const Router router = with_steps(
      "treatment 1 if header X-Canary is always -> forward n/b:80\n"
      "treatment 1 if header X-Canary is never -> forward n/a:80\n"
      "treatment 1 if cookie canary is always -> forward n/b:80\n"
      "treatment 1 -> forward { n/a:80 weight 90 n/b:80 weight 10 }\n");
  Request request = get("d", "/");
  CHECK(decided(router, request) == "forward n/a:80 9/10, n/b:80 1/10");
  request.headers.push_back({"Cookie", "canary=always"});
  CHECK(decided(router, request) == "forward n/b:80");
  request.headers.push_back({"x-canary", "never"});
  CHECK(decided(router, request) == "forward n/a:80");
}

TEST_CASE("what the backend gets") {
  struct Row {
    std::string answer, target, sent, host, protocol;
  };
  const Row row = GENERATE(values<Row>({
      {"forward n/a:80", "/a/../b?q=%20", "/a/../b?q=%20", "Shop.d:8080", "http"},
      {"forward n/a:80", "http://shop.d/x?q", "/x?q", "Shop.d:8080", "http"},
      {"forward n/a:80 rewrite \"^/x(/|$)(.*)\" to \"/$2\"", "/X/y?q", "/y?q", "Shop.d:8080", "http"},
      {"forward n/a:80 rewrite \"^/x(/|$)(.*)\" to \"/$2\"", "/z?q", "/z?q", "Shop.d:8080", "http"},
      {"forward n/a:80 rewrite ^/x to /new", "/x/rest?q", "/new?q", "Shop.d:8080", "http"},
      {"forward n/a:80 rewrite ^/x to \"/a b$0$\"", "/x", "/a%20b$0$", "Shop.d:8080", "http"},
      {"forward n/a:80 rewrite ^/x to \"/$1$9\"", "/x?", "/", "Shop.d:8080", "http"},
      {"forward n/a:80 host inner.d protocol grpcs", "/", "/", "inner.d", "grpcs"},
      {"forward n/a:80 protocol auto", "/", "/", "Shop.d:8080", "http"},
  }));
  CAPTURE(row.answer, row.target);
  const Router router = with_steps("treatment 1 -> " + row.answer + "\n");
  const Decision decision = Server(router).serve(get("Shop.d:8080", row.target));
  CHECK(decision.kind == Decision::Kind::forward);
  CHECK(decision.target == row.sent);
  CHECK(decision.host == row.host);
  CHECK(decision.protocol == row.protocol);
}

TEST_CASE("a rewrite that leaves nothing is an error of nginx") {
  CHECK(decided(with_steps("treatment 1 -> forward n/a:80 rewrite ^/x to \"$1\"\n"), get("d", "/x")) == "status 500");
}

TEST_CASE("where a redirect leads") {
  struct Row {
    std::string pieces;
    bool https;
    std::string location;
  };
  const Row row = GENERATE(values<Row>({
      {"\"https://\" host target", false, "https://Shop.d/a/?q=1"},
      {"scheme \"://\" host-port \"/home\" query", true, "https://Shop.d:81/home?q=1"},
      {"scheme \"://\" host \":\" port target-no-slash", false, "http://Shop.d:81/a/?q=1"},
      {"\"/login?rd=\" target-escaped", false, "/login?rd=%2Fa%2F%3Fq%3D1"},
      {"", false, ""},
  }));
  CAPTURE(row.pieces);
  Request request = get("Shop.d:81", "/a/?q=1");
  request.port = 81;
  request.https = row.https;
  const Router router = with_steps("treatment 1 -> redirect 307 { " + row.pieces + " }\n");
  const Decision decision = Server(router).serve(request);
  CHECK(decision.kind == Decision::Kind::redirect);
  CHECK(decision.status == 307);
  CHECK(decision.location == row.location);
}

TEST_CASE("one slash at the end of a target is left away") {
  const Router router = with_steps("treatment 1 -> redirect 308 { target-no-slash }\n");
  CHECK(decided(router, get("d", "/a/")) == "redirect 308 /a");
  CHECK(decided(router, get("d", "/a//")) == "redirect 308 /a/");
  CHECK(decided(router, get("d", "/")) == "redirect 308 ");
}

TEST_CASE("steps of a host come before its routes") {
  const Router router = router_of(head +
                                  "treatment 0 -> reply 404\nunmatched 0\nwithout-host 0\n"
                                  "host { d } otherwise 0 owners { }\nstep if path / -> redirect 302 { \"/home\" }\n"
                                  "step if plain-http and method POST -> refuse 403\nroute prefix / -> treatment 0\n");
  CHECK(decided(router, get("d", "/")) == "redirect 302 /home");
  CHECK(decided(router, get("d", "/a")) == "status 404");
  Request post = get("d", "/a");
  post.method = "POST";
  CHECK(decided(router, post) == "refuse 403");
  CHECK(decided(router, over_tls(post, {})) == "status 404");
}

TEST_CASE("which certificate a server name is shown") {
  const std::string certificates =
      "certificate 0 \"\" { }\ncertificate 1 n/exact { a.d }\ncertificate 2 n/wild { *.d }\n"
      "tls a.d certificate 1\ntls *.d certificate 2\n";
  const std::string rest = "treatment 0 -> reply 200\nunmatched 0\nwithout-host 0\n";
  const Router lax = router_of(head + certificates + rest);
  const Router strict = router_of(head + "strict-sni\n" + certificates + rest);
  struct Row {
    std::optional<std::string> sni;
    std::string secret, strict;
  };
  const Row row = GENERATE(values<Row>({
      {"a.d", "n/exact", "status 200"},
      {"A.D", "n/exact", "status 200"},
      {"b.d", "n/wild", "status 200"},
      {"c.b.d", "", "refuse the TLS handshake"},  // one label
      {"d", "", "refuse the TLS handshake"},
      {".d", "", "refuse the TLS handshake"},
      {"a.d.", "", "refuse the TLS handshake"},  // cut by nginx only
      {std::nullopt, "", "refuse the TLS handshake"},
  }));
  CAPTURE(row.sni);
  Trail trail;
  // The name in TLS and the Host may differ: each does its own part.
  const Request request = over_tls(get("other.d", "/"), row.sni);
  CHECK(text(Server(lax).serve(request, &trail)) == "status 200");
  REQUIRE(trail.certificate != nullptr);
  CHECK(trail.certificate->secret == row.secret);
  CHECK(decided(strict, request) == row.strict);
  CHECK(decided(strict, get("other.d", "/")) == "status 200");
  const Router nginx =
      router_of("router r flavour nginx host-form nginx path-form nginx\nstrict-sni\n" + certificates + rest);
  CHECK(decided(nginx, over_tls(get("other.d", "/"), "a.d.")) == "status 200");
}

TEST_CASE("TLS that is passed through is decided by its server name") {
  const Router router = with_steps(
      "passthrough raw.d to n/a:80\npassthrough dead.d to n/dead:80\n"
      "passthrough *.w.d to n/b:80\ntreatment 1 -> reply 200\n");
  Trail trail;
  const Server server(router);
  const Decision decision = server.serve(over_tls(get("other.d", "/p?q"), "Raw.d"), &trail);
  CHECK(text(decision) == "forward n/a:80");
  CHECK(decision.protocol == "tls");
  CHECK(decision.target == "/p?q");
  REQUIRE(trail.passthrough != nullptr);
  CHECK(trail.host == nullptr);
  CHECK(decided(router, over_tls(get("raw.d", "/"), "x.w.d")) == "forward n/b:80");
  CHECK(decided(router, over_tls(get("raw.d", "/"), "dead.d")) == "refuse the TLS handshake");
  CHECK(decided(router, over_tls(get("raw.d", "/"), {})) == "status 200");
  CHECK(decided(router, get("raw.d", "/")) == "status 200");
}

TEST_CASE("a request without a Host") {
  const std::string rest =
      "treatment 0 -> reply 404\ntreatment 1 -> reply 421\nunmatched 0\nwithout-host 1\nhost { _ } otherwise 0 owners "
      "{ }\n";
  Request request;
  request.target = "/";
  const auto with = [&](const std::string& form) {
    return decided(router_of("router r flavour api host-form " + form + " path-form as-sent\n" + rest), request);
  };
  CHECK(with("plain") == "status 404");
  CHECK(with("nginx") == "refuse 400");
  CHECK(with("haproxy") == "status 421");
  CHECK(with("traefik") == "refuse 400");
}

TEST_CASE("a router that the data plane refuses says nothing else") {
  const Router router = router_of(head + "rejected \"two routes are the same\"\ntreatment 0 -> reply 200\n");
  CHECK(decided(router, get("d", "/")) == "unknown: two routes are the same");
}

TEST_CASE("what decided can be told") {
  const Router router = with_steps("treatment 1 if path /a -> reply 201\ntreatment 1 -> forward n/a:80\n");
  Trail trail;
  (void)Server(router).serve(get("Shop.d:80", "/b"), &trail);
  CHECK(trail.name == "shop.d");
  CHECK(trail.path == "/b");
  CHECK(trail.host == &router.hosts[0]);
  CHECK(trail.pattern == &router.hosts[0].names[0]);
  CHECK(trail.route == &router.hosts[0].routes[0]);
  CHECK(trail.step == &router.treatments[1][1]);
  (void)Server(router).serve(get("a b", "*"), &trail);
  CHECK(trail.route == nullptr);
  CHECK(trail.step == &router.treatments[0][0]);
}

TEST_CASE("a router that breaks its own rules is an internal error") {
  Router router;
  CHECK_THROWS_AS(Server(router).serve(get("d", "/")), base::InternalError);
  router.treatments.push_back({{{{}}, Reply{404}, {}}});
  router.treatments[0][0].when[0].kind = Condition::Kind::authorised;
  CHECK_THROWS_AS(Server(router).serve(get("d", "/")), base::InternalError);
}

}  // namespace portcullis::ir::l7

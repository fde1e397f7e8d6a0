#include "compiler/ir/l7/text.hpp"

#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "routers.hpp"

namespace portcullis::ir::l7 {

namespace {

struct ReadBack {
  std::optional<std::vector<Router>> routers;
  std::string findings;  // `line:column reason`, one a line
};

ReadBack read_text(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  ReadBack answer{read(sources.add("router.ir", text), sources, diagnostics), {}};
  for (const base::Diagnostic& d : diagnostics.all()) {
    const base::Position at = sources.begin(d.span);
    const std::string_view reason = std::string_view(d.message).substr(d.message.find(": ") + 2);
    answer.findings += fmt::format("{}:{} {}\n", at.line, at.column, reason);
    CHECK(d.code == "PC5010");
    CHECK(d.span.begin <= d.span.end);
    CHECK(d.span.end <= text.size());
  }
  return answer;
}

// The text as it is printed again, with the places that it says.
std::string printed_again(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto routers = read(sources.add("router.ir", text), sources, diagnostics);
  for (const base::Diagnostic& d : diagnostics.all()) UNSCOPED_INFO(sources.begin(d.span).line << ": " << d.message);
  REQUIRE(routers);
  return print(*routers, places_in(sources));
}

bool same(const Origin& a, const Origin& b) {
  return a.object == b.object && a.field == b.field;
}
bool same(const Steps& a, const Steps& b) {
  return std::ranges::equal(a, b, [](const Step& x, const Step& y) {
    return x.when == y.when && x.answer == y.answer && same(x.origin, y.origin);
  });
}

void check_same(const Router& a, const Router& b) {
  CHECK(a.name == b.name);
  CHECK(a.flavour == b.flavour);
  CHECK(a.host_form == b.host_form);
  CHECK(a.path_form == b.path_form);
  CHECK(a.rejected == b.rejected);
  CHECK(a.unmatched == b.unmatched);
  CHECK(a.without_host == b.without_host);
  CHECK(a.ranges == b.ranges);
  CHECK(a.tls_names == b.tls_names);
  CHECK(a.certificates == b.certificates);
  CHECK(a.strict_sni == b.strict_sni);
  CHECK(std::ranges::equal(a.treatments, b.treatments, [](const Steps& x, const Steps& y) { return same(x, y); }));
  CHECK(std::ranges::equal(a.tls, b.tls, [](const TlsName& x, const TlsName& y) {
    return x.name == y.name && x.certificate == y.certificate && same(x.origin, y.origin);
  }));
  CHECK(std::ranges::equal(a.passthrough, b.passthrough, [](const Passthrough& x, const Passthrough& y) {
    return x.name == y.name && x.backend == y.backend && same(x.origin, y.origin);
  }));
  CHECK(std::ranges::equal(a.entries, b.entries, [](const Entry& x, const Entry& y) {
    return x.kind == y.kind && x.service == y.service && x.http == y.http && x.https == y.https &&
           same(x.origin, y.origin);
  }));
  CHECK(std::ranges::equal(a.backends, b.backends, [](const Backend& x, const Backend& y) {
    return x.service == y.service && x.via == y.via && x.targets == y.targets && x.external == y.external &&
           x.external_port == y.external_port && x.status == y.status && x.affinity == y.affinity &&
           x.affinity_cookie == y.affinity_cookie && x.balance == y.balance && same(x.origin, y.origin);
  }));
  REQUIRE(a.hosts.size() == b.hosts.size());
  for (std::size_t i = 0; i < a.hosts.size(); ++i) {
    const HostEntry& x = a.hosts[i];
    const HostEntry& y = b.hosts[i];
    CHECK(x.names == y.names);
    CHECK(same(x.steps, y.steps));
    CHECK(x.otherwise == y.otherwise);
    CHECK(x.owners == y.owners);
    CHECK(same(x.origin, y.origin));
    CHECK(std::ranges::equal(x.routes, y.routes, [](const Route& p, const Route& q) {
      return p.match == q.match && p.treatment == q.treatment && p.rule == q.rule && same(p.origin, q.origin);
    }));
  }
}

constexpr std::string_view sample = R"text(router nginx flavour nginx host-form nginx path-form nginx
strict-sni
entry service http 80 https 443 of ingress-nginx/controller | by "Service ingress-nginx/controller"
ranges shop/office { 203.0.113.0/24 2001:db8::/32 }
tls-names { *.d shop.d }
certificate 0 "" { }
certificate 1 shop/cert { *.d shop.d }
tls shop.d certificate 1 | by "Ingress shop/web" spec.tls[0] at shop.yaml:9
tls *.d certificate 1
backend shop/api:80 endpoints { } status 503 balance ewma
backend shop/ext:443 external { } name example.com port 443 status 503
backend shop/web:80 endpoints { 10.0.1.2:8080 [fd00::1]:8080 } status 500 affinity cookie route
backend shop/web:80 cluster-ip { 10.96.0.80:80 } status 503
passthrough raw.d to shop/api:80 | by "Ingress shop/raw"
treatment 0 -> reply 404
treatment 1 if plain-http and tls-name -> redirect 308 { "https://" host target } | by "Ingress shop/web" spec.tls[0] at "a b.yaml:9"
treatment 1 if not source shop/office -> refuse 403
treatment 1 if header X-Canary is always and not cookie c is never and body-over 18446744073709551615 -> forward { shop/api:80 weight 20 shop/web:80 via endpoints weight 80 } rewrite "^/a(/.*)" to "$1" host inner protocol https intercepted { 404 503 } pages shop/web:80 via cluster-ip
treatment 1 if header Origin ends { .d *.e } and header X matches "a|b" and over-rate 10 rps and not authorised -> unknown "a snippet"
treatment 1 if path / and method GET -> forward shop/ext:443
treatment 1 -> reply 503
unmatched 0
without-host 0
host { shop.d *.shop.d **.shop.e ~^x[0-9] exact *.odd } otherwise 0 owners { shop/web shop/old } | by "Ingress shop/web" spec.rules[0].host at shop.yaml:12
  step if path / -> redirect 302 { scheme "://" host-port "/home" query }
  route exact /cart                             -> treatment 1 rule "Prefix /cart" | by "Ingress shop/web" spec.rules[0].http.paths[0] at shop.yaml:15
  route prefix /cart/                           -> treatment 1 rule "Prefix /cart"
  route regex "/A(/|$)" fold                    -> treatment 0
host { _ } otherwise 0 owners { }
)text";

}  // namespace

TEST_CASE("a text comes back as it was, with its places") {
  CHECK(printed_again(std::string(sample)) == sample);
}

TEST_CASE("several routers of one text") {
  const std::string two = std::string(sample) + "\n" + std::string(sample);
  const ReadBack answer = read_text(two);
  REQUIRE(answer.routers);
  CHECK(answer.routers->size() == 2);
  CHECK(printed_again(two) == two);
}

TEST_CASE("any router comes back as it was") {
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    std::mt19937 random(seed);
    const Router router = test::random_router(random, seed % 3 == 0 ? test::Words::sensible : test::Words::odd);
    const std::string text = print(router);
    CAPTURE(seed, text);
    const ReadBack answer = read_text(text);
    CHECK(answer.findings.empty());
    REQUIRE(answer.routers);
    REQUIRE(answer.routers->size() == 1);
    check_same(router, answer.routers->front());
    REQUIRE(print(answer.routers->front()) == text);
  }
}

TEST_CASE("places are files and lines") {
  base::SourceMap sources;
  const base::FileId file = sources.add("my shop.yaml", "a\nb\nc\n");
  Router router;
  router.treatments.push_back({{{}, Reply{404}, {"Ingress a/b", {}, {file, 4, 5}}}});
  const std::string text = print(router, lines_of(sources));
  CHECK(text.find("treatment 0 -> reply 404 | by \"Ingress a/b\" \"\" at \"my shop.yaml:3\"\n") != std::string::npos);
  CHECK(printed_again(text) == text);
}

TEST_CASE("what is wrong with a text is said with its place") {
  const std::string head = "router r flavour api host-form plain path-form as-sent\n";
  const std::string more = head + "backend a endpoints { } status 503\ntreatment 0 -> reply 404\n";
  struct Row {
    std::string text, findings;
  };
  const std::vector<Row> rows{
      {"", "1:1 expected `router` before the end of the file\n"},
      {"host { a }\n", "1:1 expected `router` in the first line\n"},
      {"router r flavour x\n", "1:18 expected api, nginx, haproxy, haproxy-ingress, traefik or gce\n"},
      {head, "1:1 this router has no treatment\n"},
      {head + "treatment 0 if plain-http -> reply 404\n", "2:1 the last step of a treatment has no condition\n"},
      {head + "treatment 1 -> reply 404\n",
       "2:11 treatments are numbered from 0 on, and the steps of one stand together\n"},
      {head + "treatment 0 -> reply 1000\n", "2:22 a status is a number up to 999\n"},
      {head + "treatment 0 -> reply -1\n", "2:22 a status is a number up to 999\n"},
      {head + "treatment 0 -> forward a\n", "2:24 no such backend stands above\n"},
      {head + "treatment 0 -> forward { }\n", "2:26 expected a backend\n"},
      {head + "treatment 0 if source x -> reply 1\n", "2:23 no ranges of this name stands above\n"},
      {head + "treatment 0 if moon -> reply 1\n",
       "2:16 expected plain-http, tls-name, authorised, path, method, source, header, cookie, body-over or "
       "over-rate\n"},
      {head + "treatment 0 if header a has b -> reply 1\n", "2:25 expected is, matches or ends\n"},
      {head + "treatment 0 if path / reply 1\n", "2:23 expected `and` or `->`\n"},
      {head + "treatment 0 -> redirect 308 { words }\n",
       "2:31 expected a text between quotes or a word that stands for one\n"},
      {head + "treatment 0 -> reply 404 | from x\n", "2:28 expected `by`\n"},
      {head + "treatment 0 -> unknown \"x\n", "2:24 this quote is not closed\n"},
      {more + "treatment 1 -> forward { a weight 0 }\n", "4:35 a weight is at least 1\n"},
      {more + "treatment 1 -> forward { a a }\n", "4:28 this backend stands here twice\n"},
      {more + "treatment 1 -> forward a via cluster-ip\n", "4:30 no such backend stands above\n"},
      {more + "backend a endpoints { } status 503\n", "4:11 backends stand in the order of their names, each once\n"},
      {more + "backend b endpoints { x } status 503\n",
       "4:23 `x` is no address and port such as 10.0.1.2:80 or [fd00::1]:80\n"},
      {more + "ranges a { }\nranges a { }\n", "5:8 ranges stand in the order of their names, each once\n"},
      {more + "ranges a { 10.0.0.1/8 }\n", "4:12 `10.0.0.1/8` is no prefix such as 10.0.0.0/8 (host bits zero)\n"},
      {more + "certificate 1 a { }\n", "4:13 certificates are numbered from 0 on\n"},
      {more + "tls shop.d certificate 0\n", "4:24 no such certificate stands above\n"},
      {more + "passthrough **.d to a\n", "4:13 a server name is exact or has one label for a `*`\n"},
      {more + "certificate 0 \"\" { }\ntls *.d certificate 0\ntls d certificate 0\n",
       "6:5 exact names stand before those with a `*`\n"},
      {more + "unmatched 7\n", "4:11 no such treatment stands above\n"},
      {more + "host { } otherwise 0 owners { }\n", "4:8 expected a host\n"},
      {more + "host { _ } otherwise 0 owners { }\nhost { _ } otherwise 0 owners { }\n",
       "5:8 a second host for every name\n"},
      {more + "route exact / -> treatment 0\n", "4:1 no host stands above\n"},
      {more + "step -> reply 1\n", "4:1 no host stands above\n"},
      {more + "host { a } otherwise 0 owners { }\nroute glob / -> treatment 0\n",
       "5:7 expected exact, prefix or regex\n"},
      {more + "host { a } otherwise 0 owners { }\nroute exact / -> treatment 0 rule\n",
       "5:34 expected a rule before the end of the line\n"},
      {more + "entry door http 80 https 443\n", "4:7 expected node, service, host-port, host-network or node-ports\n"},
      {more + "entry node http 65536 https 443\n", "4:17 a port is a number up to 65535\n"},
      {more + "gate\n",
       "4:1 expected rejected, strict-sni, entry, ranges, tls-names, certificate, tls, backend, passthrough, "
       "treatment, "
       "unmatched, without-host, host, step or route\n"},
      {head + "x\ny\n",
       "2:1 expected rejected, strict-sni, entry, ranges, tls-names, certificate, tls, backend, passthrough, "
       "treatment, "
       "unmatched, without-host, host, step or route\n"
       "3:1 expected rejected, strict-sni, entry, ranges, tls-names, certificate, tls, backend, passthrough, "
       "treatment, "
       "unmatched, without-host, host, step or route\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const ReadBack answer = read_text(row.text);
    CHECK_FALSE(answer.routers);
    CHECK(answer.findings == row.findings);
  }
}

TEST_CASE("every cut and every changed byte of a router is read or refused, never more") {
  const std::string text(sample);
  for (std::size_t cut = 0; cut < text.size(); cut += 7) (void)read_text(text.substr(0, cut));
  std::mt19937 random(7);
  std::size_t read = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random());
    const ReadBack answer = read_text(changed);
    CHECK(answer.routers.has_value() == answer.findings.empty());
    if (!answer.routers) continue;
    ++read;
    const std::string again = printed_again(changed);
    CHECK(printed_again(again) == again);
  }
  CHECK(read > 100);
}

}  // namespace portcullis::ir::l7

#include "tests/unit/ir_l7/routers.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/text.hpp"

namespace portcullis::ir::l7::test {

namespace {

constexpr std::array<std::string_view, 9> hosts{"shop.d", "a.d",   "b.a.d", "x.b.a.d", "d",
                                                "a_b.d",  "*.a.d", "a..d",  ".d"};
constexpr std::array<std::string_view, 3> domains{"d", "a.d", "b.a.d"};
constexpr std::array<std::string_view, 10> paths{"/", "/a", "/a/", "/a/b", "/A", "/ab", "/a/b/", "/b", "", "/a/b/c"};
constexpr std::array<std::string_view, 9> regexes{"/a",       "/a(/|$)(.*)", "/[ab]+$", "/A", "/x|/b",
                                                  "/a/.*/c$", "/(?!a)",      "",        "("};
constexpr std::array<std::string_view, 6> host_regexes{"^shop", "^[a-z]\\.d$", "b\\.A", "^(?=x)", ".*", "(?i)^A"};
constexpr std::array<std::string_view, 6> targets{"/new", "/new/$1", "$2", "/x$1$2?y", "", "/$0$"};
constexpr std::array<std::string_view, 5> values{"v1", "v2", "always", "canary", ""};
constexpr std::array<std::string_view, 4> sensible_names{"ns/web:80", "ns/api:80", "ns/old:80", "other/web:8080"};
constexpr std::array<std::string_view, 34> odd{"default/web:http",
                                               "shop.d",
                                               "",
                                               " ",
                                               "\"",
                                               "\\",
                                               "a\nb",
                                               "\x1b[31m",
                                               "\xff\xfe",
                                               "ä→b",
                                               "->",
                                               "|",
                                               "{",
                                               "}",
                                               ";",
                                               "#x",
                                               "*.d",
                                               "**.d",
                                               "~^a",
                                               "_",
                                               "exact",
                                               "otherwise",
                                               "weight",
                                               "via",
                                               "and",
                                               "at",
                                               "by",
                                               "if",
                                               "host",
                                               "text",
                                               "treatment",
                                               "\\x41",
                                               "/a",
                                               "\xe2\x80\xae"};

class Maker {
 public:
  Maker(std::mt19937& random, Words words) : random_(random), odd_(words == Words::odd) {}

  Router router() {
    r_.name = odd_ ? name() : "nginx";
    r_.flavour = static_cast<Flavour>(below(6));
    r_.host_form = static_cast<HostForm>(below(4));
    r_.path_form = static_cast<PathForm>(below(3));
    if (odd_ && below(4) == 0) r_.rejected = name();
    r_.strict_sni = below(4) == 0;
    for (unsigned i = below(3); i > 0; --i) entry();
    for (const std::string& n : names(3)) r_.ranges.push_back({n, net::PrefixSet(prefixes())});
    for (const std::string& n : domains_of_tls()) r_.tls_names.push_back(n);
    tls();
    backends();
    for (unsigned i = below(3); i > 0; --i) {
      r_.passthrough.push_back({server_name(coin()), backend_id(), origin()});
    }
    const unsigned treatments = 1 + below(6);
    for (unsigned i = 0; i < treatments; ++i) r_.treatments.push_back(steps(true));
    r_.unmatched = treatment();
    r_.without_host = treatment();
    for (unsigned i = below(6); i > 0; --i) host();
    return std::move(r_);
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool coin() { return below(2) == 0; }
  std::uint16_t port() { return static_cast<std::uint16_t>(random_()); }
  int status() { return coin() ? 404 : static_cast<int>(below(1000)); }

  std::string one_of(std::span<const std::string_view> sensible) {
    if (!odd_) return std::string(sensible[below(static_cast<unsigned>(sensible.size()))]);
    std::string text;
    for (unsigned i = below(3); i > 0; --i) text += odd[below(odd.size())];
    return text;
  }
  std::string name() { return one_of(sensible_names); }
  std::set<std::string> names(unsigned most) {
    std::set<std::string> set;
    for (unsigned i = below(most + 1); i > 0; --i) set.insert(name());
    return set;
  }
  std::set<std::string> domains_of_tls() {
    std::set<std::string> set;
    for (unsigned i = below(3); i > 0; --i) set.insert(coin() ? one_of(hosts) : "*." + one_of(domains));
    return set;
  }
  net::Address address() {
    if (coin()) return net::Address::v4(0x0A000000U + below(8));
    std::array<std::uint8_t, 16> bytes{0xfd};
    bytes[15] = static_cast<std::uint8_t>(below(8));
    return net::Address::v6(bytes);
  }
  std::vector<net::Prefix> prefixes() {
    std::vector<net::Prefix> list;
    for (unsigned i = below(3); i > 0; --i) {
      const net::Address a = address();
      list.emplace_back(a, a.bits() - static_cast<int>(below(3)));
    }
    return list;
  }
  // The origins of routers that are read have places of their own; here there are none.
  Origin origin() { return coin() ? Origin{} : Origin{name(), name(), {}}; }

  void entry() { r_.entries.push_back({static_cast<Entry::Kind>(below(5)), name(), port(), port(), origin()}); }

  HostPattern server_name(bool exact) {
    return exact ? HostPattern{HostPattern::Kind::exact, one_of(hosts)}
                 : HostPattern{HostPattern::Kind::one_label, one_of(domains)};
  }
  void tls() {
    for (unsigned i = below(4); i > 0; --i) r_.certificates.push_back({name(), {name(), name()}});
    if (r_.certificates.empty()) return;
    const auto add = [&](bool exact) {
      r_.tls.push_back({server_name(exact), below(static_cast<unsigned>(r_.certificates.size())), origin()});
    };
    for (unsigned i = below(3); i > 0; --i) add(true);
    for (unsigned i = below(3); i > 0; --i) add(false);
  }

  void backends() {
    std::set<std::pair<std::string, Backend::Via>> keys;
    for (unsigned i = 1 + below(5); i > 0; --i) keys.emplace(name(), static_cast<Backend::Via>(below(3)));
    for (const auto& [service, via] : keys) {
      Backend b;
      b.service = service;
      b.via = via;
      for (unsigned i = below(3); i > 0; --i) b.targets.emplace_back(address(), port());
      std::ranges::sort(b.targets, {}, [](const auto& t) { return net::endpoint_text(t.first, t.second); });
      if (below(4) == 0) b.external = name();
      if (!b.external.empty()) b.external_port = port();
      b.status = coin() ? 503 : 500;
      b.affinity = coin();
      if (coin()) b.affinity_cookie = name();
      if (coin()) b.balance = name();
      b.origin = origin();
      r_.backends.push_back(std::move(b));
    }
  }
  BackendId backend_id() { return below(static_cast<unsigned>(r_.backends.size())); }
  std::uint32_t treatment() { return below(static_cast<unsigned>(r_.treatments.size())); }

  Condition condition() {
    using enum Condition::Kind;
    Condition c;
    c.kind = static_cast<Condition::Kind>(below(12));
    c.negated = below(3) == 0;
    switch (c.kind) {
      case plain_http:
      case tls_name:
      case authorised:
        break;
      case path_is:
        c.values = {one_of(paths)};
        break;
      case method_is:
        c.values = {coin() ? "GET" : "POST"};
        break;
      case source_in:
        if (r_.ranges.empty()) {
          c.kind = plain_http;
        } else {
          c.number = below(static_cast<unsigned>(r_.ranges.size()));
        }
        break;
      case header_is:
      case header_matches:
      case cookie_is:
        c.name = odd_ ? name() : "x_version";
        if (!odd_ && coin()) c.name = "X-Version";
        c.values = {one_of(values)};
        break;
      case header_ends:
        c.name = odd_ ? name() : "Origin";
        for (unsigned i = below(3); i > 0; --i) c.values.push_back(coin() ? "." + one_of(domains) : "*" + name());
        break;
      case body_over:
        c.number = odd_ ? UINT64_MAX - below(3) : below(3);
        break;
      case over_rate:
        c.number = below(100);
        c.values = {odd_ ? name() : "rps"};
        break;
    }
    return c;
  }

  Answer answer() {
    switch (below(5)) {
      case 0: {
        Redirect redirect{status(), {}};
        for (unsigned i = below(4); i > 0; --i) {
          const auto kind = static_cast<Piece::Kind>(below(9));
          redirect.location.push_back({kind, kind == Piece::Kind::text ? name() : ""});
        }
        return redirect;
      }
      case 1:
        return Reply{status()};
      case 2:
        return Refuse{status()};
      case 3:
        if (below(3) == 0) return Unknown{name()};
        return forward();
      default:
        return forward();
    }
  }
  Forward forward() {
    Forward f;
    std::set<BackendId> ids;
    for (unsigned i = 1 + below(3); i > 0; --i) ids.insert(backend_id());
    for (const BackendId id : ids) f.choices.push_back({id, 1 + (coin() ? 0 : below(100))});
    if (below(3) == 0) f.rewrite = Rewrite{one_of(regexes), one_of(targets)};
    if (below(3) == 0) f.host = name();
    f.protocol = static_cast<Protocol>(below(6));
    for (unsigned i = below(3); i > 0; --i) f.intercepted.push_back(status());
    if (coin()) f.pages = backend_id();
    return f;
  }
  Steps steps(bool closed) {
    Steps steps;
    for (unsigned i = below(3); i > 0; --i) {
      Step step{{}, answer(), origin()};
      for (unsigned k = 1 + below(2); k > 0; --k) step.when.push_back(condition());
      steps.push_back(std::move(step));
    }
    if (closed) steps.push_back({{}, answer(), origin()});
    return steps;
  }

  HostPattern pattern() {
    using enum HostPattern::Kind;
    switch (below(5)) {
      case 0:
        return {many_labels, one_of(domains)};
      case 1:
        return {one_label, one_of(domains)};
      case 2:
        return {regex, one_of(host_regexes)};
      case 3:
        if (any_) return {exact, one_of(hosts)};
        any_ = true;
        return {any, {}};
      default:
        return {exact, one_of(hosts)};
    }
  }
  void host() {
    HostEntry h;
    for (unsigned i = 1 + below(3); i > 0; --i) h.names.push_back(pattern());
    if (coin()) h.steps = steps(false);
    for (unsigned i = below(7); i > 0; --i) {
      const auto kind = static_cast<PathMatch::Kind>(below(3));
      PathMatch match{kind, kind == PathMatch::Kind::regex ? one_of(regexes) : one_of(paths), below(3) == 0};
      h.routes.push_back({std::move(match), treatment(), coin() ? "" : name(), origin()});
    }
    h.otherwise = treatment();
    h.origin = origin();
    for (unsigned i = below(3); i > 0; --i) h.owners.push_back(name());
    r_.hosts.push_back(std::move(h));
  }

  std::mt19937& random_;
  bool odd_;
  bool any_ = false;
  Router r_;
};

}  // namespace

Router router_of(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto routers = read(sources.add("router.ir", text), sources, diagnostics);
  for (const base::Diagnostic& d : diagnostics.all()) FAIL(sources.begin(d.span).line << ": " << d.message);
  REQUIRE(routers);
  REQUIRE(routers->size() == 1);
  return std::move(routers->front());
}

Router random_router(std::mt19937& random, Words words) {
  return Maker(random, words).router();
}

Request random_request(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto pick = [&](const auto& table) { return std::string(table[below(table.size())]); };
  constexpr std::array<std::string_view, 8> more_targets{"/a/../b",         "/%61", "//a", "/a?x=/b",
                                                         "http://shop.d/a", "*",    "/..", "/A%2fb"};
  Request request;
  request.https = below(2) == 0;
  if (request.https && below(4) != 0) request.sni = pick(hosts);
  request.method = below(3) == 0 ? "POST" : "GET";
  request.target = below(3) == 0 ? pick(more_targets) : pick(paths);
  if (request.target.empty()) request.target = "/a/b/c?q";
  if (below(8) == 0) request.version = "1.0";
  if (below(8) != 0) request.headers.push_back({"Host", pick(hosts) + (below(4) == 0 ? ":8080" : "")});
  if (below(3) == 0) request.headers.push_back({"X-Version", pick(values)});
  if (below(3) == 0) request.headers.push_back({"x_version", pick(values)});
  if (below(3) == 0) request.headers.push_back({"Origin", "https://a." + pick(domains)});
  if (below(3) == 0) request.headers.push_back({"Cookie", "X-Version=" + pick(values)});
  if (below(4) != 0) request.source = net::Address::v4(0x0A000000U + static_cast<std::uint32_t>(below(8)));
  request.body = below(4);
  request.authorised = below(2) == 0;
  request.over_rate = below(2) == 0;
  return request;
}

}  // namespace portcullis::ir::l7::test

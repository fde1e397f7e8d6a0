#include "kit.hpp"

#include <algorithm>

namespace portcullis::routes::test {

Router empty_router() {
  Router router;
  router.name = "test";
  router.treatments.push_back({Step{{}, Reply{404}, {}}});
  router.certificates.push_back({});
  return router;
}

BackendId backend(Router& router, const std::string& service) {
  for (BackendId i = 0; i < router.backends.size(); ++i)
    if (router.backends[i].service == service) return i;
  Backend made;
  made.service = service;
  const auto number = static_cast<std::uint32_t>(router.backends.size());
  made.targets.emplace_back(net::Address::v4(0x0a000001 + number), std::uint16_t{8080});
  router.backends.push_back(std::move(made));
  return number;
}

std::uint32_t always(Router& router, Answer answer) {
  router.treatments.push_back({Step{{}, std::move(answer), {}}});
  return static_cast<std::uint32_t>(router.treatments.size() - 1);
}

std::uint32_t to(Router& router, const std::string& service) {
  Forward forward;
  forward.choices = {{backend(router, service), 1}};
  return always(router, forward);
}

HostEntry& host(Router& router, HostPattern name) {
  HostEntry entry;
  entry.names = {std::move(name)};
  router.hosts.push_back(std::move(entry));
  return router.hosts.back();
}

void add_prefix(HostEntry& entry, const std::string& path, std::uint32_t treatment) {
  const std::string rule = "Prefix " + path;
  const std::string bare = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  if (!bare.empty()) entry.routes.push_back({{PathMatch::Kind::exact, bare, false}, treatment, rule, {}});
  entry.routes.push_back({{PathMatch::Kind::prefix, bare + "/", false}, treatment, rule, {}});
}

void add_exact(HostEntry& entry, const std::string& path, std::uint32_t treatment) {
  entry.routes.push_back({{PathMatch::Kind::exact, path, false}, treatment, "Exact " + path, {}});
}

void add_regex(HostEntry& entry, const std::string& path, std::uint32_t treatment, bool fold) {
  entry.routes.push_back({{PathMatch::Kind::regex, path, fold}, treatment, "Regex " + path, {}});
}

void own(HostEntry& entry, const std::string& ingress) {
  const std::string object = "Ingress " + ingress;
  entry.owners.push_back(ingress);
  if (entry.origin.object.empty()) entry.origin.object = object;
  for (Route& route : entry.routes)
    if (route.origin.object.empty()) route.origin = {object, route.rule, {}};
}

HostPattern exactly(const std::string& name) {
  return {HostPattern::Kind::exact, name};
}
HostPattern one_label(const std::string& domain) {
  return {HostPattern::Kind::one_label, domain};
}

namespace {

Condition condition(Condition::Kind kind, std::string name, std::vector<std::string> values, std::uint64_t number = 0) {
  return {kind, false, std::move(name), std::move(values), number};
}
Condition never(Condition condition) {
  condition.negated = true;
  return condition;
}

Forward forward(Router& router, const std::string& service) {
  Forward out;
  out.choices = {{backend(router, service), 1}};
  return out;
}

Redirect to_https() {
  return {308, {{Piece::Kind::text, "https://"}, {Piece::Kind::host, ""}, {Piece::Kind::target_no_slash, ""}}};
}

// Redirected to https; only from the office; a header and a cookie for the canary; the rest in shares.
std::uint32_t shop(Router& router) {
  using Kind = Condition::Kind;
  Forward split = forward(router, "shop/web:80");
  split.choices.push_back({backend(router, "shop/canary:80"), 3});
  Steps steps{
      {{condition(Kind::plain_http, "", {}), condition(Kind::tls_name, "", {})}, to_https(), {}},
      {{condition(Kind::body_over, "", {}, 1048576)}, Reply{413}, {}},
      {{condition(Kind::over_rate, "", {"rps"}, 10)}, Reply{503}, {}},
      {{never(condition(Kind::source_in, "", {}, 0))}, Refuse{403}, {}},
      {{condition(Kind::method_is, "", {"OPTIONS"}), condition(Kind::header_ends, "Origin", {".example.com"})},
       Reply{204},
       {}},
      {{condition(Kind::header_is, "X-Canary", {"always"})}, forward(router, "shop/canary:80"), {}},
      {{condition(Kind::header_matches, "X-Version", {"^v[2-9]"})}, forward(router, "shop/canary:80"), {}},
      {{condition(Kind::cookie_is, "canary", {"always"})}, forward(router, "shop/canary:80"), {}},
      {{}, split, {}},
  };
  router.treatments.push_back(std::move(steps));
  return static_cast<std::uint32_t>(router.treatments.size() - 1);
}

}  // namespace

Router rich_router() {
  using Kind = Condition::Kind;
  Router router = empty_router();
  const auto ranges = [](std::initializer_list<const char*> texts) {
    std::vector<net::Prefix> prefixes;
    for (const char* text : texts) prefixes.push_back(*net::Prefix::parse(text));
    return net::PrefixSet(std::move(prefixes));
  };
  router.ranges = {{"office", ranges({"192.0.2.0/24", "2001:db8::/32"})}};
  router.tls_names = {"*.shop.example.com", "shop.example.com"};
  router.certificates = {{}, {"shop/tls", {"shop.example.com"}}, {"shop/wild", {"*.shop.example.com"}}};
  router.tls = {{exactly("shop.example.com"), 1, {}}, {one_label("shop.example.com"), 2, {}}};

  const std::uint32_t web = shop(router), api = to(router, "shop/api:80"), old = to(router, "shop/old:80");
  Forward rewritten = forward(router, "shop/api:80");
  rewritten.rewrite = Rewrite{"/v1(/|$)(.*)", "/$2"};
  rewritten.host = "api.internal";
  const std::uint32_t v1 = always(router, rewritten);
  Forward secured = forward(router, "shop/admin:443");
  secured.protocol = Protocol::https;
  router.treatments.push_back(
      {Step{{never(condition(Kind::authorised, "", {}))}, Refuse{401}, {}}, Step{{}, secured, {}}});
  const auto admin = static_cast<std::uint32_t>(router.treatments.size() - 1);
  const std::uint32_t moved =
      always(router, Redirect{301, {{Piece::Kind::text, "https://new.example.com"}, {Piece::Kind::target, ""}}});

  HostEntry& main = host(router, exactly("shop.example.com"));
  main.names.push_back(exactly("www.example.com"));
  main.steps = {{{condition(Kind::path_is, "", {"/"})},
                 Redirect{302,
                          {{Piece::Kind::scheme, ""},
                           {Piece::Kind::text, "://"},
                           {Piece::Kind::host_port, ""},
                           {Piece::Kind::text, "/start"}}},
                 {}}};
  add_exact(main, "/admin/health", api);
  add_prefix(main, "/admin", admin);
  add_prefix(main, "/old", moved);
  add_regex(main, "/items/[0-9]+", api);
  add_regex(main, "/v1(/|$)(.*)", v1);
  add_prefix(main, "/", web);

  HostEntry& wild = host(router, one_label("shop.example.com"));
  add_prefix(wild, "/api", api);
  add_prefix(wild, "/", old);
  HostEntry& rest = host(router, {HostPattern::Kind::any, ""});
  add_exact(rest, "/healthz", always(router, Reply{200}));
  return router;
}

}  // namespace portcullis::routes::test

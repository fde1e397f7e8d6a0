// Names and values that would like to be more: each in every place that a manifest can fill.
#include <array>
#include <functional>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/haproxy/limits.hpp"
#include "tests/haproxy/compared.hpp"
#include "verifier/obligations/routes/equal.hpp"

namespace {

using namespace portcullis;
using namespace ir::l7;

constexpr std::array<std::string_view, 18> words{
    "' stats enable '", "\"",         "\\",  "a'b",     "%[env(PATH)]",    "%%",  "$HOME",
    "${HOME}",          " if TRUE",   "# x", "}",       "{ always_true }", "a b", "a\n  http-request deny ",
    "x\r\nY: z",        "\",url_dec", ")",   "\xff\x01"};

Router plain_router() {
  Router router;
  router.name = "hostile";
  router.certificates = {{"", {}}};
  router.backends = {
      {"ns/web:80", Backend::Via::endpoints, {{net::Address::v4(0x0A640001), 8080}}, "", 0, 503, false, "", "", {}}};
  router.treatments = {{{{}, Reply{404}, {}}}, {{{}, Forward{{{0, 1}}, {}, "", Protocol::http, {}, {}}, {}}}};
  HostEntry host;
  host.names = {{HostPattern::Kind::exact, "shop.d"}};
  host.routes = {{{PathMatch::Kind::prefix, "/", false}, 1, "", {}}};
  router.hosts = {host};
  return router;
}

Forward& forward(Router& router) {
  return std::get<Forward>(router.treatments[1].back().answer);
}
void ask(Router& router, Condition::Kind kind, std::string name, std::string value) {
  Condition condition;
  condition.kind = kind;
  condition.name = std::move(name);
  condition.values = {std::move(value)};
  router.treatments[1].insert(router.treatments[1].begin(), {{condition}, Reply{410}, {}});
}

struct Place {
  std::string_view what;
  std::function<void(Router&, const std::string&)> fill;
};
const std::vector<Place> places{
    {"name of the router", [](Router& r, const std::string& w) { r.name = w; }},
    {"Service", [](Router& r, const std::string& w) { r.backends[0].service = w; }},
    {"host", [](Router& r, const std::string& w) { r.hosts[0].names.push_back({HostPattern::Kind::exact, w}); }},
    {"alias", [](Router& r, const std::string& w) { r.hosts[0].names.push_back({HostPattern::Kind::regex, w}); }},
    {"exact path",
     [](Router& r, const std::string& w) { r.hosts[0].routes[0].match = {PathMatch::Kind::exact, "/" + w}; }},
    {"prefix",
     [](Router& r, const std::string& w) { r.hosts[0].routes[0].match = {PathMatch::Kind::prefix, "/" + w, true}; }},
    {"pattern",
     [](Router& r, const std::string& w) { r.hosts[0].routes[0].match = {PathMatch::Kind::regex, "/" + w}; }},
    {"rewrite's target",
     [](Router& r, const std::string& w) { forward(r).rewrite = Rewrite{"/(.*)", "/" + w + "$1"}; }},
    {"rewrite's pattern", [](Router& r, const std::string& w) { forward(r).rewrite = Rewrite{"/" + w, "/new"}; }},
    {"Host", [](Router& r, const std::string& w) { forward(r).host = w; }},
    {"location",
     [](Router& r, const std::string& w) {
       r.treatments[1].back().answer = Redirect{301, {{Piece::Kind::text, "http://x/" + w}, {Piece::Kind::target, ""}}};
     }},
    {"path", [](Router& r, const std::string& w) { ask(r, Condition::Kind::path_is, "", w); }},
    {"method", [](Router& r, const std::string& w) { ask(r, Condition::Kind::method_is, "", w); }},
    {"header", [](Router& r, const std::string& w) { ask(r, Condition::Kind::header_is, w, "v"); }},
    {"header's value", [](Router& r, const std::string& w) { ask(r, Condition::Kind::header_is, "X-A", w); }},
    {"header's pattern", [](Router& r, const std::string& w) { ask(r, Condition::Kind::header_matches, "X-A", w); }},
    {"header's end", [](Router& r, const std::string& w) { ask(r, Condition::Kind::header_ends, "X-A", w); }},
    {"cookie", [](Router& r, const std::string& w) { ask(r, Condition::Kind::cookie_is, w, "v"); }},
    {"cookie's value", [](Router& r, const std::string& w) { ask(r, Condition::Kind::cookie_is, "a", w); }},
    {"name of ranges", [](Router& r, const std::string& w) { r.ranges.push_back({w, {}}); }},
};

Request request_for(const std::string& word) {
  Request request;
  request.headers = {{"Host", "shop.d"}};
  const bool sendable = word.find_first_of("\r\n \x01\xff#") == std::string::npos;
  request.target = sendable ? "/" + word : "/x";
  if (word.find_first_of("\r\n\x01") == std::string::npos && word.front() != ' ')
    request.headers.push_back({"X-A", word});
  return request;
}

// Of the word in one place: refused with a finding, or read back and proved.
bool emitted_well(const Router& router) {
  base::Diagnostics diagnostics;
  const auto files = haproxy::emit(router, diagnostics);
  CHECK(files.has_value() != diagnostics.has_errors());
  if (!files) return false;
  const auto read = haproxy::read(*files);
  if (const auto* error = std::get_if<haproxy::ReadError>(&read))
    FAIL(error->file << ":" << error->line << ": " << error->message);
  smt::Session session;
  const auto found = routes::equal_routers(haproxy::as_emitted(router), std::get<Router>(read), session);
  CHECK(found.standing == verdict::Standing::proved);
  return true;
}

std::string real_complaints(const Router& router) {
  base::Diagnostics diagnostics;
  return proxied::complaints(haproxy::emit(router, diagnostics).value(), router);
}

}  // namespace

TEST_CASE("hostile words are refused, or stay what they are") {
  const bool real = proxied::permitted();
  std::size_t emitted = 0;
  for (const std::string_view word : words) {
    Router all = plain_router();  // the word wherever it is taken, but where that would leave no forward
    for (const Place& place : places) {
      Router router = plain_router();
      place.fill(router, std::string(word));
      INFO(place.what << ": " << word);
      if (!emitted_well(router)) continue;
      ++emitted;
      if (place.what != "location") {
        place.fill(all, std::string(word));
      } else if (real) {
        CHECK(real_complaints(router) == "");
      }
    }
    INFO("everywhere: " << word);
    if (real) CHECK(real_complaints(all) == "");
  }
  fmt::print("HAProxy: {} of {} hostile words in their places are emitted\n", emitted, words.size() * places.size());
}

TEST_CASE("hostile words: a real HAProxy repeats them as they are") {
  if (!proxied::permitted()) return;
  const kernel::Fd netns = proxied::everywhere();
  const proxied::Upstreams upstreams(netns, {8080});
  for (const std::string_view word : words) {
    for (const Place& place : places) {
      const bool shown = place.what == "location" || place.what == "Host" || place.what == "rewrite's target" ||
                         place.what == "header's value" || place.what == "exact path";
      if (!shown) continue;
      Router router = plain_router();
      place.fill(router, std::string(word));
      base::Diagnostics diagnostics;
      const auto files = haproxy::emit(router, diagnostics);
      if (!files) continue;
      INFO(place.what << ": " << word);
      const proxied::Proxy proxy(netns, *files, router);
      const Server server(router);
      CHECK(proxied::compare(netns, server, request_for(std::string(word))).difference == "");
    }
  }
}

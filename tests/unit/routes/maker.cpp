#include "maker.hpp"

#include <array>
#include <utility>

namespace portcullis::routes::test {

namespace {

const std::vector<std::string> paths{"/", "/a", "/a/", "/a/b", "/A", "/ab", "/a/b/c", "/b"};
const std::vector<std::string> patterns{"/a", "/a/[a-z]+", "/(a|b)$", "/a.*c", "/A/b", "/(a)\\1", "/b|/a/b"};
const std::vector<std::string> targets{"/",     "/a",    "/a/",  "/a/b", "/A",     "/ab",     "/a/b/c",
                                       "/b",    "/a/b/", "/A/b", "/c",   "/a/c",   "/a/bc",   "/aa",
                                       "/a?/b", "/%61",  "//a",  "*",    "/b/c",   "/a/../b", "/B",
                                       "/A/c",  "/a/1",  "/a/B", "/axc", "/b/a/b", "/a/b?x"};
const std::vector<std::string> names{"h.test", "x.h.test",  "y.x.h.test", "other.test",
                                     "H.TEST", "h.test:80", "h.test.",    ""};

}  // namespace

Router Maker::router() {
  Router out = empty_router();
  const std::array<HostForm, 4> host_forms{HostForm::plain, HostForm::nginx, HostForm::haproxy, HostForm::traefik};
  const std::array<PathForm, 3> path_forms{PathForm::as_sent, PathForm::nginx, PathForm::traefik};
  out.host_form = host_forms.at(below(4));
  out.path_form = path_forms.at(below(3));
  out.ranges = {{"r", net::PrefixSet({*net::Prefix::parse("192.0.2.0/24")})}};
  if (chance(3)) out.tls_names = {"h.test"};
  for (unsigned i = 0; i < 4; ++i) out.treatments.push_back(steps(out));
  const std::vector<HostPattern> patterns_of_hosts{exactly("h.test"),
                                                   one_label("h.test"),
                                                   {HostPattern::Kind::many_labels, "h.test"},
                                                   {HostPattern::Kind::regex, "^x"},
                                                   {HostPattern::Kind::any, ""}};
  for (const HostPattern& pattern : patterns_of_hosts)
    if (chance(2)) fill(host(out, pattern), out);
  return out;
}

// A few changes, most of which do not matter.
Router Maker::changed(Router router) {
  for (HostEntry& entry : router.hosts) {
    if (chance(3) && entry.routes.size() > 1) {
      const std::size_t at = below(static_cast<unsigned>(entry.routes.size() - 1));
      std::swap(entry.routes[at], entry.routes[at + 1]);
    }
    if (chance(4))
      entry.routes.insert(entry.routes.begin() + below(static_cast<unsigned>(entry.routes.size() + 1)), route());
  }
  if (chance(4)) std::swap(router.treatments[1 + below(4)], router.treatments[1 + below(4)]);
  return router;
}

Request Maker::request() {
  Request out;
  out.https = chance(2);
  out.target = pick(targets);
  const std::string name = pick(names);
  if (!name.empty()) out.headers.push_back({"Host", name});
  if (chance(5)) out.version = "1.0";
  out.source = chance(2) ? net::Address::v4(0xc0000207) : net::Address::v4(0x0a000001);
  out.method = chance(2) ? "GET" : "PUT";
  if (chance(3)) out.headers.push_back({"X-A", chance(2) ? "1" : "12"});
  out.authorised = chance(2);
  return out;
}

Route Maker::route() {
  Route out;
  const unsigned kind = below(5);
  out.match.kind = kind < 2 ? PathMatch::Kind::exact : kind < 4 ? PathMatch::Kind::prefix : PathMatch::Kind::regex;
  out.match.text = pick(out.match.kind == PathMatch::Kind::regex ? patterns : paths);
  out.match.fold = chance(3);
  out.treatment = below(5);
  return out;
}

void Maker::fill(HostEntry& entry, Router& router) {
  for (unsigned i = below(6); i > 0; --i) entry.routes.push_back(route());
  entry.otherwise = below(5);
  if (chance(4)) entry.steps = {{{condition()}, Reply{418}, {}}};
  if (chance(4)) router.unmatched = below(5);
}

Condition Maker::condition() {
  using Kind = Condition::Kind;
  const std::vector<Condition> all{
      {Kind::path_is, false, "", {pick(paths)}, 0},
      {Kind::method_is, false, "", {"PUT"}, 0},
      {Kind::plain_http, false, "", {}, 0},
      {Kind::tls_name, false, "", {}, 0},
      {Kind::source_in, false, "", {}, 0},
      {Kind::header_is, false, "X-A", {"1"}, 0},
      {Kind::header_matches, false, "X-A", {"^1"}, 0},
      {Kind::authorised, false, "", {}, 0},
  };
  Condition out = all[below(static_cast<unsigned>(all.size()))];
  out.negated = chance(2);
  return out;
}

Answer Maker::answer(Router& router) {
  switch (below(4)) {
    case 0:
      return Reply{200 + static_cast<int>(below(2))};
    case 1:
      return Redirect{308, {{Piece::Kind::text, "https://"}, {Piece::Kind::host, ""}, {Piece::Kind::target, ""}}};
    case 2: {
      Forward forward;
      forward.choices = {{backend(router, "n/rewritten:80"), 1}};
      forward.rewrite = Rewrite{"/a(/|$)(.*)", chance(2) ? "/$2" : "/x$1"};
      return forward;
    }
    default: {
      Forward forward;
      forward.choices = {{backend(router, "n/a:80"), 1 + below(2)}, {backend(router, "n/b:80"), 1}};
      return forward;
    }
  }
}

Steps Maker::steps(Router& router) {
  Steps out;
  for (unsigned i = below(3); i > 0; --i) out.push_back({{condition()}, answer(router), {}});
  if (!out.empty() && chance(2)) out.back().when.push_back(condition());
  out.push_back({{}, answer(router), {}});
  return out;
}

}  // namespace portcullis::routes::test

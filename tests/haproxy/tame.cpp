#include "tests/haproxy/tame.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backends/haproxy/words.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::proxied {

namespace {

using namespace ir::l7;

bool readable(const std::string& pattern, bool fold, bool anchored) {
  return Regex(pattern, fold, anchored).valid();
}

// `ns/name` that can be the name of a file.
bool is_secret(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != text.npos && haproxy::is_host(text.substr(0, slash)) && haproxy::is_host(text.substr(slash + 1)) &&
         text.find('_') == text.npos;
}

int in_range(int status) {
  return 200 + status % 300;
}

void tame(Answer& answer) {
  if (std::holds_alternative<Unknown>(answer)) answer = Reply{404};
  if (auto* reply = std::get_if<Reply>(&answer)) reply->status = in_range(reply->status);
  if (auto* refuse = std::get_if<Refuse>(&answer)) refuse->status = refuse->status % 2 == 0 ? 401 : 403;
  if (auto* redirect = std::get_if<Redirect>(&answer)) {
    redirect->status = 301 + redirect->status % 2;
    for (Piece& piece : redirect->location)
      if (!haproxy::printable(piece.text)) piece.text = "/x";
    redirect->location.push_back({Piece::Kind::text, "#"});
  }
  auto* forward = std::get_if<Forward>(&answer);
  if (forward == nullptr) return;
  const bool encrypted = forward->protocol == Protocol::https || forward->protocol == Protocol::grpcs;
  if (forward->protocol != Protocol::client) forward->protocol = encrypted ? Protocol::https : Protocol::http;
  if (forward->rewrite && !readable(forward->rewrite->pattern, true, false)) forward->rewrite.reset();
  if (forward->rewrite && !haproxy::printable(forward->rewrite->target)) forward->rewrite->target = "/x";
  if (!haproxy::printable(forward->host) || forward->host.find(' ') != std::string::npos) forward->host.clear();
  // No share is so small that a test would wait for it.
  for (Choice& choice : forward->choices) choice.weight = 1 + choice.weight % 4;
}

void tame(Steps& steps) {
  for (Step& step : steps) {
    tame(step.answer);
    for (Condition& condition : step.when) {
      if (!haproxy::is_name(condition.name)) condition.name = "x-a";
      if (condition.kind == Condition::Kind::header_matches && !readable(condition.values[0], false, false))
        condition.values[0] = "v";
      if (condition.kind == Condition::Kind::header_ends && condition.values.empty()) condition.values = {".d"};
      if (condition.kind == Condition::Kind::cookie_is && condition.values[0].empty()) condition.values[0] = "v1";
    }
  }
}

void tame(HostPattern& name) {
  if (name.kind == HostPattern::Kind::regex && !readable(name.text, true, false)) name.text = "^x";
  const bool text = name.kind != HostPattern::Kind::regex && name.kind != HostPattern::Kind::any;
  if (text && !haproxy::is_host(name.text)) name.text = "b.d";
}

void tame(Backend& backend, std::size_t number) {
  std::uint16_t port = 8080;
  // Every backend has endpoints of its own, or it could not be told who has answered.
  for (auto& target : backend.targets)
    target = {net::Address::v4(0x0A640000U + static_cast<std::uint32_t>(number * 256 + port - 8000)), port++};
  if (backend.service.empty() || !haproxy::printable(backend.service))
    backend.service = fmt::format("ns/b{}:80", number);
  backend.external.clear();
  backend.external_port = 0;
  backend.status = in_range(backend.status);
  backend.affinity_cookie = backend.affinity ? "STICKY" : "";
}

}  // namespace

Router tame(Router router) {
  router.rejected.clear();
  router.passthrough.clear();
  router.entries.clear();
  for (Certificate& certificate : router.certificates) {
    std::ranges::replace(certificate.secret, ':', '-');
    certificate.names = {certificate.secret == "" ? "default.invalid" : "certificate.invalid"};
  }
  for (std::size_t i = 1; i < router.certificates.size(); ++i)
    if (!is_secret(router.certificates[i].secret)) router.certificates[i].secret = fmt::format("ns/c{}", i);
  if (!router.certificates.empty()) router.certificates[0] = {"", {}};
  std::erase_if(router.tls_names, [](const std::string& name) {
    return !haproxy::is_host(name.starts_with("*.") ? std::string_view(name).substr(2) : std::string_view(name));
  });
  for (TlsName& tls : router.tls) tame(tls.name);
  for (Steps& steps : router.treatments) tame(steps);
  for (HostEntry& entry : router.hosts) {
    tame(entry.steps);
    for (HostPattern& name : entry.names) tame(name);
    std::erase_if(entry.routes, [](const Route& route) {
      return route.match.kind == PathMatch::Kind::regex && !readable(route.match.text, route.match.fold, true);
    });
  }
  for (std::size_t i = 0; i < router.backends.size(); ++i) tame(router.backends[i], i);
  return router;
}

}  // namespace portcullis::proxied

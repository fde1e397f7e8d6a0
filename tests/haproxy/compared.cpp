#include "tests/haproxy/compared.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace portcullis::proxied {

namespace {

using ir::l7::Decision;

// The Service port that has this endpoint, by the router's own list.
std::string service_of(const ir::l7::Router& router, const Seen& seen, const Decision& decision) {
  for (const ir::l7::Backend& backend : router.backends) {
    const bool has = std::ranges::find(backend.targets, std::pair(seen.address, seen.port)) != backend.targets.end();
    const bool wanted =
        std::ranges::find(decision.shares, backend.service, &Decision::Share::service) != decision.shares.end();
    if (has && wanted) return backend.service;
  }
  return fmt::format("{}, which is no endpoint of the decision", net::endpoint_text(seen.address, seen.port));
}

std::string said(const Answer& answer) {
  if (!answer.handshake) return "the handshake refused";
  if (answer.seen) {
    return fmt::format("{}: {} {} {} with Host {}", net::endpoint_text(answer.seen->address, answer.seen->port),
                       answer.seen->tls ? "https" : "http", answer.seen->method, answer.seen->target,
                       answer.seen->host);
  }
  return fmt::format("status {} {}", answer.status, answer.location);
}

// What is wrong with one answer to a forwarded request; else the share that it belongs to goes into `shares`.
std::string forwarded(const ir::l7::Router& router, const Decision& decision, const Answer& answer,
                      std::set<std::string>& shares) {
  if (!answer.seen) {
    for (const Decision::Share& share : decision.shares) {
      if (!share.service.empty() || share.status != answer.status) continue;
      shares.insert(fmt::format("status {}", share.status));
      return {};
    }
    return said(answer);
  }
  const std::string service = service_of(router, *answer.seen, decision);
  const bool same = answer.status == 200 && answer.seen->target == decision.target &&
                    answer.seen->host == decision.host && answer.seen->tls == (decision.protocol == "https");
  const bool known = std::ranges::find(decision.shares, service, &Decision::Share::service) != decision.shares.end();
  if (!same || !known) return said(answer) + " for " + service;
  shares.insert(service);
  return {};
}

std::string other(const Decision& decision, const Answer& answer) {
  bool same = false;
  switch (decision.kind) {
    case Decision::Kind::redirect:
      same = answer.status == decision.status && answer.location == decision.location;
      break;
    case Decision::Kind::status:
    case Decision::Kind::refuse:
      same = decision.status == 0 ? !answer.handshake : answer.handshake && answer.status == decision.status;
      break;
    default:
      break;
  }
  return same && !answer.seen ? std::string{} : said(answer);
}

}  // namespace

std::set<std::uint16_t> ports(const ir::l7::Router& router) {
  std::set<std::uint16_t> out;
  for (const ir::l7::Backend& backend : router.backends)
    for (const auto& [address, port] : backend.targets) out.insert(port);
  return out;
}

Compared compare(const kernel::Fd& netns, const ir::l7::Server& server, const ir::l7::Request& asked) {
  ir::l7::Request request = asked;
  if (!request.source) request.source = net::Address::parse("192.0.2.1");
  request.port = request.https ? 443 : 80;
  ir::l7::Trail trail;
  const Decision decision = server.serve(request, &trail);
  // docs/haproxy.md: what a Location says of the target `*`.
  const bool star = decision.kind == Decision::Kind::redirect && request.target == "*";
  const bool other_protocol =
      decision.kind == Decision::Kind::forward && decision.protocol != "http" && decision.protocol != "https";
  if (decision.kind == Decision::Kind::unknown || request.authorised || request.over_rate || other_protocol || star)
    return {{}, true};
  std::string wrong;
  // Each share is seen but for one run of the test in a million: none is below a twentieth in these tests.
  const std::size_t most = decision.shares.size() > 1 ? 300 : 1;
  std::set<std::string> shares;
  for (std::size_t i = 0; i < most && wrong.empty() && (i == 0 || shares.size() < decision.shares.size()); ++i) {
    const Answer answer = ask(netns, request);
    wrong = decision.kind == Decision::Kind::forward ? forwarded(server.router(), decision, answer, shares)
                                                     : other(decision, answer);
    if (request.https && answer.handshake && answer.certificate != certificate_shown(trail.certificate))
      wrong += " with another certificate";
  }
  if (wrong.empty() && decision.kind == Decision::Kind::forward && shares.size() < decision.shares.size())
    wrong = fmt::format("only {} of {} shares", shares.size(), decision.shares.size());
  if (wrong.empty()) return {};
  return {fmt::format("serve: {} (target {}, Host {}, {}); HAProxy: {}", ir::l7::text(decision), decision.target,
                      decision.host, decision.protocol, wrong),
          false};
}

}  // namespace portcullis::proxied

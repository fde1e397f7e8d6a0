#include "verifier/obligations/routes/leaves.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/conditions.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Backend;
using ir::l7::Piece;

// Texts of people, so that no two of them can be taken for one.
std::string framed(std::string_view text) {
  return fmt::format("{}:{}", text.size(), text);
}

// The shares of a decision: by Service, or by the status of a backend without endpoints.
std::map<std::pair<std::string, int>, std::uint64_t> shares_of(const Router& router, const ir::l7::Forward& forward) {
  std::map<std::pair<std::string, int>, std::uint64_t> shares;
  for (const ir::l7::Choice& choice : forward.choices) {
    const Backend& backend = router.backends.at(choice.backend);
    const auto key = backend.dead() ? std::pair{std::string{}, backend.status} : std::pair{backend.service, 0};
    shares[key] += choice.weight;
  }
  std::uint64_t divisor = 0;
  for (const auto& [key, weight] : shares) divisor = std::gcd(divisor, weight);
  for (auto& [key, weight] : shares) weight /= std::max<std::uint64_t>(divisor, 1);
  return shares;
}

std::string targets_text(const Backend& backend) {
  std::vector<std::string> targets;
  for (const auto& [address, port] : backend.targets) targets.push_back(net::endpoint_text(address, port));
  if (!backend.external.empty()) targets.push_back(fmt::format("{}:{}", backend.external, backend.external_port));
  std::ranges::sort(targets);
  return fmt::format("{} at {}", backend.service, fmt::join(targets, " "));
}

std::string settings_text(const Backend& backend) {
  std::string text;
  if (backend.affinity) text += fmt::format(", cookie `{}`", base::printable(backend.affinity_cookie));
  if (!backend.balance.empty()) text += fmt::format(", balance `{}`", base::printable(backend.balance));
  return text;
}

std::string beside_text(const Router& router, const ir::l7::Forward& forward, const Aspects& aspects) {
  std::vector<std::string> parts;
  for (const ir::l7::Choice& choice : forward.choices) {
    const Backend& backend = router.backends.at(choice.backend);
    if (backend.dead()) continue;
    std::string part;
    if (aspects.targets) part += targets_text(backend);
    if (aspects.settings) part += settings_text(backend);
    parts.push_back(std::move(part));
  }
  std::ranges::sort(parts);
  std::string text = fmt::format("{}", fmt::join(parts, "; "));
  if (!aspects.settings || !forward.pages) return text;
  std::vector<int> codes = forward.intercepted;
  std::ranges::sort(codes);
  text += fmt::format("; pages of {} for {}", router.backends.at(*forward.pages).service, fmt::join(codes, " "));
  return text;
}

Leaf with_status(Leaf::Kind kind, int status) {
  Leaf out;
  out.kind = kind;
  out.shares = fmt::format("{} {}", static_cast<int>(kind), status);
  return out;
}

Leaf not_known(const std::string& why) {
  Leaf out;
  out.kind = Leaf::Kind::unknown;
  out.shares = "unknown";
  out.text = why;
  return out;
}

Leaf leaf(const Router& router, const ir::l7::Forward& forward, bool https, const Aspects& aspects) {
  Leaf out;
  out.kind = Leaf::Kind::forward;
  out.shares = "forward";
  const auto shares = shares_of(router, forward);
  for (const auto& [key, weight] : shares) {
    out.shares += fmt::format(" {} {} {}", framed(key.first), key.second, weight);
    if (!key.first.empty()) out.services.push_back(key.first);
  }
  if (out.services.empty() && shares.size() == 1) return with_status(Leaf::Kind::status, shares.begin()->first.second);
  if (forward.rewrite) {
    const ir::l7::Regex regex(forward.rewrite->pattern, true, false);
    if (!regex.valid()) return not_known(ir::l7::unsupported(forward.rewrite->pattern, regex));
    out.rewritten = true;
    out.text += fmt::format("rewrite {} {}", framed(forward.rewrite->pattern), framed(forward.rewrite->target));
  }
  out.text += fmt::format(" host {}", framed(forward.host));
  const bool as_client = forward.protocol == ir::l7::Protocol::client;
  out.text += fmt::format(" by {}", as_client ? (https ? "https" : "http") : ir::l7::to_string(forward.protocol));
  out.beside = beside_text(router, forward, aspects);
  return out;
}

// Neighbouring texts are one text.
std::vector<Piece> joined(const std::vector<Piece>& location, bool https) {
  std::vector<Piece> pieces;
  for (Piece piece : location) {
    if (piece.kind == Piece::Kind::scheme) piece = {Piece::Kind::text, https ? "https" : "http"};
    if (piece.kind != Piece::Kind::text) piece.text.clear();
    if (piece.kind == Piece::Kind::text && !pieces.empty() && pieces.back().kind == Piece::Kind::text) {
      pieces.back().text += piece.text;
    } else if (piece.kind != Piece::Kind::text || !piece.text.empty()) {
      pieces.push_back(std::move(piece));
    }
  }
  return pieces;
}

Leaf leaf(const Router& /*router*/, const ir::l7::Redirect& redirect, bool https, const Aspects& /*aspects*/) {
  Leaf out = with_status(Leaf::Kind::redirect, redirect.status);
  for (const Piece& piece : joined(redirect.location, https))
    out.text += fmt::format(" {}.{}", static_cast<int>(piece.kind), framed(piece.text));
  return out;
}

Leaf leaf(const Router& /*router*/, const ir::l7::Reply& reply, bool /*https*/, const Aspects& /*aspects*/) {
  return with_status(Leaf::Kind::status, reply.status);
}
Leaf leaf(const Router& /*router*/, const ir::l7::Refuse& refuse, bool /*https*/, const Aspects& /*aspects*/) {
  return with_status(Leaf::Kind::refuse, refuse.status);
}
Leaf leaf(const Router& /*router*/, const ir::l7::Unknown& unknown, bool /*https*/, const Aspects& /*aspects*/) {
  return not_known(unknown.why);
}

}  // namespace

Leaf leaf_of_answer(const Router& router, const ir::l7::Answer& answer, bool https, const Aspects& aspects) {
  return std::visit([&](const auto& one) { return leaf(router, one, https, aspects); }, answer);
}

}  // namespace portcullis::routes

#include "compiler/ir/l7/answers.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "compiler/base/error.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/letters.hpp"

namespace portcullis::ir::l7 {

namespace {

Decision with_status(Decision::Kind kind, int status) {
  Decision decision;
  decision.kind = kind;
  decision.status = status;
  return decision;
}

Decision unknown(std::string why) {
  Decision decision;
  decision.kind = Decision::Kind::unknown;
  decision.why = std::move(why);
  return decision;
}

std::vector<Decision::Share> shares(const std::vector<Choice>& choices, const Router& router) {
  std::map<std::pair<std::string, int>, std::uint64_t> weights;
  for (const Choice& choice : choices) {
    if (choice.backend >= router.backends.size()) throw base::InternalError("a choice names no backend of its router");
    if (choice.weight == 0) throw base::InternalError("a choice has no weight");
    const Backend& backend = router.backends[choice.backend];
    weights[backend.dead() ? std::pair(std::string{}, backend.status) : std::pair(backend.service, 0)] += choice.weight;
  }
  if (weights.empty()) throw base::InternalError("nothing to forward to");
  std::uint64_t divisor = 0;
  for (const auto& [what, weight] : weights) divisor = std::gcd(divisor, weight);
  std::vector<Decision::Share> shares;
  for (const auto& [what, weight] : weights) shares.push_back({what.first, what.second, weight / divisor});
  return shares;
}

// The target of the rewrite with the captures in their places. Behind a `$` that no digit from 1 to 9 follows stands
// nothing: it is a dollar sign.
std::string replaced(std::string_view target, const std::vector<std::string>& captures) {
  std::string out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool capture = target[i] == '$' && i + 1 < target.size() && is_digit(target[i + 1]) && target[i + 1] != '0';
    if (!capture) {
      out += target[i];
      continue;
    }
    ++i;
    out += captures[static_cast<std::size_t>(target[i] - '0')];
  }
  return out;
}

// What the backend gets as target, or why that is not so.
std::variant<std::string, Decision> sent_on(const Forward& forward, const View& view) {
  std::string as_sent = target_as_sent(view.request.target);
  if (!forward.rewrite) return as_sent;
  const Regex& regex = view.regexes.at(forward.rewrite->pattern, true, false);
  if (!regex.valid()) return unknown(unsupported(forward.rewrite->pattern, regex));
  std::vector<std::string> captures;
  if (!regex.search(view.path, &captures)) return as_sent;
  const std::string path = replaced(forward.rewrite->target, captures);
  if (path.empty()) return with_status(Decision::Kind::status, 500);  // nginx: a rewritten path has to have a length
  const std::string_view query = split_target(view.request.target).query;
  return escape_path(path) + std::string(query == "?" ? "" : query);
}

std::string_view spoken(Protocol protocol, bool https) {
  if (protocol != Protocol::client) return to_string(protocol);
  return https ? "https" : "http";
}

Decision decision_of(const Forward& forward, const View& view) {
  Decision decision;
  decision.kind = Decision::Kind::forward;
  decision.shares = shares(forward.choices, view.router);
  const bool all_answered =
      std::ranges::all_of(decision.shares, [](const auto& share) { return share.service.empty(); });
  if (all_answered && decision.shares.size() == 1) {
    return with_status(Decision::Kind::status, decision.shares.front().status);
  }
  auto target = sent_on(forward, view);
  if (auto* instead = std::get_if<Decision>(&target)) return *std::move(instead);
  decision.target = std::get<std::string>(std::move(target));
  decision.host = forward.host.empty() ? host_as_sent(view.request) : forward.host;
  decision.protocol = spoken(forward.protocol, view.request.https);
  return decision;
}

std::string written(const Piece& piece, const Request& request) {
  switch (piece.kind) {
    case Piece::Kind::text:
      return piece.text;
    case Piece::Kind::scheme:
      return request.https ? "https" : "http";
    case Piece::Kind::host:
      return host_without_port(request);
    case Piece::Kind::host_port:
      return host_as_sent(request);
    case Piece::Kind::port:
      return std::to_string(request.port);
    case Piece::Kind::target:
      return target_as_sent(request.target);
    case Piece::Kind::target_no_slash: {
      std::string target = target_as_sent(request.target);
      if (target.ends_with('/')) target.pop_back();
      return target;
    }
    case Piece::Kind::query:
      return std::string(split_target(request.target).query);
    case Piece::Kind::target_escaped:
      return escape_value(target_as_sent(request.target));
  }
  return {};
}

Decision decision_of(const Redirect& redirect, const View& view) {
  Decision decision = with_status(Decision::Kind::redirect, redirect.status);
  for (const Piece& piece : redirect.location) decision.location += written(piece, view.request);
  return decision;
}

Decision decision_of(const Reply& reply, const View&) {
  return with_status(Decision::Kind::status, reply.status);
}

Decision decision_of(const Refuse& refuse, const View&) {
  return with_status(Decision::Kind::refuse, refuse.status);
}

Decision decision_of(const Unknown& unknown_answer, const View&) {
  return unknown(unknown_answer.why);
}

}  // namespace

Decision pass_through(BackendId backend, const View& view) {
  Decision decision;
  decision.kind = Decision::Kind::forward;
  decision.shares = shares({{backend, 1}}, view.router);
  if (decision.shares.front().service.empty()) return with_status(Decision::Kind::refuse, 0);
  decision.target = view.request.target;
  decision.host = host_as_sent(view.request);
  decision.protocol = "tls";
  return decision;
}

Decision decide(const Answer& answer, const View& view) {
  return std::visit([&view](const auto& one) { return decision_of(one, view); }, answer);
}

}  // namespace portcullis::ir::l7

#include "backends/haproxy/lower_steps.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/base/error.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::Condition;
using ir::l7::Forward;
using ir::l7::Protocol;

Condition plain_http() {
  Condition out;
  out.kind = Condition::Kind::plain_http;
  return out;
}

// nginx drops headers with `_` in their names: nothing is ever found in them. Nor does anything end in one of no ends.
bool never_holds(const Condition& condition, ir::l7::HostForm form) {
  using Kind = Condition::Kind;
  const bool header = condition.kind == Kind::header_is || condition.kind == Kind::header_matches ||
                      condition.kind == Kind::header_ends;
  if (condition.kind == Kind::header_ends && condition.values.empty()) return true;
  return header && form == ir::l7::HostForm::nginx && condition.name.find('_') != std::string::npos;
}

class Lowering {
 public:
  explicit Lowering(const ir::l7::Router& router) : router_(router) {}

  // False: the last word is said.
  bool take(const ir::l7::Step& step) {
    std::vector<Condition> when;
    for (const Condition& condition : step.when) {
      if (!never_holds(condition, router_.host_form)) {
        when.push_back(condition);
      } else if (!condition.negated) {
        return true;
      }
    }
    const bool last = when.empty();
    if (const auto* forward = std::get_if<Forward>(&step.answer)) {
      send(std::move(when), *forward);
    } else {
      answer(std::move(when), step.answer);
    }
    return !last;
  }

  Treatment finish() { return std::move(out_); }

 private:
  void answer(std::vector<Condition> when, const ir::l7::Answer& answer) {
    Rule rule{std::move(when), {}};
    if (const auto* redirect = std::get_if<ir::l7::Redirect>(&answer)) {
      rule.answer = *redirect;
    } else if (const auto* reply = std::get_if<ir::l7::Reply>(&answer)) {
      rule.answer = *reply;
    } else if (const auto* refuse = std::get_if<ir::l7::Refuse>(&answer)) {
      rule.answer = *refuse;
    } else {
      throw base::InternalError("an answer that HAProxy cannot be told was not refused");
    }
    const bool last = rule.when.empty();
    rules_.push_back(std::move(rule));
    if (last) out_.parts.push_back({{}, {{1, {rules_, std::nullopt}}}});
  }

  void send(std::vector<Condition> when, const Forward& forward) {
    if (forward.protocol != Protocol::client) return part(std::move(when), forward, forward.protocol);
    std::vector<Condition> plain = when;
    plain.push_back(plain_http());
    part(std::move(plain), forward, Protocol::http);
    part(std::move(when), forward, Protocol::https);
  }

  void part(std::vector<Condition> when, const Forward& forward, Protocol protocol) {
    Part part{std::move(when), {}};
    std::uint32_t divisor = 0;
    for (const ir::l7::Choice& choice : forward.choices) divisor = std::gcd(divisor, choice.weight);
    for (const ir::l7::Choice& choice : forward.choices) {
      part.choices.push_back(
          {choice.weight / divisor, {rules_, target(router_.backends.at(choice.backend), forward, protocol)}});
    }
    if (part.choices.size() == 1) part.choices[0].weight = 1;
    // One answer whatever is drawn: nothing is rewritten for it.
    const auto same = [&](const Choice& choice) {
      return choice.section.target->dead() && choice.section.target->status == part.choices[0].section.target->status;
    };
    if (std::ranges::all_of(part.choices, same)) {
      for (Choice& choice : part.choices) {
        choice.section.target->rewrite.reset();
        choice.section.target->host.clear();
      }
    }
    out_.parts.push_back(std::move(part));
  }

  static Target target(const ir::l7::Backend& backend, const Forward& forward, Protocol protocol) {
    Target out;
    out.service = backend.service;
    out.via = backend.via;
    out.servers = backend.targets;
    out.external = backend.external;
    out.external_port = backend.external_port;
    out.rewrite = forward.rewrite;
    out.host = forward.host;
    if (out.dead()) {
      out.status = backend.status;
      out.via = ir::l7::Backend::Via::endpoints;
      return out;
    }
    out.protocol = protocol;
    if (backend.affinity) out.cookie = backend.affinity_cookie;
    return out;
  }

  const ir::l7::Router& router_;
  std::vector<Rule> rules_;
  Treatment out_;
};

}  // namespace

Treatment lower_steps(const ir::l7::Router& router, const ir::l7::Steps& before, const ir::l7::Steps& steps) {
  Lowering lowering(router);
  for (const ir::l7::Step& step : before)
    if (!lowering.take(step)) return lowering.finish();
  for (const ir::l7::Step& step : steps)
    if (!lowering.take(step)) return lowering.finish();
  throw base::InternalError("a treatment of the router has no last word");
}

}  // namespace portcullis::haproxy

// What a location answers, in the order of reference 11. Each function is a stage.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/l7/build/nginx_model.hpp"

namespace portcullis::ir::l7 {

namespace {

using Kind = Condition::Kind;

Condition is(Kind kind) {
  return condition(kind);
}
Condition is_not(Kind kind) {
  return not_condition(kind);
}
Condition with(Kind kind, std::string name, std::string value) {
  Condition out = condition(kind);
  out.name = std::move(name);
  out.values = {std::move(value)};
  return out;
}

class StepMaker {
 public:
  StepMaker(const NginxLocation& location, const NginxModel& model, const Controller& controller, Maker& maker)
      : location_(location), model_(model), controller_(controller), maker_(maker), object_(location.annotations) {}

  Steps make() {
    if (object_ == nullptr) {
      forward();
      return std::move(steps_);
    }
    if (!object_->unknown.empty()) {
      steps_.push_back({{}, Unknown{object_->unknown}, location_.origin});
      return std::move(steps_);
    }
    body();
    if (!object_->denied.empty()) {
      add({}, Reply{503}, std::string_view{object_->denied}.substr(nginx_prefix.size()));
      return std::move(steps_);
    }
    cors();
    if (!location_.no_redirects && object_->redirect) {
      add({}, *object_->redirect, object_->redirect_key);
      return std::move(steps_);
    }
    if (!location_.no_redirects) redirect_to_https();
    choose_backend();
    if (unavailable()) {
      forward();
      return std::move(steps_);
    }
    rates();
    sources();
    forward();
    return std::move(steps_);
  }

 private:
  void add(std::vector<Condition> when, Answer answer, std::string_view key) {
    steps_.push_back({std::move(when), std::move(answer), object_->origin(key)});
  }

  void body() {
    if (object_->body_size == 0) return;
    Condition over = is(Kind::body_over);
    over.number = object_->body_size;
    add({over}, Reply{413}, "proxy-body-size");
  }

  void cors() {
    if (!object_->cors) return;
    std::vector<Condition> when{with(Kind::method_is, {}, "OPTIONS")};
    if (!object_->cors_origins.empty()) {
      Condition origin = is(Kind::header_ends);
      origin.name = "Origin";
      origin.values = object_->cors_origins;
      when.push_back(std::move(origin));
    }
    add(std::move(when), Reply{204}, "enable-cors");
  }

  void redirect_to_https() {
    if (location_.path.starts_with("/.well-known/acme-challenge")) return;
    if (!object_->ssl_redirect && !object_->force_ssl_redirect) return;
    std::vector<Condition> when{is(Kind::plain_http)};
    if (!object_->force_ssl_redirect) when.push_back(is(Kind::tls_name));
    using enum Piece::Kind;
    const Piece::Kind rest = object_->preserve_trailing_slash ? target : target_no_slash;
    const Redirect redirect{308, {{text, "https://"}, {host, {}}, {rest, {}}}};
    const Origin origin = object_->force_ssl_redirect || object_->ingress->body.tls.empty()
                              ? object_->origin(object_->force_ssl_redirect ? "force-ssl-redirect" : "ssl-redirect")
                              : origin_of(*object_->ingress, "spec.tls", object_->ingress->body.tls.front().place);
    steps_.push_back({std::move(when), redirect, origin});
  }

  // Reference 10.1, row 29: a Service without endpoints is replaced.
  void choose_backend() {
    upstream_ = location_.upstream;
    const bool lives = upstream_.target && upstream_.target->has_endpoints();
    if (lives || object_->default_backend.empty() || upstream_.kind == NginxUpstream::Kind::controller) return;
    auto other = maker_.first_port({object_->ingress->ns, object_->default_backend});
    if (other && other->has_endpoints()) upstream_ = {NginxUpstream::Kind::service, std::move(other)};
  }
  [[nodiscard]] bool unavailable() const {
    return upstream_.kind == NginxUpstream::Kind::missing || (upstream_.target && !upstream_.target->has_endpoints());
  }

  void rates() {
    for (const RateLimit& limit : object_->limits) {
      Condition over = is(Kind::over_rate);
      over.values = {limit.unit};
      over.number = limit.number;
      std::vector<Condition> when{over};
      if (object_->limit_allow) when.push_back(outside("limit-allowlist", *object_->limit_allow));
      add(std::move(when), Reply{503}, "limit-" + limit.unit);
    }
  }

  [[nodiscard]] Condition outside(std::string_view key, const net::PrefixSet& ranges) {
    Condition out = is_not(Kind::source_in);
    out.number = maker_.ranges(fmt::format("{}/{}", object_->ingress->id(), key), ranges);
    return out;
  }
  [[nodiscard]] Condition inside(std::string_view key, const net::PrefixSet& ranges) {
    Condition out = outside(key, ranges);
    out.negated = false;
    return out;
  }

  // Deny list, allow list, authentication. With `satisfy: any` either lets pass.
  void sources() {
    const bool either = object_->satisfy_any && object_->authentication;
    const auto refuse = [&](Condition test, std::string_view key) {
      std::vector<Condition> when{std::move(test)};
      if (either) when.push_back(is_not(Kind::authorised));
      add(std::move(when), Refuse{either ? 401 : 403}, key);
    };
    if (object_->deny) refuse(inside(object_->deny_key, *object_->deny), object_->deny_key);
    if (object_->allow) refuse(outside(object_->allow_key, *object_->allow), object_->allow_key);
    if (!object_->authentication || (either && (object_->allow || object_->deny))) return;
    if (object_->auth_signin.empty()) {
      add({is_not(Kind::authorised)}, Refuse{401}, object_->auth_key);
      return;
    }
    add({is_not(Kind::authorised)}, sign_in(), "auth-signin");
  }
  [[nodiscard]] Redirect sign_in() const {
    using enum Piece::Kind;
    const std::string& to = object_->auth_signin;
    if (to.find("rd=") != std::string::npos) return {302, {{text, to}}};
    const std::string begin = to + (to.find('?') == std::string::npos ? "?rd=" : "&rd=");
    return {302, {{text, begin}, {scheme, {}}, {text, "://"}, {host_port, {}}, {target_escaped, {}}}};
  }

  [[nodiscard]] BackendId backend(const Target& target) {
    const bool via_service = object_ != nullptr && object_->service_upstream;
    const BackendId id = maker_.backend(target, via_service ? Backend::Via::cluster_ip : Backend::Via::endpoints);
    Backend& made = maker_.at(id);
    if (object_ != nullptr && object_->affinity) {
      made.affinity = true;
      made.affinity_cookie = object_->affinity_cookie;
    }
    if (object_ != nullptr && made.balance.empty()) made.balance = object_->balance;
    return id;
  }

  void dress(Forward& forward) {
    if (object_ == nullptr) return;
    if (rewrites(location_)) forward.rewrite = Rewrite{location_.path, object_->rewrite_target};
    forward.host = object_->upstream_vhost;
    forward.protocol = object_->protocol;
    if (object_->intercepted.empty()) return;
    forward.intercepted = object_->intercepted;
    if (object_->default_backend.empty()) return;
    if (const auto pages = maker_.first_port({object_->ingress->ns, object_->default_backend})) {
      forward.pages = maker_.backend(*pages);
    }
  }

  void forward() {
    if (object_ == nullptr) upstream_ = location_.upstream;
    switch (upstream_.kind) {
      case NginxUpstream::Kind::missing:
        steps_.push_back({{}, Reply{503}, location_.origin});
        return;
      case NginxUpstream::Kind::controller:
        steps_.push_back({{}, of_controller(), location_.origin});
        return;
      case NginxUpstream::Kind::service:
        break;
    }
    Forward primary = to_one(backend(*upstream_.target));
    dress(primary);
    if (upstream_ == location_.upstream && upstream_.target->has_endpoints()) split(primary);
    steps_.push_back({{}, primary, location_.origin});
  }
  [[nodiscard]] Answer of_controller() {
    if (controller_.options.default_backend) {
      const auto target = maker_.first_port(*controller_.options.default_backend);
      if (target && target->has_endpoints()) return to_one(maker_.backend(*target));
    }
    return Reply{404};
  }

  // Reference K4: header, cookie, weight. What is left of `primary` is the last step.
  void split(Forward& primary) {
    const auto found = model_.canaries.find(upstream_.target->text());
    if (found == model_.canaries.end() || !found->second.target.has_endpoints()) return;
    const NginxCanary& canary = found->second;
    const Canary& rule = *canary.annotations->canary;
    const BackendId other = maker_.backend(canary.target);
    Forward alternative = primary;
    alternative.choices = {{other, 1}};
    const auto when = [&](Condition test, const Forward& answer, std::string_view key) {
      steps_.push_back({{std::move(test)}, answer, canary.annotations->origin(key)});
    };
    if (!rule.header.empty()) {
      if (!rule.value.empty()) {
        when(with(Kind::header_is, rule.header, rule.value), alternative, "canary-by-header-value");
      } else if (!rule.pattern.empty()) {
        when(with(Kind::header_matches, rule.header, rule.pattern), alternative, "canary-by-header-pattern");
      } else {
        when(with(Kind::header_is, rule.header, "always"), alternative, "canary-by-header");
        when(with(Kind::header_is, rule.header, "never"), primary, "canary-by-header");
      }
    }
    if (!rule.cookie.empty()) {
      when(with(Kind::cookie_is, rule.cookie, "always"), alternative, "canary-by-cookie");
      when(with(Kind::cookie_is, rule.cookie, "never"), primary, "canary-by-cookie");
    }
    const std::uint32_t weight = std::min(rule.weight, rule.total);
    if (weight == 0) return;
    if (weight == rule.total) {
      primary.choices = {{other, 1}};
    } else {
      primary.choices = {{primary.choices.front().backend, rule.total - weight}, {other, weight}};
    }
  }

  const NginxLocation& location_;
  const NginxModel& model_;
  const Controller& controller_;
  Maker& maker_;
  const NginxAnnotations* object_;
  NginxUpstream upstream_;
  Steps steps_;
};

}  // namespace

Steps nginx_steps(const NginxLocation& location, const NginxModel& model, const Controller& controller, Maker& maker) {
  return StepMaker(location, model, controller, maker).make();
}

Steps nginx_host_steps(const NginxServer& server) {
  Steps steps;
  if (server.client_certificate != nullptr) {
    const NginxAnnotations& object = *server.client_certificate;
    if (object.client_certificate_broken) {
      steps.push_back({{is_not(Kind::plain_http)}, Refuse{403}, object.origin("auth-tls-secret")});
    } else {
      steps.push_back({{is_not(Kind::plain_http), is_not(Kind::authorised)},
                       Refuse{object.match_cn ? 403 : 400},
                       object.origin("auth-tls-secret")});
    }
  }
  for (const NginxLocation& location : server.locations) {
    if (location.annotations == nullptr || location.no_redirects || location.annotations->app_root.empty()) continue;
    using enum Piece::Kind;
    const Redirect redirect{302,
                            {{scheme, {}}, {text, "://"}, {host_port, {}}, {text, location.annotations->app_root}}};
    steps.push_back({{with(Kind::path_is, {}, "/")}, redirect, location.annotations->origin("app-root")});
    break;
  }
  return steps;
}

}  // namespace portcullis::ir::l7

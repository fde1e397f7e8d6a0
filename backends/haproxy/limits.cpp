#include "backends/haproxy/limits.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "backends/haproxy/rules.hpp"
#include "backends/haproxy/words.hpp"
#include "compiler/base/text.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::Condition;
using ir::l7::HostPattern;
using ir::l7::Origin;

constexpr std::array rows{
    Limit{"a router that its controller would refuse", Support::refused, "PC5002", "nobody knows what it would serve"},
    Limit{"snippets", Support::refused, "PC5002", "nginx text has no meaning here"},
    Limit{"regular expressions outside of the dialect", Support::refused, "PC5002", "what they match is not known"},
    Limit{"backend-protocol FCGI", Support::refused, "PC5002", "FastCGI needs parameters that no Ingress has"},
    Limit{"ssl-passthrough", Support::refused, "PC5002", "TLS is ended here"},
    Limit{"control characters and bytes above 0x7e in names, locations and Hosts", Support::refused, "PC5002",
          "a line of the configuration cannot hold them"},
    Limit{"authentication", Support::closed, "PC5006", "credentials are not looked at: nobody is authorised"},
    Limit{"rates", Support::open, "PC5006", "requests are not counted"},
    Limit{"custom-http-errors", Support::open, "PC5006", "the backend's own page is sent"},
    Limit{"load-balance, upstream-hash-by", Support::open, "PC5006", "endpoints take turns"},
    Limit{"malformed requests, absolute targets", Support::noted, "PC5002",
          "HAProxy's parser refuses what it refuses, whatever the flavour says"},
};

// The first finding of a kind at a place is enough.
class Check {
 public:
  Check(const ir::l7::Router& router, base::Diagnostics& diagnostics) : router_(router), diagnostics_(diagnostics) {}

  bool run() {
    if (!router_.rejected.empty()) refuse("the controller refuses this configuration: " + router_.rejected, {});
    for (const ir::l7::HostEntry& entry : router_.hosts) host(entry);
    for (const ir::l7::Steps& all : router_.treatments) steps(all);
    for (const ir::l7::Backend& backend : router_.backends) this->backend(backend);
    for (const ir::l7::Passthrough& one : router_.passthrough)
      refuse(fmt::format("TLS for {} would have to be passed on as it is; HAProxy ends it here",
                         base::printable(one.name.print())),
             one.origin);
    for (const ir::l7::TlsName& tls : router_.tls) name(tls.name, tls.origin);
    for (const ir::l7::Certificate& certificate : router_.certificates) this->certificate(certificate);
    for (const std::string& tls : router_.tls_names) {
      const std::string_view host = tls.starts_with("*.") ? std::string_view(tls).substr(2) : tls;
      if (!is_host(host)) refuse(fmt::format("the host `{}` cannot be the key of a map", base::printable(tls)), {});
    }
    if (router_.host_form == ir::l7::HostForm::nginx || router_.host_form == ir::l7::HostForm::traefik) parser();
    return sound_;
  }

 private:
  void refuse(const std::string& message, const Origin& origin) {
    sound_ = false;
    add("PC5002", message, origin);
  }

  base::Diagnostic* add(std::string_view code, const std::string& message, const Origin& origin) {
    if (!said_.insert(message + origin.object + origin.field).second) return nullptr;
    base::Diagnostic& out = diagnostics_.add(code, message, origin.span);
    out.field = origin.field;
    return &out;
  }

  void parser() {
    base::Diagnostic* note = add("PC5002",
                                 fmt::format("router {}: HAProxy's parser refuses some requests that {} serves, and "
                                             "passes some that it refuses",
                                             base::printable(router_.name), to_string(router_.flavour)),
                                 {});
    if (note == nullptr) return;
    note->severity = base::Severity::info;
    note->hint = "docs/haproxy.md lists them: absolute targets with another host, several Host headers, fragments";
  }

  void name(const HostPattern& pattern, const Origin& origin) {
    if (pattern.kind == HostPattern::Kind::any) return;
    if (pattern.kind == HostPattern::Kind::regex) return regex(pattern.text, true, false, origin);
    if (!is_host(pattern.text))
      refuse(fmt::format("the host `{}` cannot be the key of a map", base::printable(pattern.text)), origin);
  }

  // The Secret's name is that of a file.
  void certificate(const ir::l7::Certificate& certificate) {
    const std::size_t slash = certificate.secret.find('/');
    const auto is_word = [](std::string_view text) { return is_host(text) && text.find('_') == text.npos; };
    const std::string_view secret = certificate.secret;
    if (secret.empty() ||
        (slash != secret.npos && is_word(secret.substr(0, slash)) && is_word(secret.substr(slash + 1))))
      return;
    refuse(fmt::format("`{}` cannot be the name of a Secret", base::printable(secret)), {});
  }

  void regex(std::string_view pattern, bool fold, bool anchored, const Origin& origin) {
    const ir::l7::Regex compiled(pattern, fold, anchored);
    if (compiled.valid()) return;
    refuse(fmt::format("the regular expression `{}` is outside of what is understood: {}", base::printable(pattern),
                       base::printable(compiled.error())),
           origin);
  }

  void host(const ir::l7::HostEntry& entry) {
    for (const HostPattern& pattern : entry.names) name(pattern, entry.origin);
    steps(entry.steps);
    for (const ir::l7::Route& route : entry.routes)
      if (route.match.kind == ir::l7::PathMatch::Kind::regex)
        regex(route.match.text, route.match.fold, true, route.origin);
  }

  void steps(const ir::l7::Steps& all) {
    for (const ir::l7::Step& step : all) {
      for (const Condition& one : step.when) condition(one, step.origin);
      std::visit([&](const auto& answer) { this->answer(answer, step.origin); }, step.answer);
    }
  }

  void condition(const Condition& condition, const Origin& origin) {
    using Kind = Condition::Kind;
    if (!expressible(condition))
      return refuse(fmt::format("`{}` cannot be the name of a header or cookie", base::printable(condition.name)),
                    origin);
    if (condition.kind == Kind::cookie_is && condition.values.at(0).empty())
      refuse("HAProxy finds no cookie that is empty", origin);
    if (condition.kind == Kind::header_matches) regex(condition.values.at(0), false, false, origin);
    if (condition.kind == Kind::authorised)
      add("PC5006", "credentials are not looked at here: the route answers as if nobody had any", origin);
    if (condition.kind == Kind::over_rate)
      add("PC5006", "requests and connections of a client are not counted here: no limit is ever reached", origin);
  }

  void answer(const ir::l7::Forward& forward, const Origin& origin) {
    if (forward.rewrite) {
      regex(forward.rewrite->pattern, true, false, origin);
      text(forward.rewrite->target, "target of a rewrite", origin);
    }
    if (forward.host.find(' ') != std::string::npos) refuse("a Host for the backend has blanks", origin);
    text(forward.host, "Host for the backend", origin);
    if (forward.protocol == ir::l7::Protocol::fcgi) refuse("FastCGI needs parameters that no Ingress has", origin);
    std::uint64_t sum = 0;
    for (const ir::l7::Choice& choice : forward.choices) sum += choice.weight;
    if (sum > 0x7fffffffU) refuse("the sum of the weights is more than 2147483647", origin);
    if (!forward.intercepted.empty() && forward.pages)
      add("PC5006", "pages of errors are not replaced here: the client gets the backend's own", origin);
  }
  void answer(const ir::l7::Redirect& redirect, const Origin& origin) {
    bool empty = true;
    for (const ir::l7::Piece& piece : redirect.location) {
      text(piece.text, "location", origin);
      empty = empty && piece.kind == ir::l7::Piece::Kind::text && piece.text.empty();
    }
    if (empty) refuse("a redirect goes nowhere", origin);
    status(redirect.status, origin);
  }
  void answer(const ir::l7::Reply& reply, const Origin& origin) { status(reply.status, origin); }
  // Those that HAProxy has a page for.
  void answer(const ir::l7::Refuse& refusal, const Origin& origin) {
    constexpr std::array known{400, 401, 403, 404, 405, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504};
    if (std::ranges::find(known, refusal.status) == known.end())
      refuse(fmt::format("HAProxy does not refuse with {}", refusal.status), origin);
  }
  void answer(const ir::l7::Unknown& unknown, const Origin& origin) {
    sound_ = false;
    base::Diagnostic* finding =
        add("PC5002", "what a request gets cannot be said: " + base::printable(unknown.why), origin);
    if (finding != nullptr && router_.flavour == ir::l7::Flavour::api)
      finding->hint = "flavour api leaves it open: give the class a flavour in the profile (spec.ingressControllers)";
  }

  void text(std::string_view text, std::string_view what, const Origin& origin) {
    if (!printable(text))
      refuse(fmt::format("the {} `{}` has bytes that a line of HAProxy cannot hold", what, base::printable(text)),
             origin);
  }
  void status(int status, const Origin& origin) {
    if (status < 200 || status > 599) refuse(fmt::format("HAProxy does not answer {} by itself", status), origin);
  }

  void backend(const ir::l7::Backend& backend) {
    if (backend.service.empty()) refuse("a backend has no name", backend.origin);
    text(backend.service, "name of a Service", backend.origin);
    status(backend.status, backend.origin);
    if (!backend.external.empty() && !is_host(backend.external))
      refuse(fmt::format("`{}` cannot be the name of a server", base::printable(backend.external)), backend.origin);
    if (backend.affinity && !is_name(backend.affinity_cookie))
      refuse(fmt::format("`{}` cannot be the name of a cookie", base::printable(backend.affinity_cookie)),
             backend.origin);
    if (!backend.balance.empty())
      add("PC5006", fmt::format("endpoints take turns here, instead of `{}`", base::printable(backend.balance)),
          backend.origin);
  }

  const ir::l7::Router& router_;
  base::Diagnostics& diagnostics_;
  std::set<std::string> said_;
  bool sound_ = true;
};

}  // namespace

std::string_view to_string(Support support) {
  switch (support) {
    case Support::refused:
      return "refused";
    case Support::closed:
      return "closed";
    case Support::open:
      return "open";
    case Support::noted:
      return "noted";
  }
  return {};
}

std::span<const Limit> limits() {
  return rows;
}

bool check_limits(const ir::l7::Router& router, base::Diagnostics& diagnostics) {
  return Check(router, diagnostics).run();
}

ir::l7::Router as_emitted(ir::l7::Router router) {
  const auto emitted = [](ir::l7::Steps& steps) {
    for (ir::l7::Step& step : steps) {
      auto* forward = std::get_if<ir::l7::Forward>(&step.answer);
      if (forward == nullptr) continue;
      if (forward->rewrite) forward->rewrite->pattern = regex_text(regex_word(forward->rewrite->pattern));
      forward->intercepted.clear();
      forward->pages.reset();
    }
  };
  for (ir::l7::Backend& backend : router.backends) backend.balance.clear();
  for (ir::l7::Steps& steps : router.treatments) emitted(steps);
  for (ir::l7::HostEntry& entry : router.hosts) emitted(entry.steps);
  return router;
}

}  // namespace portcullis::haproxy

#include "compiler/ir/l7/build/nginx_annotations.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/build/nginx_values.hpp"

namespace portcullis::ir::l7 {

namespace {

// Keys with a meaning here.
constexpr auto read_keys = std::to_array<std::string_view>({
    "affinity",
    "affinity-canary-behavior",
    "affinity-mode",
    "allowlist-source-range",
    "app-root",
    "auth-secret",
    "auth-secret-type",
    "auth-signin",
    "auth-tls-match-cn",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "auth-type",
    "auth-url",
    "backend-protocol",
    "canary",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight",
    "canary-weight-total",
    "cors-allow-origin",
    "custom-http-errors",
    "default-backend",
    "denylist-source-range",
    "enable-cors",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "limit-allowlist",
    "limit-connections",
    "limit-rpm",
    "limit-rps",
    "load-balance",
    "permanent-redirect",
    "permanent-redirect-code",
    "preserve-trailing-slash",
    "proxy-body-size",
    "rewrite-target",
    "satisfy",
    "server-alias",
    "service-upstream",
    "session-cookie-name",
    "ssl-passthrough",
    "ssl-redirect",
    "temporal-redirect",
    "temporal-redirect-code",
    "upstream-hash-by",
    "upstream-vhost",
    "use-regex",
    "whitelist-source-range",
});
// Keys of ingress-nginx without a meaning for what becomes of a request.
constexpr auto ignored_keys = std::to_array<std::string_view>({
    "access-log",
    "auth-always-set-cookie",
    "auth-cache-duration",
    "auth-cache-key",
    "auth-keepalive",
    "auth-keepalive-requests",
    "auth-keepalive-share-vars",
    "auth-keepalive-timeout",
    "auth-method",
    "auth-proxy-set-headers",
    "auth-realm",
    "auth-request-redirect",
    "auth-response-headers",
    "auth-signin-redirect-param",
    "auth-tls-error-page",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-verify-depth",
    "client-body-buffer-size",
    "connection-proxy-header",
    "cors-allow-credentials",
    "cors-allow-headers",
    "cors-allow-methods",
    "cors-expose-headers",
    "cors-max-age",
    "custom-headers",
    "disable-proxy-intercept-errors",
    "enable-access-log",
    "enable-opentelemetry",
    "enable-opentracing",
    "enable-rewrite-log",
    "http2-push-preload",
    "limit-burst-multiplier",
    "limit-rate",
    "limit-rate-after",
    "mirror-host",
    "mirror-request-body",
    "mirror-target",
    "opentelemetry-operation-name",
    "opentelemetry-trust-incoming-span",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-busy-buffers-size",
    "proxy-connect-timeout",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-http-version",
    "proxy-max-temp-file-size",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-ciphers",
    "proxy-ssl-name",
    "proxy-ssl-protocols",
    "proxy-ssl-secret",
    "proxy-ssl-server-name",
    "proxy-ssl-verify",
    "proxy-ssl-verify-depth",
    "relative-redirects",
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-max-age",
    "session-cookie-path",
    "session-cookie-samesite",
    "session-cookie-secure",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    "use-port-in-redirects",
    "x-forwarded-prefix",
});
constexpr auto snippets = std::to_array<std::string_view>({
    "auth-snippet",
    "configuration-snippet",
    "modsecurity-snippet",
    "server-snippet",
    "stream-snippet",
});

class Reader {
 public:
  Reader(const cluster::Cluster& cluster, const cluster::Ingress& ingress, const ControllerOptions& options,
         base::Diagnostics& diagnostics)
      : cluster_(cluster), ingress_(ingress), options_(options), diagnostics_(diagnostics) {
    out_.ingress = &ingress;
  }

  NginxAnnotations read() {
    read_snippets();
    read_rewrite();
    read_redirects();
    read_sources();
    read_authentication();
    read_rates();
    read_backend();
    read_canary();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const manifest::Text* find(std::string_view key) const {
    const manifest::KeyValue* entry =
        ingress_.body.metadata.annotations.find(std::string(nginx_prefix) + std::string(key));
    return entry == nullptr ? nullptr : &entry->value;
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    const manifest::Text* value = find(key);
    return value == nullptr ? std::string{} : value->value;
  }

  void report(std::string_view key, const manifest::Text& value, std::string effect) {
    base::Diagnostic& finding = diagnostics_.add(
        "PC5006",
        fmt::format("`{}` is no value of `{}{}`: {}", base::printable(value.value), nginx_prefix, key, effect),
        value.span);
    finding.object = ingress_.reference();
    finding.field = fmt::format("metadata.annotations[{}{}]", nginx_prefix, key);
  }

  void flag(std::string_view key, bool& out) {
    const manifest::Text* value = find(key);
    if (value == nullptr) return;
    const std::optional<bool> parsed = parse_bool(value->value);
    if (parsed) {
      out = *parsed;
    } else {
      report(key, *value, fmt::format("it counts as {}", out));
    }
  }
  std::optional<std::uint64_t> number(std::string_view key) {
    const manifest::Text* value = find(key);
    if (value == nullptr) return std::nullopt;
    const auto parsed = parse_number(value->value);
    if (!parsed) report(key, *value, "it is left out");
    return parsed;
  }
  void deny(std::string_view key, const manifest::Text& value, std::string_view why) {
    report(key, value, fmt::format("{}, so that every route of the Ingress answers 503", why));
    if (out_.denied.empty()) out_.denied = fmt::format("{}{}", nginx_prefix, key);
  }

  void read_snippets() {
    for (const std::string_view key : snippets) {
      if (find(key) == nullptr) continue;
      if (options_.allow_snippets) {
        out_.unknown = fmt::format("`{}{}` may change what happens", nginx_prefix, key);
      } else {
        out_.skipped = fmt::format("{}{}", nginx_prefix, key);
      }
    }
  }

  void read_rewrite() {
    flag("use-regex", out_.use_regex);
    if (const manifest::Text* value = find("rewrite-target")) {
      if (made_of(value->value, "-._~/:$")) {
        out_.rewrite_target = value->value;
      } else {
        report("rewrite-target", *value, "nothing is rewritten");
      }
    }
    if (const manifest::Text* value = find("app-root")) {
      if (value->value.starts_with('/')) {
        out_.app_root = value->value;
      } else {
        report("app-root", *value, "it is no absolute path and is left out");
      }
    }
  }

  // The URL of a redirect, if the key gives one; an object with a forbidden byte in it is skipped.
  std::optional<std::string> url(std::string_view key) {
    const manifest::Text* value = find(key);
    if (value == nullptr || value->value.empty()) return std::nullopt;
    if (!made_of(value->value, "-._~/:,?&=")) {
      report(key, *value, "the whole Ingress is skipped");
      out_.skipped = fmt::format("{}{}", nginx_prefix, key);
      return std::nullopt;
    }
    if (!value->value.starts_with("http")) {
      report(key, *value, "it is no URL and is left out");
      return std::nullopt;
    }
    return value->value;
  }
  int code(std::string_view key, int usual, int last) {
    const auto given = number(key);
    if (!given) return usual;
    if (*given < 300 || *given > static_cast<std::uint64_t>(last)) {
      report(key, *find(key), fmt::format("{} is used", usual));
      return usual;
    }
    return static_cast<int>(*given);
  }
  void read_redirects() {
    out_.ssl_redirect = options_.ssl_redirect;
    flag("ssl-redirect", out_.ssl_redirect);
    flag("force-ssl-redirect", out_.force_ssl_redirect);
    flag("preserve-trailing-slash", out_.preserve_trailing_slash);
    flag("from-to-www-redirect", out_.from_to_www);
    flag("ssl-passthrough", out_.ssl_passthrough);
    const auto temporal = url("temporal-redirect");
    const auto permanent = url("permanent-redirect");
    if (temporal) {
      out_.redirect = Redirect{code("temporal-redirect-code", 302, 307), {{Piece::Kind::text, *temporal}}};
      out_.redirect_key = "temporal-redirect";
    } else if (permanent) {
      out_.redirect = Redirect{code("permanent-redirect-code", 301, 308), {{Piece::Kind::text, *permanent}}};
      out_.redirect_key = "permanent-redirect";
    }
  }

  std::optional<net::PrefixSet> ranges(std::string_view key) {
    const manifest::Text* value = find(key);
    if (value == nullptr) return std::nullopt;
    auto parsed = parse_ranges(value->value);
    if (!parsed) deny(key, *value, "it is no list of addresses and prefixes");
    return parsed;
  }
  void read_sources() {
    out_.allow_key = find("allowlist-source-range") != nullptr ? "allowlist-source-range" : "whitelist-source-range";
    out_.allow = ranges(out_.allow_key);
    if (find(out_.allow_key) == nullptr && !options_.source_ranges.empty()) {
      out_.allow = parse_ranges(options_.source_ranges);
    }
    out_.deny_key = "denylist-source-range";
    out_.deny = ranges(out_.deny_key);
    out_.body_size = parse_size(options_.body_size).value_or(out_.body_size);
    if (const manifest::Text* value = find("proxy-body-size")) {
      if (const auto size = parse_size(value->value)) {
        out_.body_size = *size;
      } else {
        report("proxy-body-size", *value, "the default is used");
      }
    }
    flag("enable-cors", out_.cors);
    if (const manifest::Text* value = find("cors-allow-origin")) {
      out_.cors_origins = comma_list(value->value);
      if (std::ranges::find(out_.cors_origins, "*") != out_.cors_origins.end()) out_.cors_origins.clear();
    }
  }

  // Whether a Secret is missing for certain: the namespace shows its Secrets and this one is not among them.
  [[nodiscard]] bool missing(std::string_view reference) const {
    std::string ns = ingress_.ns;
    std::string name(reference);
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
      ns = name.substr(0, slash);
      name = name.substr(slash + 1);
    }
    if (ns != ingress_.ns) return true;  // another namespace's are not used
    if (cluster_.secret(ns, name) != nullptr) return false;
    return std::ranges::any_of(cluster_.secrets, [&](const cluster::Secret& secret) { return secret.ns == ns; });
  }
  void read_authentication() {
    if (const manifest::Text* type = find("auth-type")) {
      out_.authentication = true;
      out_.auth_key = "auth-type";
      if (type->value != "basic" && type->value != "digest") deny("auth-type", *type, "it is neither basic nor digest");
      const manifest::Text* secret = find("auth-secret");
      if (secret == nullptr) {
        deny("auth-type", *type, "there is no auth-secret beside it");
      } else if (missing(secret->value)) {
        deny("auth-secret", *secret, "there is no such Secret");
      }
    }
    if (const manifest::Text* service = find("auth-url")) {
      out_.authentication = true;
      out_.auth_key = "auth-url";
      const bool good = service->value.starts_with("http://") || service->value.starts_with("https://");
      if (!good || service->value.find(' ') != std::string::npos) deny("auth-url", *service, "it is no URL");
      out_.auth_signin = text("auth-signin");
    }
    out_.satisfy_any = text("satisfy") == "any";
    if (const manifest::Text* secret = find("auth-tls-secret")) {
      const std::string verify = text("auth-tls-verify-client");
      out_.client_certificate = verify.empty() || verify == "on";
      out_.client_certificate_broken = missing(secret->value);
      out_.match_cn = find("auth-tls-match-cn") != nullptr;
    }
  }

  void read_rates() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> keys{
        {{"limit-connections", "connections"}, {"limit-rps", "rps"}, {"limit-rpm", "rpm"}}};
    for (const auto& [key, unit] : keys) {
      const auto given = number(key);
      if (given && *given > 0) out_.limits.push_back({std::string(unit), *given});
    }
    if (const manifest::Text* value = find("limit-allowlist")) {
      out_.limit_allow = parse_ranges(value->value);
      if (!out_.limit_allow) report("limit-allowlist", *value, "it is left out");
    }
  }

  void read_protocol() {
    const manifest::Text* value = find("backend-protocol");
    if (value == nullptr) return;
    std::string upper = value->value;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    constexpr std::array<std::pair<std::string_view, Protocol>, 6> known{{{"HTTP", Protocol::http},
                                                                          {"HTTPS", Protocol::https},
                                                                          {"AUTO_HTTP", Protocol::client},
                                                                          {"GRPC", Protocol::grpc},
                                                                          {"GRPCS", Protocol::grpcs},
                                                                          {"FCGI", Protocol::fcgi}}};
    for (const auto& [name, protocol] : known) {
      if (name == upper) {
        out_.protocol = protocol;
        return;
      }
    }
    report("backend-protocol", *value, "HTTP is spoken");
  }
  void read_backend() {
    read_protocol();
    out_.affinity = text("affinity") == "cookie";
    if (const manifest::Text* name = find("session-cookie-name")) out_.affinity_cookie = name->value;
    if (const manifest::Text* hash = find("upstream-hash-by")) out_.balance = "hash " + hash->value;
    if (out_.balance.empty()) out_.balance = text("load-balance");
    out_.upstream_vhost = text("upstream-vhost");
    for (const std::string& alias : comma_list(text("server-alias"))) out_.aliases.push_back(alias);
    flag("service-upstream", out_.service_upstream);
    out_.default_backend = text("default-backend");
    for (const std::string& item : comma_list(text("custom-http-errors"))) {
      const auto parsed = parse_number(item);
      if (parsed && *parsed >= 300 && *parsed <= 599) out_.intercepted.push_back(static_cast<int>(*parsed));
    }
  }

  void read_canary() {
    bool on = false;
    flag("canary", on);
    if (!on) return;
    Canary canary;
    canary.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(number("canary-weight").value_or(0), 1U << 20));
    const auto total = number("canary-weight-total");
    if (total && *total > 100) canary.total = static_cast<std::uint32_t>(std::min<std::uint64_t>(*total, 1U << 20));
    canary.header = text("canary-by-header");
    canary.value = text("canary-by-header-value");
    canary.pattern = text("canary-by-header-pattern");
    canary.cookie = text("canary-by-cookie");
    out_.canary = std::move(canary);
  }

  const cluster::Cluster& cluster_;
  const cluster::Ingress& ingress_;
  const ControllerOptions& options_;
  base::Diagnostics& diagnostics_;
  NginxAnnotations out_;
};

}  // namespace

Origin NginxAnnotations::origin(std::string_view key) const {
  const std::string full = std::string(nginx_prefix) + std::string(key);
  const manifest::KeyValue* entry = ingress->body.metadata.annotations.find(full);
  return {"Ingress " + ingress->id(), fmt::format("metadata.annotations[{}]", full),
          entry != nullptr ? entry->value.span : ingress->span};
}

NginxAnnotations read_nginx_annotations(const cluster::Cluster& cluster, const cluster::Ingress& ingress,
                                        const ControllerOptions& options, base::Diagnostics& diagnostics) {
  return Reader(cluster, ingress, options, diagnostics).read();
}

bool nginx_reads(std::string_view key) {
  return std::ranges::find(read_keys, key) != read_keys.end() || std::ranges::find(snippets, key) != snippets.end();
}
bool nginx_ignores(std::string_view key) {
  return std::ranges::find(ignored_keys, key) != ignored_keys.end();
}
std::vector<std::string_view> nginx_keys() {
  std::vector<std::string_view> out(read_keys.begin(), read_keys.end());
  out.insert(out.end(), ignored_keys.begin(), ignored_keys.end());
  out.insert(out.end(), snippets.begin(), snippets.end());
  return out;
}

}  // namespace portcullis::ir::l7

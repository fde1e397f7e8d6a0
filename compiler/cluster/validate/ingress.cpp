// Ingress (networking ValidateIngressCreate; reference 2.1 of the Ingress semantics).
#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/ingress_rules.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";

constexpr MetadataRules ingress_metadata{
    .code = "PC2052",
    .kind = "Ingress",
    .name = dns_subdomain,
    .name_hint = "lower-case letters, digits, inner hyphens and dots, at most 253"};

// What a person wrote instead of a bare host name, and the name itself where it can be cut out.
std::string host_hint(std::string_view host) {
  const std::size_t scheme = host.find("://");
  if (scheme != std::string_view::npos)
    return fmt::format("write the bare name, without the scheme `{}`", host.substr(0, scheme + 3).substr(0, 40));
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && colon > 0 && colon + 1 < host.size() &&
      std::ranges::all_of(host.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; })) {
    return "write the bare name; ports belong to the controller";
  }
  if (host.ends_with('.')) return "write the name without its last dot";
  if (host.find('*') != std::string_view::npos) return "a wildcard stands alone before the first dot: `*.example.com`";
  return "write the bare name in lower case: letters, digits, hyphens and dots";
}

void check_host_grammar(Sink& sink, const Path& field, const manifest::Text& host) {
  const bool wildcard = host.value.find('*') != std::string::npos;
  sink.refuse_each(
      "PC2050", field, host.span, [&] { return fmt::format("host {}", in_quotes(host.value)); },
      wildcard ? wildcard_subdomain(host.value) : dns_subdomain(host.value), host_hint(host.value));
}

void check_rule_host(Sink& sink, const Path& field, const manifest::Text& host) {
  if (net::Address::parse_sloppy(host.value)) {
    sink.refuse("PC2050", Reason::invalid, field, host.span,
                fmt::format("host {} is an IP address", in_quotes(host.value)),
                "requests carry a name; leave `host` out to match every one");
  }
  check_host_grammar(sink, field, host);
}

void check_path_text(Sink& sink, const manifest::IngressPath& path, const Path& field, base::SourceSpan span) {
  static constexpr std::array<std::string_view, 5> sequences{"//", "/./", "/../", "%2f", "%2F"};
  static constexpr std::array<std::string_view, 2> endings{"/..", "/."};
  const std::string_view text = path.path ? std::string_view{path.path->value} : std::string_view{};
  const auto bad = [&](std::string what, std::string hint) {
    sink.refuse("PC2051", Reason::invalid, field, span, std::move(what), std::move(hint));
  };
  const std::string_view type = path.path_type->value;
  if (type == "ImplementationSpecific") {
    if (!text.empty() && !text.starts_with('/'))
      bad(fmt::format("path {} does not begin with `/`", in_quotes(text)), "put a `/` in front");
    return;
  }
  if (!text.starts_with('/')) {
    bad(text.empty() ? fmt::format("pathType {} has no path", type)
                     : fmt::format("path {} does not begin with `/`", in_quotes(text)),
        text.empty() ? "use `/` for every path" : "put a `/` in front");
  }
  for (const std::string_view sequence : sequences) {
    if (text.find(sequence) != std::string_view::npos) {
      bad(fmt::format("path {} holds `{}`", in_quotes(text), sequence),
          "requests are normalised before they are matched");
    }
  }
  for (const std::string_view ending : endings) {
    if (text.ends_with(ending)) {
      bad(fmt::format("path {} ends in `{}`", in_quotes(text), ending),
          "requests are normalised before they are matched");
    }
  }
}

void check_path(Sink& sink, const manifest::IngressPath& path, const Path& field) {
  static constexpr std::array<std::string_view, 3> types{"Exact", "ImplementationSpecific", "Prefix"};
  const base::SourceSpan span = path.path ? path.path->span : path.place;
  if (!path.path_type) {
    const bool named = path.path && !path.path->value.empty();
    sink.refuse("PC2051", Reason::required, field.child("pathType"), span,
                named ? fmt::format("path {} needs a pathType", in_quotes(path.path->value))
                      : std::string("an entry without a path needs a pathType"),
                "Prefix matches whole path elements, Exact the whole path");
    return;
  }
  if (std::ranges::find(types, path.path_type->value) == types.end()) {
    sink.refuse_unknown("PC2051", field.child("pathType"), path.path_type->span, "pathType", path.path_type->value,
                        types);
  } else {
    check_path_text(sink, path, field.child("path"), span);
  }
  check_backend(sink, path.backend, field.child("backend"), path.place);
}

void check_rules(Sink& sink, const manifest::Ingress& ingress) {
  const Path rules = Path("spec").child("rules");
  for (std::size_t i = 0; i < ingress.rules.size(); ++i) {
    const manifest::IngressRule& rule = ingress.rules[i];
    const Path field = rules.index(i);
    if (rule.host && !rule.host->value.empty()) check_rule_host(sink, field.child("host"), *rule.host);
    if (!rule.has_http) continue;
    const Path paths = field.child("http").child("paths");
    if (rule.paths.empty()) {
      sink.refuse("PC2052", Reason::required, paths, first_known({rule.paths_place, rule.http_place, rule.place}),
                  fmt::format("rule {}: `http` has no paths", i), "give at least one path, or leave `http` out");
    }
    for (std::size_t p = 0; p < rule.paths.size(); ++p) check_path(sink, rule.paths[p], paths.index(p));
  }
}

void check_tls(Sink& sink, const manifest::Ingress& ingress) {
  const Path path = Path("spec").child("tls");
  for (std::size_t i = 0; i < ingress.tls.size(); ++i) {
    const manifest::IngressTls& tls = ingress.tls[i];
    for (std::size_t h = 0; h < tls.hosts.size(); ++h)
      check_host_grammar(sink, path.index(i).child("hosts").index(h), tls.hosts[h]);
    if (!tls.secret_name || tls.secret_name->value.empty()) continue;
    const auto& secret = *tls.secret_name;
    sink.refuse_each(
        "PC2052", path.index(i).child("secretName"), secret.span,
        [&] { return fmt::format("secret name {}", in_quotes(secret.value)); }, dns_subdomain(secret.value),
        "the name of a Secret in the Ingress's namespace");
  }
}

void check_class(Sink& sink, const manifest::Ingress& ingress) {
  if (!ingress.ingress_class_name) return;
  const auto& name = *ingress.ingress_class_name;
  sink.refuse_each(
      "PC2053", Path("spec").child("ingressClassName"), name.span,
      [&] { return fmt::format("ingressClassName {}", in_quotes(name.value)); }, dns_subdomain(name.value),
      name.value.empty() ? "leave it out to have no class" : "the name of an IngressClass");
  const manifest::KeyValue* annotation = ingress.metadata.annotations.find(class_annotation);
  if (annotation == nullptr || annotation->value.value == name.value) return;
  base::Diagnostic& finding =
      sink.refuse("PC2053", Reason::invalid, Path("annotations").child(class_annotation), annotation->value.span,
                  fmt::format("{} has class {}, and annotation {}", sink.object().text(), in_quotes(name.value),
                              in_quotes(annotation->value.value)),
                  "keep ingressClassName");
  finding.related.push_back({.message = "ingressClassName", .span = name.span});
}

void check_status(Sink& sink, const manifest::Ingress& ingress) {
  const Path path = Path("status").child("loadBalancer").child("ingress");
  for (std::size_t i = 0; i < ingress.ingress.size(); ++i) {
    const manifest::LoadBalancerIngress& entry = ingress.ingress[i];
    if (entry.ip && !entry.ip->value.empty()) {
      sink.refuse_each(
          "PC2035", path.index(i).child("ip"), entry.ip->span,
          [&] { return fmt::format("load-balancer status: {}", in_quotes(entry.ip->value)); },
          ip_address(entry.ip->value));
    }
    if (!entry.hostname || entry.hostname->value.empty()) continue;
    const Path field = path.index(i).child("hostname");
    const std::string& host = entry.hostname->value;
    sink.refuse_each(
        "PC2035", field, entry.hostname->span,
        [&] { return fmt::format("load-balancer status: host name {}", in_quotes(host)); }, dns_subdomain(host));
    if (net::Address::parse_sloppy(host)) {
      sink.refuse("PC2035", Reason::invalid, field, entry.hostname->span,
                  fmt::format("load-balancer status: host name {} is an address", in_quotes(host)), "give it as `ip`");
    }
  }
}

}  // namespace

bool validate(const manifest::Ingress& ingress, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("Ingress", ingress.metadata), diagnostics);
  check_metadata(ingress.metadata, ingress_metadata, ingress.place, sink);
  const Path spec("spec");
  if (ingress.rules.empty() && !ingress.default_backend) {
    sink.refuse("PC2052", Reason::invalid, spec,
                first_known({ingress.spec_place, ingress.metadata.place, ingress.place}),
                fmt::format("{} has neither rules nor a defaultBackend", sink.object().text()), "give one of them");
  }
  if (ingress.default_backend) {
    check_backend(sink, *ingress.default_backend, spec.child("defaultBackend"),
                  first_known({ingress.spec_place, ingress.place}));
  }
  check_rules(sink, ingress);
  check_tls(sink, ingress);
  check_class(sink, ingress);
  check_status(sink, ingress);
  return sink.accepted();
}

}  // namespace portcullis::cluster

// IngressClass (networking ValidateIngressClass; reference 2.3 of the Ingress semantics).
#include <array>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/ingress_rules.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2053";
constexpr std::size_t controller_limit = 250;

constexpr MetadataRules class_metadata{.code = code,
                                       .kind = "IngressClass",
                                       .name = dns_subdomain,
                                       .name_hint = "lower-case letters, digits, inner hyphens and dots, at most 253"};

void check_controller(Sink& sink, const manifest::IngressClass& object) {
  const Path field = Path("spec").child("controller");
  const std::string_view text = object.controller ? std::string_view{object.controller->value} : std::string_view{};
  const base::SourceSpan span = object.controller
                                    ? object.controller->span
                                    : first_known({object.spec_place, object.metadata.place, object.place});
  if (text.size() > controller_limit) {
    sink.refuse(code, Reason::too_long, field, span,
                fmt::format("controller has {} characters, {} is the limit", text.size(), controller_limit));
  }
  if (text.empty()) {
    sink.refuse(code, Reason::required, field, span, "the class names no controller",
                "for example `k8s.io/ingress-nginx`");
    return;
  }
  sink.refuse_each(
      code, field, span, [&] { return fmt::format("controller {}", in_quotes(text)); }, domain_prefixed_path(text),
      "for example `k8s.io/ingress-nginx`");
}

void check_scope(Sink& sink, const manifest::IngressClass& object, const Path& field) {
  static constexpr std::array<std::string_view, 2> scopes{"Cluster", "Namespace"};
  const std::string_view scope =
      object.parameters_scope ? std::string_view{object.parameters_scope->value} : std::string_view{"Cluster"};
  const auto& ns = object.parameters_namespace;
  if (scope == "Namespace") {
    if (!ns) {
      sink.refuse(code, Reason::required, field.child("namespace"), object.parameters_scope->span,
                  "parameters of scope Namespace name no namespace", "give `parameters.namespace`");
    } else {
      sink.refuse_each(
          code, field.child("namespace"), ns->span,
          [&] { return fmt::format("parameters: namespace {}", in_quotes(ns->value)); }, dns_label(ns->value));
    }
  } else if (scope == "Cluster") {
    if (ns) {
      sink.refuse(code, Reason::forbidden, field.child("namespace"), ns->span,
                  "parameters of scope Cluster have a namespace", "set `scope: Namespace`, or remove it");
    }
  } else {
    sink.refuse_unknown(code, field.child("scope"), object.parameters_scope->span, "parameters: scope", scope, scopes);
  }
}

}  // namespace

bool validate(const manifest::IngressClass& ingress_class, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("IngressClass", ingress_class.metadata, false), diagnostics);
  check_metadata(ingress_class.metadata, class_metadata, ingress_class.place, sink);
  check_controller(sink, ingress_class);
  if (ingress_class.has_parameters) {
    const Path field = Path("spec").child("parameters");
    check_reference(
        sink, code,
        {.api_group = ingress_class.parameters_api_group,
         .kind = ingress_class.parameters_kind,
         .name = ingress_class.parameters_name,
         .place = first_known({ingress_class.parameters_place, ingress_class.spec_place, ingress_class.place})},
        field, "parameters");
    check_scope(sink, ingress_class, field);
  }
  return sink.accepted();
}

}  // namespace portcullis::cluster

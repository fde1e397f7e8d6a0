#include <fmt/format.h>

#include "compiler/cluster/validate/ingress_rules.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2052";

void check_service_port(Sink& sink, const manifest::IngressBackend& backend, const Path& field,
                        base::SourceSpan place) {
  const manifest::ServiceBackendPort& port = backend.port;
  const bool named = port.name && !port.name->value.empty();
  const bool numbered = port.number && port.number->value != 0;
  const base::SourceSpan span = first_known({port.place, backend.service_place, place});
  if (named && numbered) {
    base::Diagnostic& finding = sink.refuse(
        code, Reason::invalid, field, port.name->span,
        fmt::format("backend port has a name {} and a number `{}`", in_quotes(port.name->value), port.number->value),
        "give one of them");
    finding.related.push_back({.message = "the number", .span = port.number->span});
  } else if (named) {
    sink.refuse_each(
        code, field.child("service").child("port").child("name"), port.name->span,
        [&] { return fmt::format("backend port name {}", in_quotes(port.name->value)); }, port_name(port.name->value),
        "a name of `spec.ports` of the Service, or `number`");
  } else if (numbered) {
    if (is_port(port.number->value)) return;
    sink.refuse(code, Reason::invalid, field.child("service").child("port").child("number"), port.number->span,
                fmt::format("backend port `{}` is outside 1–65535", port.number->value), "the `port` of the Service");
  } else {
    sink.refuse(code, Reason::required, field, span, "backend has no port",
                "give `service.port.number` or `service.port.name`");
  }
}

void check_service(Sink& sink, const manifest::IngressBackend& backend, const Path& field, base::SourceSpan place) {
  const Path name = field.child("service").child("name");
  const base::SourceSpan span =
      backend.service_name ? backend.service_name->span : first_known({backend.service_place, place});
  if (!backend.service_name || backend.service_name->value.empty()) {
    sink.refuse(code, Reason::required, name, span, "backend names no Service", "give `service.name`");
  } else {
    // An RFC 1123 label, as a Service's own name (service.cpp).
    sink.refuse_each(
        code, name, span,
        [&] { return fmt::format("backend Service name {}", in_quotes(backend.service_name->value)); },
        dns_label(backend.service_name->value), "the name of a Service in the Ingress's namespace");
  }
  check_service_port(sink, backend, field, place);
}

}  // namespace

void check_reference(Sink& sink, std::string_view rule, const ObjectReference& reference, const Path& field,
                     std::string_view where) {
  if (reference.api_group) {
    const auto& group = *reference.api_group;
    sink.refuse_each(
        rule, field.child("apiGroup"), group.span,
        [&] { return fmt::format("{}: API group {}", where, in_quotes(group.value)); }, dns_subdomain(group.value),
        "leave it out for the core group");
  }
  const auto part = [&](std::string_view name, const manifest::Field<std::string>& value) {
    if (!value || value->value.empty()) {
      sink.refuse(rule, Reason::required, field.child(name), value ? value->span : reference.place,
                  fmt::format("{} has no {}", where, name));
      return;
    }
    sink.refuse_each(
        rule, field.child(name), value->span,
        [&] { return fmt::format("{}: {} {}", where, name, in_quotes(value->value)); }, path_segment(value->value));
  };
  part("kind", reference.kind);
  part("name", reference.name);
}

void check_backend(Sink& sink, const manifest::IngressBackend& backend, const Path& field, base::SourceSpan place) {
  const base::SourceSpan span = first_known({backend.place, place});
  if (backend.has_service && backend.has_resource) {
    base::Diagnostic& finding = sink.refuse(code, Reason::invalid, field, first_known({backend.resource_place, span}),
                                            "backend has a `service` and a `resource`", "give one of them");
    if (backend.service_place.known())
      finding.related.push_back({.message = "the service", .span = backend.service_place});
  } else if (backend.has_resource) {
    check_reference(sink, code,
                    {.api_group = backend.resource_api_group,
                     .kind = backend.resource_kind,
                     .name = backend.resource_name,
                     .place = first_known({backend.resource_place, span})},
                    field.child("resource"), "backend resource");
  } else if (backend.has_service) {
    check_service(sink, backend, field, span);
  } else {
    sink.refuse(code, Reason::invalid, field, span, "backend has neither a `service` nor a `resource`",
                "give `service.name` and one of `service.port.number`/`name`");
  }
}

}  // namespace portcullis::cluster

// networking.k8s.io/v1 Ingress, IngressClass
#include "compiler/manifest/common_fields.hpp"
#include "compiler/manifest/kind_readers.hpp"

namespace portcullis::manifest {

namespace {

constexpr Rule<ServiceBackendPort> backend_port_fields[] = {
    {"name", text<&ServiceBackendPort::name>},
    {"number", int32<&ServiceBackendPort::number>},
};
constexpr Rule<IngressBackend> backend_service_fields[] = {
    {"name", text<&IngressBackend::service_name>},
    {"port", object<&IngressBackend::port, backend_port_fields>},
};
constexpr Rule<IngressBackend> backend_resource_fields[] = {
    {"apiGroup", text<&IngressBackend::resource_api_group>},
    {"kind", text<&IngressBackend::resource_kind>},
    {"name", text<&IngressBackend::resource_name>},
};

void backend_service(Decoder& decoder, const Pair& pair, IngressBackend& out) {
  out.has_service = !decoder.is_null(pair);
  placed_section<backend_service_fields, &IngressBackend::service_place>(decoder, pair, out);
}
void backend_resource(Decoder& decoder, const Pair& pair, IngressBackend& out) {
  out.has_resource = !decoder.is_null(pair);
  placed_section<backend_resource_fields, &IngressBackend::resource_place>(decoder, pair, out);
}
constexpr Rule<IngressBackend> backend_fields[] = {
    {"service", backend_service},
    {"resource", backend_resource},
};

constexpr Rule<IngressPath> path_fields[] = {
    {"path", text<&IngressPath::path>},
    {"pathType", text<&IngressPath::path_type>},
    {"backend", object<&IngressPath::backend, backend_fields>},
};
constexpr Rule<IngressRule> http_fields[] = {
    {"paths", placed_list<&IngressRule::paths, &IngressRule::paths_place, path_fields>}};
void rule_http(Decoder& decoder, const Pair& pair, IngressRule& out) {
  out.has_http = !decoder.is_null(pair);
  placed_section<http_fields, &IngressRule::http_place>(decoder, pair, out);
}
constexpr Rule<IngressRule> rule_fields[] = {
    {"host", text<&IngressRule::host>},
    {"http", rule_http},
};
constexpr Rule<IngressTls> tls_fields[] = {
    {"hosts", texts<&IngressTls::hosts>},
    {"secretName", text<&IngressTls::secret_name>},
};
constexpr Rule<Ingress> spec_fields[] = {
    {"ingressClassName", text<&Ingress::ingress_class_name>},
    {"defaultBackend", object<&Ingress::default_backend, backend_fields>},
    {"tls", list<&Ingress::tls, tls_fields>},
    {"rules", list<&Ingress::rules, rule_fields>},
};

constexpr Rule<LoadBalancerIngress> ingress_fields[] = {
    {"ip", text<&LoadBalancerIngress::ip>},
    {"hostname", text<&LoadBalancerIngress::hostname>},
    {"ports", list<&LoadBalancerIngress::ports, port_status_fields>},
};
constexpr Rule<Ingress> load_balancer_fields[] = {{"ingress", list<&Ingress::ingress, ingress_fields>}};
constexpr Rule<Ingress> status_fields[] = {{"loadBalancer", section<load_balancer_fields, Unknown::error>}};
constexpr Rule<Ingress> root_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&Ingress::metadata>},
    {"spec", placed_section<spec_fields, &Ingress::spec_place>},
    {"status", section<status_fields, Unknown::error>},
};

// ---- IngressClass

constexpr Rule<IngressClass> parameter_fields[] = {
    {"apiGroup", text<&IngressClass::parameters_api_group>},  {"kind", text<&IngressClass::parameters_kind>},
    {"name", text<&IngressClass::parameters_name>},           {"scope", text<&IngressClass::parameters_scope>},
    {"namespace", text<&IngressClass::parameters_namespace>},
};
void class_parameters(Decoder& decoder, const Pair& pair, IngressClass& out) {
  out.has_parameters = !decoder.is_null(pair);
  placed_section<parameter_fields, &IngressClass::parameters_place>(decoder, pair, out);
}
constexpr Rule<IngressClass> class_spec_fields[] = {
    {"controller", text<&IngressClass::controller>},
    {"parameters", class_parameters},
};
constexpr Rule<IngressClass> class_fields[] = {
    {"apiVersion", already_read},
    {"kind", already_read},
    {"metadata", metadata<&IngressClass::metadata>},
    {"spec", placed_section<class_spec_fields, &IngressClass::spec_place>},
};

}  // namespace

void read_body(Decoder& decoder, const Pair& root, Ingress& out) {
  read_fields(decoder, root, root_fields, out);
}
void read_body(Decoder& decoder, const Pair& root, IngressClass& out) {
  read_fields(decoder, root, class_fields, out);
}

}  // namespace portcullis::manifest

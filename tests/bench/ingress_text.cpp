#include "tests/bench/ingress_text.hpp"

#include <fmt/format.h>

namespace portcullis::bench {

namespace {

constexpr std::size_t services = 400, patterns_every = 10, ranges_every = 20;

std::string service(std::size_t i) {
  std::string addresses;
  for (std::size_t pod = 0; pod < 3; ++pod)
    addresses += fmt::format(R"({}{{"addresses":["10.{}.{}.{}"],"conditions":{{"ready":true}}}})", pod == 0 ? "" : ",",
                             128 + i / 250, i % 250, pod + 1);
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"Service","metadata":{{"name":"web-{0}","namespace":"bench"}},)"
      R"("spec":{{"clusterIP":"10.96.{1}.{2}","ports":[{{"name":"http","port":80,"targetPort":8080}}]}}}},)"
      R"({{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{{"name":"web-{0}","namespace":"bench",)"
      R"("labels":{{"kubernetes.io/service-name":"web-{0}"}}}},"addressType":"IPv4",)"
      R"("ports":[{{"name":"http","port":8080,"protocol":"TCP"}}],"endpoints":[{3}]}},)",
      i, i / 250, i % 250 + 1, addresses);
}

std::string annotations(std::size_t host) {
  if (host % patterns_every == 0) return R"(,"annotations":{"nginx.ingress.kubernetes.io/use-regex":"true"})";
  if (host % ranges_every == 1)
    return R"(,"annotations":{"nginx.ingress.kubernetes.io/whitelist-source-range":"192.0.2.0/24,2001:db8::/32"})";
  return "";
}

std::string path(std::size_t host, std::size_t i) {
  if (i == 0) return R"("/","pathType":"Prefix")";
  if (host % patterns_every == 0) return fmt::format(R"("/items-{}/[0-9]+","pathType":"ImplementationSpecific")", i);
  if (i % 4 == 1) return fmt::format(R"("/exact-{}/page","pathType":"Exact")", i);
  return fmt::format(R"("/team-{}/part","pathType":"Prefix")", i);
}

std::string ingress(std::size_t host, std::size_t routes) {
  std::string paths;
  for (std::size_t i = 0; i < routes; ++i)
    paths += fmt::format(R"({}{{"path":{},"backend":{{"service":{{"name":"web-{}","port":{{"number":80}}}}}}}})",
                         i == 0 ? "" : ",", path(host, i), (host * routes + i) % services);
  return fmt::format(
      R"({{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{{"name":"shop-{0}","namespace":"bench"{1}}},)"
      R"("spec":{{"ingressClassName":"nginx","rules":[{{"host":"shop-{0}.example.com","http":{{"paths":[{2}]}}}}]}}}},)",
      host, annotations(host), paths);
}

}  // namespace

std::string ingress_text(std::size_t hosts, std::size_t routes) {
  std::string out = R"({"apiVersion":"v1","kind":"List","items":[)";
  for (std::size_t i = 0; i < services; ++i) out += service(i);
  for (std::size_t i = 0; i < hosts; ++i) out += ingress(i, routes);
  return out + R"({"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"nginx"},)"
               R"("spec":{"controller":"k8s.io/ingress-nginx"}}]})";
}

}  // namespace portcullis::bench

// `trace` with a request: from the client's address to a pod.
#include <catch2/catch.hpp>

#include "workspace.hpp"

using portcullis::driver::Run;
using portcullis::driver::Workspace;

namespace {

constexpr const char* profile = R"(
apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {name: shop}
spec:
  nodes:
  - {name: node-a, addresses: [10.100.0.2], podCIDRs: [10.0.1.0/24]}
  - {name: node-b, addresses: [10.100.0.3], podCIDRs: [10.0.2.0/24]}
)";

constexpr const char* cart = R"(
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {clusterIP: 10.3.241.20, selector: {app: cart}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-1, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.1.2], nodeName: node-a}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  rules:
  - {host: shop.example.com, http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}
)";

std::string controller(const std::string& policy) {
  return R"(
---
apiVersion: v1
kind: Service
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  type: LoadBalancer
  clusterIP: 10.3.240.10
  externalTrafficPolicy: )" +
         policy + R"(
  healthCheckNodePort: )" +
         (policy == "Local" ? "32000" : "0") + R"(
  selector: {app: ingress}
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: controller-1, namespace: ingress-nginx, labels: {kubernetes.io/service-name: ingress-nginx-controller}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.2.9], nodeName: node-b}]
)";
}

std::string trace(const std::string& manifests, const std::string& sentence) {
  const Workspace at;
  at.write("all.yaml", manifests);
  const Run run = at.run({"trace", ".", sentence, "--color", "never"});
  INFO(run.err);
  CHECK(run.status == 0);
  return run.out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a request is told from the balancer to a pod, and where the client's address is lost") {
  const std::string sentence = "GET http://shop.example.com//cart from 192.0.2.7";
  const std::string lost = trace(profile + controller("Cluster") + cart, sentence);
  INFO(lost);
  CHECK(has(lost, "comes by Service ingress-nginx/ingress-nginx-controller, at 203.0.113.10:80"));
  CHECK(has(lost, "the endpoint 10.0.2.9:8080"));
  CHECK(has(lost, "the client's address is lost on the way: the router sees 10.100.0.2 instead of 192.0.2.7"));
  CHECK(has(lost, "path `//cart`, read as `/cart`, is taken by Prefix /cart"));
  CHECK(has(lost, "Ingress default/shop, spec.rules[0].http.paths[0]"));
  CHECK(has(lost, "delivered to 10.0.1.2:8080"));
  CHECK(lost.ends_with("forward default/cart:80\n"));

  const std::string kept = trace(profile + controller("Local") + cart, sentence);
  INFO(kept);
  CHECK_FALSE(has(kept, "is lost on the way"));
  CHECK(kept.ends_with("forward default/cart:80\n"));
}

TEST_CASE("a request of nobody's address is what the router does with it") {
  const std::string told = trace(profile + controller("Cluster") + cart, "http://shop.example.com/other");
  CHECK(told.ends_with("status 404\n"));
}

TEST_CASE("without a controller's Service the node's own proxy is asked") {
  const std::string told = trace(std::string(profile) + cart, "http://shop.example.com/cart from 192.0.2.7");
  INFO(told);
  CHECK(has(told, "comes by the proxy of the node, at 10.100.0.2:80"));
  CHECK(told.ends_with("forward default/cart:80\n"));
}

TEST_CASE("rules of a node that take the connection away from its proxy are told") {
  const std::string taken = R"(
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {type: ClusterIP, clusterIP: 10.3.241.30, externalIPs: [10.100.0.2], selector: {app: o}, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: other-1, labels: {kubernetes.io/service-name: other}}
addressType: IPv4
ports: [{port: 80}]
endpoints: [{addresses: [10.0.2.77], nodeName: node-b}]
)";
  const std::string told = trace(std::string(profile) + cart + taken, "http://shop.example.com/cart from 192.0.2.7");
  INFO(told);
  CHECK(has(told, "the rules of the node take the connection away from the proxy"));
}

TEST_CASE("a request that several controllers could answer is an error that names them") {
  const std::string second = R"(
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: haproxy}
spec: {controller: haproxy.org/ingress-controller}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop-2}
spec:
  ingressClassName: haproxy
  rules:
  - {host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}
)";
  const Workspace at;
  at.write("all.yaml", std::string(profile) + cart + second);
  const Run both = at.run({"trace", ".", "http://shop.example.com/cart"});
  CHECK(both.status == 2);
  CHECK(has(both.out, "`haproxy`, `nginx`"));
  CHECK(
      at.run({"trace", ".", "http://shop.example.com/cart class haproxy"}).out.ends_with("forward default/cart:80\n"));
  CHECK(at.run({"trace", ".", "http://shop.example.com/x ingress shop"}).out.ends_with("status 404\n"));
  CHECK(has(at.run({"trace", ".", "http://shop.example.com/x ingress gone"}).out, "default/gone"));
}

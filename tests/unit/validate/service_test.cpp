#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

// A Service `web` with this spec.
std::string service(const std::string& spec) {
  return "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {" + spec + "}}";
}

void check_spec(const std::string& spec, const std::vector<std::string>& expected) {
  const std::string text = service(spec);
  check({"spec", text.c_str(), expected});
}

}  // namespace

TEST_CASE("a plain Service of each type is accepted") {
  check_spec("ports: [{port: 80}]", {});
  check_spec("type: NodePort, ports: [{port: 80, nodePort: 30080}]", {});
  check_spec("type: LoadBalancer, ports: [{port: 10250}]", {});  // the kubelet's port: refused up to 1.32
  check_spec("type: ExternalName, externalName: db.example.com", {});
  check_spec("clusterIP: None", {});
  check_spec("type: \"\", sessionAffinity: \"\", ports: [{port: 80, protocol: \"\"}]", {});
}

TEST_CASE("names of Services") {
  const auto named = [](const std::string& metadata, const std::vector<std::string>& expected) {
    const std::string text = "{apiVersion: v1, kind: Service, metadata: " + metadata + ", spec: {ports: [{port: 80}]}}";
    check({"name", text.c_str(), expected});
  };
  named("{name: 9web}", {});
  named("{generateName: web-}", {});
  named("{name: web, namespace: shop}", {});
  named("{name: Web}", {"PC2001 metadata.name invalid"});
  named("{name: a.b}", {"PC2001 metadata.name invalid"});
  named("{name: \"\"}", {"PC2001 metadata.name required"});
  named("{labels: {a: b}}", {"PC2001 metadata.name required"});
  named("{generateName: Web-}", {"PC2001 metadata.generateName invalid"});
  named("{name: web, namespace: Shop}", {"PC2001 metadata.namespace invalid"});
}

TEST_CASE("labels, annotations and owners") {
  const auto with = [](const std::string& metadata, const std::vector<std::string>& expected) {
    const std::string text =
        "{apiVersion: v1, kind: Service, metadata: {name: web, " + metadata + "}, spec: {ports: [{port: 80}]}}";
    check({"metadata", text.c_str(), expected});
  };
  with("labels: {app: web, example.com/app: ''}", {});
  with("labels: {a b: c}", {"PC2001 metadata.labels invalid"});
  with("labels: {app: x y}", {"PC2001 metadata.labels invalid"});
  with("labels: {Example.com/app: web}", {"PC2001 metadata.labels invalid"});
  with("annotations: {Example.com/app: any thing}", {});  // case does not matter here
  with("annotations: {a b: c}", {"PC2001 metadata.annotations invalid"});
  with("annotations: {a: '" + std::string(262143, 'x') + "'}", {});
  with("annotations: {a: '" + std::string(262144, 'x') + "'}", {"PC2001 metadata.annotations toolong"});
  const std::string owner = "{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}";
  with("ownerReferences: [" + owner + "]", {});
  with("ownerReferences: [" + owner + ", " + owner + "]", {"PC2001 metadata.ownerReferences invalid"});
  with("annotations: {service.kubernetes.io/topology-mode: Auto, service.kubernetes.io/topology-aware-hints: Auto}",
       {});
  with("annotations: {service.kubernetes.io/topology-mode: Auto, service.kubernetes.io/topology-aware-hints: Disabled}",
       {"PC2034 metadata.annotations[service.kubernetes.io/topology-mode] invalid"});
}

TEST_CASE("ExternalName") {
  check_spec("type: ExternalName, externalName: db.example.com.", {});
  check_spec("type: ExternalName, externalName: 1.2.3.4", {});
  check_spec("type: ExternalName, externalName: UP.example", {"PC2006 spec.externalName invalid"});
  check_spec("type: ExternalName, externalName: a_b", {"PC2006 spec.externalName invalid"});
  check_spec("type: ExternalName, externalName: \"\"", {"PC2006 spec.externalName required"});
  check_spec("type: ExternalName, externalName: .", {"PC2006 spec.externalName required"});
  check_spec("type: ExternalName", {"PC2006 spec.externalName required"});
  check_spec("type: ExternalName, externalName: a.b, clusterIP: bad", {"PC2005 spec.clusterIPs forbidden"});
  check_spec("type: ExternalName, externalName: a.b, clusterIP: \"\", clusterIPs: []", {});
  check_spec("type: ExternalName, externalName: a.b, clusterIPs: [None]", {"PC2005 spec.clusterIPs forbidden"});
  check_spec("type: ExternalName, externalName: a.b, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack",
             {"PC2005 spec.ipFamilies forbidden", "PC2005 spec.ipFamilyPolicy forbidden"});
  check_spec("type: ExternalName, externalName: a.b, ports: [{port: 80, nodePort: 80}]", {});  // nothing looks at it
}

TEST_CASE("selector, affinity, external IPs, type") {
  check_spec("ports: [{port: 80}], selector: {a b: c}", {"PC2013 spec.selector invalid"});
  check_spec("ports: [{port: 80}], selector: {app: x y}", {"PC2013 spec.selector invalid"});
  check_spec("ports: [{port: 80}], selector: {}", {});
  check_spec("ports: [{port: 80}], sessionAffinity: ClientIP", {});
  check_spec("ports: [{port: 80}], sessionAffinity: clientIP", {"PC2014 spec.sessionAffinity unsupported"});
  const std::string timeout = "sessionAffinityConfig: {clientIP: {timeoutSeconds: ";
  check_spec("ports: [{port: 80}], sessionAffinity: ClientIP, " + timeout + "86400}}", {});
  check_spec("ports: [{port: 80}], sessionAffinity: ClientIP, " + timeout + "86401}}",
             {"PC2015 spec.sessionAffinityConfig.clientIP.timeoutSeconds invalid"});
  check_spec("ports: [{port: 80}], sessionAffinity: ClientIP, " + timeout + "0}}",
             {"PC2015 spec.sessionAffinityConfig.clientIP.timeoutSeconds invalid"});
  check_spec("ports: [{port: 80}], sessionAffinity: None, " + timeout + "0}}", {});  // dropped, not refused
  check_spec("ports: [{port: 80}], externalIPs: [203.0.113.10, '2001:db8::7', 240.0.0.1]", {});
  check_spec("ports: [{port: 80}], externalIPs: [1.2.3, 127.0.0.1, 010.0.0.5, '::']",
             {"PC2016 spec.externalIPs[0] invalid", "PC2016 spec.externalIPs[1] invalid",
              "PC2016 spec.externalIPs[2] invalid", "PC2016 spec.externalIPs[3] invalid"});
  check_spec("ports: [{port: 80}], type: clusterip", {"PC2017 spec.type unsupported"});
}

TEST_CASE("headless Services have no node ports") {
  check_spec("clusterIP: None, type: NodePort, ports: [{port: 80}]", {"PC2004 spec.clusterIPs[0] invalid"});
  check_spec("clusterIP: None, type: LoadBalancer, ports: [{port: 80}]", {"PC2004 spec.clusterIPs[0] invalid"});
  check_spec("clusterIP: None, type: ClusterIP, ports: [{port: 80}]", {});
}

TEST_CASE("source ranges") {
  const std::string annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
  check_spec("type: LoadBalancer, ports: [{port: 80}], loadBalancerSourceRanges: [' 192.0.2.0/24 ', '2001:db8::/32']",
             {});
  check_spec("type: LoadBalancer, ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.1/8, 10.0.0.0, '']",
             {"PC2021 spec.LoadBalancerSourceRanges[0] invalid", "PC2021 spec.LoadBalancerSourceRanges[1] invalid",
              "PC2021 spec.LoadBalancerSourceRanges[2] invalid"});
  check_spec("type: NodePort, ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.0/8]",
             {"PC2021 spec.LoadBalancerSourceRanges forbidden"});
  const auto annotated = [&](const std::string& type, const std::string& value,
                             const std::vector<std::string>& expected) {
    const std::string text = "{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {" + annotation +
                             ": '" + value + "'}}, spec: {type: " + type + ", ports: [{port: 80}]}}";
    check({"annotation", text.c_str(), expected});
  };
  annotated("LoadBalancer", "10.0.0.0/8, 192.0.2.0/24", {});
  annotated("LoadBalancer", " ", {});
  annotated("LoadBalancer", "10.0.0.0/8,x", {"PC2022 metadata.annotations[" + annotation + "] invalid"});
  annotated("LoadBalancer", "10.0.0.0/8,", {"PC2022 metadata.annotations[" + annotation + "] invalid"});
  annotated("ClusterIP", "10.0.0.0/8", {"PC2022 metadata.annotations[" + annotation + "] forbidden"});
}

TEST_CASE("fields of balancers") {
  check_spec(
      "type: LoadBalancer, ports: [{port: 80}], allocateLoadBalancerNodePorts: false, loadBalancerClass: "
      "example.com/lb",
      {});
  check_spec("ports: [{port: 80}], allocateLoadBalancerNodePorts: false, loadBalancerClass: lb",
             {"PC2023 spec.allocateLoadBalancerNodePorts forbidden", "PC2024 spec.loadBalancerClass forbidden"});
  check_spec("type: LoadBalancer, ports: [{port: 80}], loadBalancerClass: a/b/c",
             {"PC2024 spec.loadBalancerClass invalid"});
}

TEST_CASE("traffic policies and the health check") {
  check_spec("type: NodePort, ports: [{port: 80}], externalTrafficPolicy: Local, internalTrafficPolicy: Local", {});
  check_spec("ports: [{port: 80}], externalIPs: [203.0.113.1], externalTrafficPolicy: Local", {});
  check_spec("ports: [{port: 80}], externalTrafficPolicy: Local", {"PC2025 spec.externalTrafficPolicy invalid"});
  check_spec("ports: [{port: 80}], externalTrafficPolicy: \"\"", {});
  check_spec("type: NodePort, ports: [{port: 80}], externalTrafficPolicy: local",
             {"PC2025 spec.externalTrafficPolicy unsupported"});
  check_spec("ports: [{port: 80}], internalTrafficPolicy: local", {"PC2027 spec.internalTrafficPolicy unsupported"});
  check_spec("ports: [{port: 80}], trafficDistribution: PreferSameZone", {});
  check_spec("ports: [{port: 80}], trafficDistribution: Prefer", {"PC2028 spec.trafficDistribution unsupported"});
  check_spec("type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}], healthCheckNodePort: 31999", {});
  check_spec("type: LoadBalancer, ports: [{port: 80}], healthCheckNodePort: 31999",
             {"PC2026 spec.healthCheckNodePort invalid"});
  check_spec("type: LoadBalancer, ports: [{port: 80}], healthCheckNodePort: 0", {});
  check_spec("type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}], healthCheckNodePort: 70000",
             {"PC2026 spec.healthCheckNodePort invalid"});
}

TEST_CASE("status of balancers") {
  const auto status = [](const std::string& ingress, const std::vector<std::string>& expected) {
    const std::string text =
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, ports: [{port: 80}]}, "
        "status: {loadBalancer: {ingress: [" +
        ingress + "]}}}";
    check({"status", text.c_str(), expected});
  };
  status("{ip: 203.0.113.1}, {ip: '2001:db8::1', ipMode: Proxy}, {hostname: lb.example.com}", {});
  status("{ip: 203.0.113.300}", {"PC2035 status.loadBalancer.ingress[0].ip invalid"});
  status("{hostname: 203.0.113.1}", {"PC2035 status.loadBalancer.ingress[0].hostname invalid"});
  status("{hostname: Lb.example.com}", {"PC2035 status.loadBalancer.ingress[0].hostname invalid"});
  status("{hostname: lb.example.com, ipMode: VIP}", {"PC2035 status.loadBalancer.ingress[0].ipMode forbidden"});
  status("{ip: 203.0.113.1, ipMode: vip}", {"PC2035 status.loadBalancer.ingress[0].ipMode unsupported"});
}

TEST_CASE("findings point at the scalar and name its words") {
  const Answer answer =
      validated(service("type: NodePort, ports: [{port: 80, name: a}, {port: 443, name: a, protocol: tcp}], "
                        "loadBalancerClass: lb"));
  REQUIRE(answer.lines() == std::vector<std::string>{"PC2024 spec.loadBalancerClass forbidden",
                                                     "PC2008 spec.ports[1].name duplicate",
                                                     "PC2010 spec.ports[1].protocol unsupported"});
  CHECK_FALSE(answer.accepted);
  for (std::size_t i = 0; i < answer.findings.size(); ++i) {
    const base::Diagnostic& finding = answer.findings[i];
    CAPTURE(finding.message);
    CHECK(finding.object == base::ObjectRef{"Service", "default", "web"});
    if (finding.code == "PC2008") {
      CHECK(answer.words(i) == "a");
      REQUIRE(finding.related.size() == 1);
      CHECK(finding.related.front().span < finding.span);
    }
    if (finding.code == "PC2010") {
      CHECK(answer.words(i) == "tcp");
      CHECK(finding.message.find("`tcp`") != std::string::npos);
      CHECK(finding.hint.find("`TCP`") != std::string::npos);
    }
  }
}

}  // namespace portcullis::validate_test

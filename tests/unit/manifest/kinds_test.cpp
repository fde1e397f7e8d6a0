// Each kind that is read, once with everything that is kept of it.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using namespace portcullis::manifest;
using manifest::test::read_string;
using manifest::test::Reading;

namespace {

// Reads one object and demands that nothing is wrong with it.
Reading read_good(const std::string& text) {
  Reading reading = read_string(text);
  INFO(reading.text());
  REQUIRE(reading.lines().empty());
  REQUIRE(reading.input.objects.size() == 1);
  return reading;
}

std::vector<std::string> values(const std::vector<Text>& texts) {
  std::vector<std::string> out;
  for (const Text& text : texts) out.push_back(text.value);
  return out;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("Service") {
  const Reading reading = read_good(R"(apiVersion: v1
kind: Service
metadata: {name: web, generateName: w-, namespace: shop, labels: {a: b}, annotations: {c: d}, deletionTimestamp: null}
spec:
  type: LoadBalancer
  selector: {app: web}
  clusterIP: 10.96.0.20
  clusterIPs: [10.96.0.20, "fd00::1"]
  externalIPs: [198.51.100.7]
  loadBalancerIP: 198.51.100.8
  loadBalancerClass: example.com/lb
  loadBalancerSourceRanges: [203.0.113.0/24]
  externalName: db.example.com
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 600}}
  externalTrafficPolicy: Local
  internalTrafficPolicy: Cluster
  trafficDistribution: PreferSameZone
  healthCheckNodePort: 30000
  publishNotReadyAddresses: true
  allocateLoadBalancerNodePorts: false
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv4, IPv6]
  ports:
  - {name: http, protocol: TCP, appProtocol: http, port: 80, targetPort: web, nodePort: 30080}
  - {port: 81, targetPort: 8081}
status:
  loadBalancer: {ingress: [{ip: 198.51.100.9, hostname: h, ipMode: VIP, ports: [{port: 80, protocol: TCP, error: e}]}]}
  conditions: [{type: T, status: 'True', observedGeneration: 1, lastTransitionTime: '2026-01-31T12:00:00Z', reason: r, message: m}]
)");
  const auto& service = reading.body<Service>();
  CHECK(service.metadata.ns->value == "shop");
  CHECK(service.metadata.labels.get("a") == "b");
  CHECK(service.type->value == "LoadBalancer");
  CHECK(service.selector->get("app") == "web");
  CHECK(values(service.cluster_ips) == Strings{"10.96.0.20", "fd00::1"});
  CHECK(values(service.external_ips) == Strings{"198.51.100.7"});
  CHECK(values(service.load_balancer_source_ranges) == Strings{"203.0.113.0/24"});
  CHECK(values(service.ip_families) == Strings{"IPv4", "IPv6"});
  CHECK(service.client_ip_timeout_seconds->value == 600);
  CHECK(service.health_check_node_port->value == 30000);
  CHECK(service.publish_not_ready_addresses->value);
  CHECK_FALSE(service.allocate_load_balancer_node_ports->value);
  REQUIRE(service.ports.size() == 2);
  CHECK(service.ports[0].target_port->value == IntOrString{false, 0, "web"});
  CHECK(service.ports[1].target_port->value == IntOrString{true, 8081, ""});
  CHECK(service.ports[0].node_port->value == 30080);
  REQUIRE(service.ingress.size() == 1);
  CHECK(service.ingress[0].ip_mode->value == "VIP");
  CHECK(service.ingress[0].ports.at(0).error->value == "e");
  // Places: the key for what a key introduces, the first key for an element and for the document.
  CHECK(reading.sources.begin(service.place) == base::Position{1, 1});
  CHECK(reading.sources.text(service.spec_place) == "spec");
  CHECK(reading.sources.text(service.ports_place) == "ports");
  CHECK(reading.sources.text(service.ports[1].place) == "port");
  CHECK(reading.sources.text(service.client_ip_place) == "clientIP");
  CHECK(reading.sources.text(service.cluster_ips[1].span) == "\"fd00::1\"");
}

TEST_CASE("EndpointSlice and Endpoints") {
  const Reading reading = read_good(R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, protocol: TCP, port: 8080, appProtocol: http}]
endpoints:
- addresses: [10.0.1.2]
  conditions: {ready: true, serving: yes, terminating: false}
  hostname: h
  nodeName: n1
  zone: z1
  targetRef: {kind: Pod, name: p, namespace: default, uid: u}
  hints: {forZones: [{name: z1}, {name: z2}], forNodes: [{name: n1}]}
  deprecatedTopology: {a: b}
)");
  const auto& slice = reading.body<EndpointSlice>();
  CHECK(slice.address_type->value == "IPv4");
  REQUIRE(slice.endpoints.size() == 1);
  const SliceEndpoint& endpoint = slice.endpoints[0];
  CHECK(values(endpoint.addresses) == Strings{"10.0.1.2"});
  CHECK(endpoint.serving->value);
  CHECK(values(endpoint.for_zones) == Strings{"z1", "z2"});
  CHECK(values(endpoint.for_nodes) == Strings{"n1"});
  CHECK(endpoint.target_name->value == "p");
  CHECK(endpoint.deprecated_topology.get("a") == "b");

  const Reading other = read_good(R"(apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets:
- addresses: [{ip: 203.0.113.5, hostname: h, nodeName: node-a, targetRef: {kind: Pod, name: p}}]
  notReadyAddresses: [{ip: 203.0.113.6}]
  ports: [{name: pg, port: 5432, protocol: TCP}]
)");
  const auto& endpoints = other.body<Endpoints>();
  REQUIRE(endpoints.subsets.size() == 1);
  CHECK(endpoints.subsets[0].addresses.at(0).target_kind->value == "Pod");
  CHECK(endpoints.subsets[0].not_ready_addresses.at(0).ip->value == "203.0.113.6");
  CHECK(endpoints.subsets[0].ports.at(0).port->value == 5432);
}

TEST_CASE("Pod") {
  const Reading reading = read_good(R"(apiVersion: v1
kind: Pod
metadata: {name: p, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u, controller: true}]}
spec:
  containers:
  - name: c
    image: i
    ports: [{name: http, containerPort: 8080, hostPort: 80, protocol: TCP, hostIP: 192.0.2.1}]
    readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 5}
    livenessProbe: {tcpSocket: {port: 8080}}
    startupProbe: {exec: {command: [a]}}
  initContainers: [{name: side, restartPolicy: Always, ports: [{containerPort: 1}]}]
  nodeName: n1
  hostNetwork: true
  dnsPolicy: ClusterFirst
  hostname: h
  subdomain: s
  restartPolicy: Never
  nodeSelector: {disk: ssd}
  tolerations: [{key: k, operator: Exists, value: v, effect: NoSchedule, tolerationSeconds: 5}]
  hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]
  volumes: [{anything: 1}]
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a, b]}], matchFields: [{key: f, operator: Exists}]}]
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {app: web}}, topologyKey: kubernetes.io/hostname}]
status:
  phase: Running
  podIP: 10.0.1.2
  hostIP: 192.168.0.1
  podIPs: [{ip: 10.0.1.2}, {ip: 'fd00::2'}]
  conditions: [{type: Initialized, status: 'True'}, {type: Ready, status: 'False'}]
)");
  const auto& pod = reading.body<Pod>();
  REQUIRE(pod.metadata.owners.size() == 1);
  CHECK(pod.metadata.owners[0].controller);
  REQUIRE(pod.spec.containers.size() == 2);
  CHECK(pod.spec.containers[0].init);
  CHECK(pod.spec.containers[0].restart_policy->value == "Always");
  const Container& container = pod.spec.containers[1];
  CHECK_FALSE(container.init);
  CHECK(container.ports.at(0).host_ip->value == "192.0.2.1");
  REQUIRE(container.probes.size() == 3);
  CHECK(container.probes[0].kind == "readinessProbe");
  CHECK(container.probes[0].port->value.text == "http");
  CHECK(container.probes[1].port->value.number == 8080);
  CHECK_FALSE(container.probes[2].port);
  CHECK(pod.spec.host_network->value);
  CHECK(pod.spec.node_selector.get("disk") == "ssd");
  CHECK(pod.spec.tolerations.at(0).effect->value == "NoSchedule");
  REQUIRE(pod.spec.required_node_affinity.size() == 1);
  CHECK(values(pod.spec.required_node_affinity[0].match_expressions.at(0).values) == Strings{"a", "b"});
  CHECK(pod.spec.required_node_affinity[0].match_fields.size() == 1);
  REQUIRE(pod.spec.required_pod_anti_affinity.size() == 1);
  CHECK(pod.spec.required_pod_anti_affinity[0].selector->match_labels.get("app") == "web");
  CHECK(values(pod.pod_ips) == Strings{"10.0.1.2", "fd00::2"});
  CHECK(pod.ready_condition->value == "False");
}

TEST_CASE("workloads") {
  const std::string pod = "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}";
  struct Row {
    const char *version, *kind;
    std::string spec;
  };
  const Row rows[] = {
      {"apps/v1", "Deployment", "{replicas: 3, selector: {matchLabels: {app: web}}, strategy: {}, " + pod + "}"},
      {"apps/v1", "ReplicaSet", "{replicas: 3, selector: {matchLabels: {app: web}}, " + pod + "}"},
      {"apps/v1", "StatefulSet",
       "{replicas: 3, serviceName: web, ordinals: {start: 5}, selector: {matchLabels: {app: web}}, " + pod + "}"},
      {"apps/v1", "DaemonSet", "{selector: {matchLabels: {app: web}}, " + pod + "}"},
      {"v1", "ReplicationController", "{replicas: 3, selector: {app: web}, " + pod + "}"},
      {"batch/v1", "Job",
       "{parallelism: 3, completions: 4, completionMode: Indexed, suspend: true, selector: {matchLabels: {app: "
       "web}}, " +
           pod + "}"},
      {"batch/v1", "CronJob",
       "{schedule: '* * * * *', suspend: true, jobTemplate: {metadata: {}, spec: {parallelism: 3, completions: 4, "
       "suspend: false, selector: "
       "{matchLabels: {app: web}}, " +
           pod + "}}}"},
  };
  for (const Row& row : rows) {
    INFO(row.kind);
    const Reading reading = read_good(std::string("apiVersion: ") + row.version + "\nkind: " + row.kind +
                                      "\nmetadata: {name: w}\nspec: " + row.spec + "\n");
    const auto& workload = reading.body<Workload>();
    CHECK(workload.kind == row.kind);
    CHECK(workload.pod.metadata.labels.get("app") == "web");
    CHECK(workload.pod.spec.containers.size() == 1);
    REQUIRE(workload.selector);
    CHECK(workload.selector->match_labels.get("app") == "web");
    if (row.spec.find("replicas") != std::string::npos) CHECK(workload.replicas->value == 3);
    if (row.spec.find("ordinals") != std::string::npos) CHECK(workload.ordinals_start->value == 5);
    if (row.spec.find("completions") != std::string::npos) {
      CHECK(workload.completions->value == 4);
      CHECK(workload.suspend->value);
    }
  }
}

TEST_CASE("Node, Namespace, Secret") {
  const Reading node = read_good(R"(apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/zone: z1}}
spec: {podCIDR: 10.244.0.0/24, podCIDRs: [10.244.0.0/24], unschedulable: true, taints: [{key: k, value: v, effect: NoSchedule}]}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}], capacity: {cpu: '4'}, nodeInfo: {}, images: [], conditions: []}
)");
  CHECK(node.body<Node>().addresses.at(0).address->value == "192.168.0.1");
  CHECK(values(node.body<Node>().pod_cidrs) == Strings{"10.244.0.0/24"});
  CHECK(node.body<Node>().taints.at(0).effect->value == "NoSchedule");
  CHECK(read_good("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nspec: {finalizers: [kubernetes]}\n")
            .body<Namespace>()
            .metadata.name->value == "a");
  const Reading secret = read_good(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/tls\ndata: {tls.key: aGk=, tls.crt: "
      "Y2VydA==}\nstringData: {a: b, tls.key: x}\n");
  CHECK(secret.body<Secret>().type->value == "kubernetes.io/tls");
  CHECK(secret.body<Secret>().data_keys == Strings{"a", "tls.crt", "tls.key"});
  CHECK(secret.body<Secret>().tls_certificate == "Y2VydA==");
}

TEST_CASE("Ingress and IngressClass") {
  const Reading reading = read_good(R"(apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {resource: {apiGroup: g, kind: Bucket, name: b}}
  tls: [{hosts: [shop.example.com], secretName: cert}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /a, pathType: Exact, backend: {service: {name: api, port: {name: http}}}}
  - {host: none.example.com}
status: {loadBalancer: {ingress: [{ip: 198.51.100.9}]}}
)");
  const auto& ingress = reading.body<Ingress>();
  REQUIRE(ingress.default_backend);
  CHECK(ingress.default_backend->has_resource);
  CHECK_FALSE(ingress.default_backend->has_service);
  CHECK(ingress.default_backend->resource_kind->value == "Bucket");
  CHECK(values(ingress.tls.at(0).hosts) == Strings{"shop.example.com"});
  REQUIRE(ingress.rules.size() == 2);
  CHECK(ingress.rules[0].has_http);
  CHECK_FALSE(ingress.rules[1].has_http);
  REQUIRE(ingress.rules[0].paths.size() == 2);
  CHECK(ingress.rules[0].paths[0].backend.port.number->value == 80);
  CHECK(ingress.rules[0].paths[1].backend.port.name->value == "http");
  CHECK(ingress.ingress.size() == 1);

  const Reading other = read_good(
      "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: "
      "k8s.io/ingress-nginx, parameters: {apiGroup: g, kind: k, name: a, scope: Namespace, namespace: b}}\n");
  CHECK(other.body<IngressClass>().has_parameters);
  CHECK(other.body<IngressClass>().parameters_scope->value == "Namespace");
}

TEST_CASE("NetworkPolicy") {
  const Reading reading = read_good(R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
    ports: [{protocol: TCP, port: 80, endPort: 90}, {port: http}]
  - {}
  egress: [{to: []}]
)");
  const auto& policy = reading.body<NetworkPolicy>();
  CHECK(policy.has_pod_selector);
  CHECK(policy.pod_selector.match_labels.entries.empty());
  REQUIRE(policy.ingress.size() == 2);
  REQUIRE(policy.ingress[0].peers.size() == 2);
  CHECK(policy.ingress[0].peers[0].pod_selector->match_labels.get("a") == "b");
  CHECK(policy.ingress[0].peers[0].namespace_selector.has_value());
  CHECK_FALSE(policy.ingress[0].peers[1].pod_selector.has_value());
  CHECK(values(policy.ingress[0].peers[1].ip_block->except) == Strings{"10.1.0.0/16"});
  CHECK(policy.ingress[0].ports.at(0).end_port->value == 90);
  CHECK(policy.egress.size() == 1);
}

TEST_CASE("ServiceCIDR and IPAddress") {
  CHECK(values(read_good("apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: a}\nspec: {cidrs: "
                         "[10.96.0.0/16]}\n")
                   .body<ServiceCIDR>()
                   .cidrs) == Strings{"10.96.0.0/16"});
  CHECK(read_good("apiVersion: networking.k8s.io/v1\nkind: IPAddress\nmetadata: {name: 10.96.0.1}\nspec: {parentRef: "
                  "{group: '', resource: services, namespace: default, name: kubernetes}}\n")
            .body<IPAddress>()
            .parent_name->value == "kubernetes");
}

TEST_CASE("ClusterProfile") {
  const Reading reading = read_good(R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
spec:
  serviceCIDRs: []
  podCIDRs: [10.244.0.0/16]
  nodePortRange: "30000-32767"
  dialect: iptables
  masqueradeAll: true
  masqueradeBit: 15
  localhostNodePorts: false
  conntrackTCPBeLiberal: false
  forwardPolicy: DROP
  nodePortAddresses: [primary]
  detectLocal: {mode: ClusterCIDR, cidrs: [10.244.0.0/16], interface: br0, prefix: veth}
  loadBalancers: [{name: a, class: b, pool: 198.51.100.0/24, ipMode: VIP, via: vip}]
  reservedPorts: [{port: 22, endPort: 23, protocol: TCP, what: ssh}]
  zones: {office: [203.0.113.0/24]}
  ingressControllers: [{class: nginx, flavour: nginx, entry: edge/gw:http, options: {snippets: false, timeout: 60, name: x}}]
  hostPorts: cni
  kubernetesVersion: 1.36
  nodes:
  - name: node-a
    zone: z1
    addresses: [192.168.0.1]
    primary: 192.168.0.1
    podCIDRs: [10.244.0.0/24]
    labels: {a: b}
    hostPorts: [{podIP: 10.244.0.5, podNet: 10.244.0.5/24, containerPort: 80, hostPort: 8080, protocol: TCP, hostIP: 192.168.0.1}]
  - {name: node-b, primary: [192.168.0.2, "fd00::2"]}
)");
  const auto& profile = reading.body<ClusterProfile>();
  REQUIRE(profile.service_cidrs);
  CHECK(profile.service_cidrs->items.empty());
  CHECK(values(profile.node_port_addresses->items) == Strings{"primary"});
  CHECK(profile.detect_local_prefix->value == "veth");
  CHECK(profile.masquerade_bit->value == 15);
  CHECK(profile.load_balancers->at(0).pool->value == "198.51.100.0/24");
  CHECK(profile.reserved_ports->at(0).end_port->value == 23);
  CHECK(profile.zones->at(0).name.value == "office");
  CHECK(profile.ingress_controllers->at(0).options.get("snippets") == "false");
  CHECK(profile.ingress_controllers->at(0).options.get("timeout") == "60");
  CHECK(profile.kubernetes_version->value == "1.36");
  REQUIRE(profile.nodes->size() == 2);
  CHECK(values(profile.nodes->at(0).primary) == Strings{"192.168.0.1"});
  CHECK(values(profile.nodes->at(1).primary) == Strings{"192.168.0.2", "fd00::2"});
  CHECK(profile.nodes->at(0).host_ports.at(0).host_port->value == 8080);
  CHECK(read_string("apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec: {serviceCidrs: []}\n").lines() ==
        Strings{"PC1004 3:8 ClusterProfile has no field `serviceCidrs`; did you mean `serviceCIDRs`?"});
}

TEST_CASE("KubeProxyConfiguration") {
  const Reading reading = read_good(R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: 10.244.0.0/16
detectLocalMode: BridgeInterface
detectLocal: {bridgeInterface: br0, interfaceNamePrefix: veth}
hostnameOverride: n1
nodePortAddresses: [192.168.0.0/24]
iptables: {masqueradeBit: 14, masqueradeAll: true, localhostNodePorts: false, syncPeriod: 30s}
nftables: {masqueradeBit: 15, masqueradeAll: false}
conntrack: {tcpBeLiberal: true, min: null}
)");
  const auto& config = reading.body<KubeProxyConfiguration>();
  CHECK(config.mode->value == "nftables");
  CHECK(config.bridge_interface->value == "br0");
  CHECK(config.iptables_masquerade_bit->value == 14);
  CHECK(config.nftables_masquerade_bit->value == 15);
  CHECK_FALSE(config.localhost_node_ports->value);
  CHECK(config.tcp_be_liberal->value);
  CHECK(values(config.node_port_addresses) == Strings{"192.168.0.0/24"});
  CHECK(metadata(reading.input.objects[0]) == nullptr);
}

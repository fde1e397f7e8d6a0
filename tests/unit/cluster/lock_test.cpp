#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

struct Reading {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  cluster::Lock lock;
  explicit Reading(const std::string& text) : lock(cluster::read_lock("portcullis.lock", text, sources, diagnostics)) {}
  [[nodiscard]] Texts codes() const {
    Texts out;
    for (const base::Diagnostic& d : diagnostics.all()) out.push_back(d.code + " " + std::string(sources.text(d.span)));
    return out;
  }
};

}  // namespace

TEST_CASE("a lock is read back as it was written") {
  cluster::Lock lock;
  lock.cluster_ips = {{"shop/web", "10.96.0.20"}, {"shop/web#IPv6", "fd96::20"}};
  lock.node_ports = {{"shop/web:http/TCP", "30080"}};
  lock.health_check_node_ports = {{"shop/web", "31000"}};
  lock.load_balancers = {{"shop/web", "198.51.100.7"}};
  lock.pod_addresses = {{"shop/web-0", "10.244.0.9"}, {"odd/\"na\\me\"\n\x01 # é", "x: y"}};
  lock.placement = {{"shop/web-0", "node-a"}};
  const std::string text = print_lock(lock);
  const Reading reading(text);
  CHECK(reading.codes().empty());
  CHECK(reading.lock == lock);
  CHECK(print_lock(reading.lock) == text);
  CHECK(text.starts_with("schema: portcullis/lock/1\nclusterIPs:\n  \"shop/web\": \"10.96.0.20\"\n"));
}

TEST_CASE("an empty lock, and files that are none") {
  CHECK(cluster::print_lock({}) == "schema: portcullis/lock/1\n");
  CHECK(Reading("").codes().empty());
  CHECK(Reading("schema: portcullis/lock/1\n").codes().empty());
  CHECK(Reading("schema: portcullis/lock/2\n").codes() == Texts{"PC1005 schema"});
  CHECK(Reading("clusterIPs: {a/b: 10.0.0.1}\n").codes() == Texts{"PC1005 clusterIPs"});
  CHECK(Reading("schema: portcullis/lock/1\nclusterIps: {}\n").codes() == Texts{"PC1004 clusterIps"});
  CHECK(Reading("schema: portcullis/lock/1\nclusterIPs: 7\n").codes() == Texts{"PC1005 7"});
  CHECK(Reading("schema: portcullis/lock/1\nclusterIPs: [a]\n").codes() == Texts{"PC1005 clusterIPs"});
  CHECK(Reading("schema: portcullis/lock/1\nclusterIPs: {a: {b: c}, d: e}\n").codes() == Texts{"PC1005 a"});
  CHECK(Reading("- a\n").codes().size() == 1);
  CHECK(Reading("schema: [\n").codes().size() == 1);
  const Reading twice("schema: portcullis/lock/1\nclusterIPs: {a/b: 10.0.0.1, a/b: 10.0.0.2}\n");
  CHECK(twice.codes() == Texts{"PC1003 a/b"});
  CHECK(twice.lock.cluster_ips.at("a/b") == "10.0.0.2");
  // What can be read is read, all the same.
  CHECK(Reading("other: 1\nclusterIPs: {a/b: 10.0.0.1}\n").lock.cluster_ips.size() == 1);
}

TEST_CASE("with the lock of a run the next run says the same, also beside new objects") {
  const auto service = [](const std::string& name) {
    return "---\n{apiVersion: v1, kind: Service, metadata: {name: " + name +
           "}, spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: x}, ports: [{port: 80}]}}\n";
  };
  const auto deployment = [](const std::string& name, int replicas) {
    return fmt::format(
        "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {0}}}, spec: {{replicas: {1}, selector: "
        "{{matchLabels: {{app: {0}}}}}, template: {{metadata: {{labels: {{app: {0}}}}}, "
        "spec: {{containers: [{{name: c, image: i}}]}}}}}}}}\n",
        name, replicas);
  };
  // Small ranges, so that names collide.
  const std::string profile =
      "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {serviceCIDRs: "
      "[10.9.0.0/25], nodePortRange: 30000-30127, loadBalancers: [{name: e, pool: 198.51.100.0/26}]}}\n";
  std::string text = profile;
  for (int i = 10; i < 40; ++i) text += service(fmt::format("s{}", i)) + deployment(fmt::format("d{}", i), 4);
  const World first(text);
  CHECK(first.count("PC2103") > 0);
  const World again(text, first.resolved.lock);
  CHECK(again.resolved.lock == first.resolved.lock);
  CHECK(again.count("PC2102") == 0);
  CHECK(again.count("PC2103") == 0);

  const World more(text + service("a-new-one") + deployment("a-new-one", 9), first.resolved.lock);
  CHECK(more.count("PC2102") == 0);
  for (const auto map :
       {&cluster::Lock::cluster_ips, &cluster::Lock::node_ports, &cluster::Lock::health_check_node_ports,
        &cluster::Lock::load_balancers, &cluster::Lock::pod_addresses, &cluster::Lock::placement}) {
    CHECK_FALSE((first.resolved.lock.*map).empty());
    for (const auto& [key, value] : first.resolved.lock.*map) CHECK((more.resolved.lock.*map).at(key) == value);
  }
}

TEST_CASE("a lock holds also what could not be planned well") {
  // Both Deployments fill every node, so that one of them stands on taken ports; one StatefulSet pod is written by
  // hand.
  const auto deployment = [](const std::string& name) {
    return "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: " + name +
           "}, spec: {replicas: 5, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: "
           "{containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}]}}}}\n";
  };
  const std::string text =
      deployment("a") + deployment("b") +
      "---\n{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {replicas: 2, serviceName: s, "
      "selector: "
      "{matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: i}]}}}}\n"
      "---\n{apiVersion: v1, kind: Pod, metadata: {name: s-0}, spec: {containers: [{name: c, image: i}]}}\n";
  const World first(text);
  CHECK(first.cluster().pods.size() == 8);
  const World again(text, first.resolved.lock);
  CHECK(again.resolved.lock == first.resolved.lock);
  CHECK(again.count("PC2102") == 0);
  CHECK(again.count("PC3504") == first.count("PC3504"));
}

}  // namespace portcullis::tests

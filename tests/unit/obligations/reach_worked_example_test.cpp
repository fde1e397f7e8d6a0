// The claims of the worked example as policies, on its manifests: claims 1, 2, 4, 6 and 8.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/unit/obligations/reach_world.hpp"

namespace portcullis::tests {

namespace {

std::string sample(const std::string& folder, const std::string& objects) {
  std::string out;
  for (const std::string& name : {std::string("profile.yaml"), objects}) {
    std::ifstream file(std::string(PORTCULLIS_SAMPLES) + "/worked-example/" + folder + "/" + name);
    REQUIRE(file);
    std::stringstream text;
    text << file.rdbuf();
    out += text.str() + "\n---\n";
  }
  return out;
}

// Two pods behind the balancer, so that a node may go.
const char* const second_pod = R"(
apiVersion: v1
kind: Pod
metadata: {name: vpn-2, labels: {app: openvpn}}
spec: {nodeName: node-a, containers: [{name: main, image: i, ports: [{containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.0.1.2, podIPs: [{ip: 10.0.1.2}], conditions: [{type: Ready, status: "True"}]}
)";

struct Row {
  std::string policy;
  std::string standing;
  std::string told;
};

}  // namespace

TEST_CASE("claims about the cluster IP and the node port hold") {
  const Row row = GENERATE(values<Row>({
      // 1: from anywhere.
      {"reachable from anywhere to address 10.3.241.152 port 80 tcp", "proved", ""},
      {"reachable from anywhere to service service-test", "proved", ""},
      // 2: all of it hangs on the node of the static route.
      {"reachable from internet to address 10.3.241.152 port 80 tcp surviving any 1 node", "refuted",
       "all of it hangs on the node of a static route, here node-"},
      // 3: no listener, no rule.
      {"unreachable from internet to address 10.100.0.3 port 80 tcp", "proved", ""},
      // 4: connections to the node port go where the cluster IP goes.
      {"same fate for service service-test on cluster-ip and node-port", "proved", "except the source"},
      // A client that knows the nodes tries the other one.
      {"reachable from internet to node port 32213 surviving any 1 node", "proved", ""},
      // 8: the source is not always kept.
      {"preserves source from internet to node port 32213", "refuted", "is masqueraded by node-a"},
  }));
  const Proved world(sample("node-port", "service-test.yaml"), row.policy);
  INFO(row.policy << "\n" << world.told());
  CHECK(world.standings() == row.standing);
  CHECK(world.told().find(row.told) != std::string::npos);
}

TEST_CASE("claims about the balancer hold") {
  const Row row = GENERATE(values<Row>({
      {"reachable from internet to address 35.184.97.156 port 80 tcp", "proved", ""},
      // 6: with a balancer over all nodes, the loss of one does not cut the Service …
      {"reachable from internet to address 35.184.97.156 port 80 tcp surviving any 1 node", "proved", ""},
      {"preserves source from internet to service openvpn", "refuted", "is masqueraded by"},
      {"same fate for service openvpn on cluster-ip, node-port and load-balancer", "proved proved", ""},
  }));
  const Proved world(sample("load-balancer", "openvpn.yaml") + second_pod, row.policy);
  INFO(row.policy << "\n" << world.told());
  CHECK(world.standings() == row.standing);
  CHECK(world.told().find(row.told) != std::string::npos);
}

TEST_CASE("… unless it takes the only pod along") {
  const Proved world(sample("load-balancer", "openvpn.yaml"),
                     "reachable from internet to address 35.184.97.156 port 80 tcp surviving any 1 node");
  INFO(world.told());
  CHECK(world.standings() == "refuted");
  CHECK(world.lost() == "node-b");
}

}  // namespace portcullis::tests

// The example that the project grew from, its claim 10, with real connections: a balancer outside the cluster ends TLS,
// reads hosts and paths, and comes in by the node ports of several backends. The balancer is HAProxy as it is compiled.
#include <memory>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/upstreams.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/haproxy/proxy.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/topology.hpp"

namespace portcullis {

namespace {

cluster::Cluster sample(cases::Dialect dialect) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto input = manifest::read({std::string(PORTCULLIS_SAMPLES) + "/worked-example/ingress"}, {}, sources, diagnostics);
  const auto profile = manifest::read_text(
      "dialect.yaml",
      fmt::format("apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata: {{name: dialect}}\nspec: {{dialect: "
                  "{}}}\n",
                  cases::name(dialect)),
      false, {}, sources, diagnostics);
  input.objects.insert(input.objects.end(), profile.objects.begin(), profile.objects.end());
  if (input.unreadable) throw kernel::Failure("the sample can't be read");
  return cluster::resolve(input, {}, diagnostics).cluster;
}

// As compile makes it.
ir::l7::Router balancer(const cluster::Cluster& cluster) {
  base::Diagnostics diagnostics;
  std::vector<ir::l7::Router> routers = ir::l7::build_routers(cluster, diagnostics);
  REQUIRE(routers.size() == 1);
  driver::through_node_ports(routers.front(), cluster);
  return std::move(routers.front());
}

kernel::Fd this_namespace() {
  return kernel::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

// client ── balancer ──┬── node-a ── test-1
//                      └── node-b ──┬── test-2
//                                   └── docs-1
class Example {
 public:
  Example(const kernel::Backend& backend, const cluster::Cluster& cluster) : router_(balancer(cluster)) {
    for (const char* host : {"client", "balancer", "node-a", "node-b", "test-1", "test-2", "docs-1"}) net_.add(host);
    net_.cable({"client", "eth0", {"198.51.100.9/24"}},
               {"balancer", "outside", {"198.51.100.1/24", "35.184.97.156/32"}});
    net_.segment({{"balancer", "inside", {"10.100.0.1/24"}},
                  {"node-a", "eth0", {"10.100.0.2/24"}},
                  {"node-b", "eth0", {"10.100.0.3/24"}}});
    net_.cable({"node-a", "pod0", {"10.0.1.1/24"}}, {"test-1", "eth0", {"10.0.1.2/24"}});
    net_.segment({{"node-b", "pod0", {"10.0.2.1/24"}},
                  {"test-2", "eth0", {"10.0.2.2/24"}},
                  {"docs-1", "eth0", {"10.0.2.3/24"}}});
    for (const auto& [host, route] : {std::pair{"client", "default via 198.51.100.1"},
                                      {"test-1", "default via 10.0.1.1"},
                                      {"test-2", "default via 10.0.2.1"},
                                      {"docs-1", "default via 10.0.2.1"},
                                      {"node-a", "10.0.2.0/24 via 10.100.0.3"},
                                      {"node-b", "10.0.1.0/24 via 10.100.0.2"}})
      net_.route(host, route);
    for (const char* pod : {"test-1", "test-2", "docs-1"})
      net_.within(pod, [&] {
        pods_.push_back(std::make_unique<proxied::Upstreams>(this_namespace(), std::set<std::uint16_t>{8080}));
      });
    for (const char* node : {"node-a", "node-b"})
      net_.load(node, kernel::rulesets(backend, kernel::NodePrograms(cluster, node)));
    net_.run("balancer",
             {"ip", "address", "add", "192.0.2.1/32", "dev", "lo"});  // whence Proxy asks whether it listens
    net_.settle();
    base::Diagnostics diagnostics;
    const auto files = haproxy::emit(router_, diagnostics);
    REQUIRE(files);
    net_.within("balancer", [&] { proxy_ = std::make_unique<proxied::Proxy>(this_namespace(), *files, router_); });
    REQUIRE(router_.certificates.size() == 2);
    folder_.write("certificate.pem", proxied::certificate_shown(&router_.certificates.back()));
  }

  // What curl at the client says: the body, then the status and the Location. The certificate is checked.
  std::string get(const std::string& scheme, const std::string& host, const std::string& path) {
    const std::string port = scheme == "https" ? "443" : "80";
    return net_.run("client", {"curl", "-s", "--cacert", folder_.path() + "/certificate.pem", "--resolve",
                               fmt::format("{}:{}:35.184.97.156", host, port), "-w", "%{http_code} %{redirect_url}",
                               fmt::format("{}://{}{}", scheme, host, path)});
  }
  // The pod that answered, and what it was asked for.
  proxied::Seen pod(const std::string& host, const std::string& path) {
    const std::string said = get("https", host, path);
    const std::string_view end = "\n200 ";
    INFO(said);
    REQUIRE(said.ends_with(end));
    return proxied::Seen::read(said.substr(0, said.size() - end.size() + 1));
  }

  kernel::Topology& net() { return net_; }

 private:
  ir::l7::Router router_;
  proxied::Folder folder_;
  kernel::Topology net_;
  std::vector<std::unique_ptr<proxied::Upstreams>> pods_;
  std::unique_ptr<proxied::Proxy> proxy_;
};

}  // namespace

TEST_CASE("worked example claim 10: TLS, hosts and paths behind a balancer outside the cluster") {
  if (!proxied::permitted()) return;
  kernel::for_each_ruleset([](const kernel::Backend& backend, cases::Dialect dialect) {
    Example example(backend, sample(dialect));
    for (int i = 0; i < 4; ++i) {
      const proxied::Seen seen = example.pod("test.example.com", "/");
      CHECK((seen.address.text() == "10.0.1.2" || seen.address.text() == "10.0.2.2"));
      CHECK(seen.host == "test.example.com");
      CHECK_FALSE(seen.tls);  // it ended at the balancer
    }
    CHECK(example.pod("test.example.com", "/help/me?n=1").address.text() == "10.0.2.3");
    CHECK(example.pod("test.example.com", "/help/me?n=1").target == "/help/me?n=1");
    CHECK(example.pod("test.example.com", "/helper").address.text() != "10.0.2.3");
    CHECK(example.pod("docs.example.com", "/").address.text() == "10.0.2.3");
    CHECK(example.get("http", "docs.example.com", "/a") == "302 https://docs.example.com:443/a");
  });
}

}  // namespace portcullis

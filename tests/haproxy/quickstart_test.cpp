// The quickstart's URLs: manifests as a user has them, a real HAProxy, and the endpoints that have to answer.
#include <algorithm>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/request_asked.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/haproxy/compared.hpp"

namespace {

using namespace portcullis;

// The Service port of a pool `ns/name:port-name`, as backends name it; null for a status.
const ir::l7::Backend* backend_of(const ir::l7::Router& router, const std::string& pool) {
  const std::size_t colon = pool.find(':');
  if (colon == std::string::npos) return nullptr;
  for (const ir::l7::Backend& backend : router.backends)
    if (backend.service.starts_with(pool.substr(0, colon + 1))) return &backend;
  return nullptr;
}

}  // namespace

TEST_CASE("the quickstart's URLs are answered by its pods") {
  if (!proxied::permitted()) return;
  const std::string samples = PORTCULLIS_SAMPLES;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input =
      manifest::read({samples + "/quickstart", samples + "/quickstart-ingress"}, {}, sources, diagnostics);
  const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  const auto routers = ir::l7::build_routers(cluster, diagnostics);
  REQUIRE(routers.size() == 1);
  const auto files = haproxy::emit(routers[0], diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  REQUIRE(files);

  const kernel::Fd netns = proxied::everywhere();
  const proxied::Upstreams upstreams(netns, proxied::ports(routers[0]));
  const proxied::Proxy proxy(netns, *files, routers[0]);
  std::ifstream rows(samples + "/quickstart-ingress/urls.txt");
  std::size_t asked = 0;
  for (std::string line; std::getline(rows, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string who, node, text, answers;
    words >> who >> node >> text >> answers;
    INFO(line);
    const auto url = driver::parse_url(text);
    REQUIRE(std::holds_alternative<driver::Url>(url));
    ir::l7::Request request;
    request.headers = {{"Host", std::get<driver::Url>(url).host}};
    request.target = std::get<driver::Url>(url).target;
    const proxied::Answer answer = proxied::ask(netns, request);
    const ir::l7::Backend* backend = backend_of(routers[0], answers);
    ++asked;
    if (backend == nullptr) {
      CHECK(std::to_string(answer.status) == answers);
      continue;
    }
    REQUIRE(answer.seen);
    const std::pair endpoint(answer.seen->address, answer.seen->port);
    CHECK(std::ranges::find(backend->targets, endpoint) != backend->targets.end());
    CHECK(answer.seen->target == request.target);
  }
  CHECK(asked >= 4);
}

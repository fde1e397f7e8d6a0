#include "compiler/driver/validate.hpp"

#include <catch2/catch.hpp>

#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/manifest/read.hpp"

namespace {

using namespace portcullis;
using driver::Target;

std::vector<ir::Program> small_programs() {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input =
      manifest::read_text("web.yaml",
                          "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, clusterIP: "
                          "10.96.0.20, ports: [{port: 80, nodePort: 30080}]}\n---\n"
                          "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: "
                          "{kubernetes.io/service-name: web}}\naddressType: IPv4\n"
                          "ports: [{port: 8080}]\nendpoints: [{addresses: [10.244.1.5]}, {addresses: [10.244.2.5]}]\n",
                          false, {}, sources, diagnostics);
  const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  return driver::programs(cluster, cluster.nodes.front(), std::nullopt);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

TEST_CASE("validate: what was emitted is proved, and one changed port is refuted with a packet") {
  const auto programs = small_programs();
  for (const Target target : {Target::nftables, Target::iptables, Target::ir}) {
    base::Diagnostics diagnostics;
    netfilter::Artefact artefact = driver::emit(target, programs, diagnostics);
    const auto proofs = driver::validate(target, programs, artefact, {});
    CHECK(driver::status_of(proofs) == driver::exit_done);
    CHECK(proofs.size() == (target == Target::ir ? 0 : programs.size()));
    if (target == Target::ir) continue;
    for (netfilter::File& file : artefact.files) replace_all(file.text, "8080", "8081");
    const auto refuted = driver::validate(target, programs, artefact, {});
    CHECK(driver::status_of(refuted) == driver::exit_findings);
    REQUIRE(refuted.front().witness);
    CHECK(refuted.front().reason.find("10.244.1.5:8081") != std::string::npos);
  }
}

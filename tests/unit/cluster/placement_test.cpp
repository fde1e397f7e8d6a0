// Pods with host ports meet (PC3504) only where no placement keeps them apart.
#include <bit>
#include <random>

#include <catch2/catch.hpp>

#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

// Node n0 … has a label `s5` for each set of nodes, a bit a node, that it is in.
std::string nodes(unsigned count) {
  std::string list;
  for (unsigned n = 0; n < count; ++n) {
    std::string labels;
    for (unsigned set = 1; set < 1U << count; ++set) {
      if ((set >> n & 1U) != 0) labels += fmt::format("{}s{}: y", labels.empty() ? "" : ", ", set);
    }
    list +=
        fmt::format("{}{{name: n{}, addresses: [192.0.2.{}], labels: {{{}}}}}", n == 0 ? "" : ", ", n, n + 1, labels);
  }
  return "---\n{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {nodes: [" + list +
         "]}}\n";
}

struct Workload {
  unsigned set = 0;  // of nodes
  unsigned replicas = 1;
};

std::string deployment(const std::string& name, const Workload& w, const std::string& ports) {
  return fmt::format(
      "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {0}}}, spec: {{replicas: {1}, selector: "
      "{{matchLabels: {{app: {0}}}}}, template: {{metadata: {{labels: {{app: {0}}}}}, spec: {{nodeSelector: {{s{2}: "
      "y}}, containers: [{{name: c, image: i, ports: [{3}]}}]}}}}}}}}\n",
      name, w.replicas, w.set, ports);
}
const std::string shared = "{containerPort: 80, hostPort: 8080}";

// Findings that two pods meet on a node: `error`, `warning`; not those that they might.
std::vector<base::Severity> meetings(const std::string& yaml) {
  const World world(yaml);
  std::vector<base::Severity> out;
  for (const base::Diagnostic* d : world.findings("PC3504")) {
    if (d->message.find(" may run on one node") == std::string::npos) out.push_back(d->severity);
  }
  return out;
}

// Whether every pod can have a node of its own: a matching, by trying.
bool fits(const std::vector<Workload>& workloads, std::size_t w, unsigned replica, unsigned taken, unsigned count) {
  if (w == workloads.size()) return true;
  if (replica == workloads[w].replicas) return fits(workloads, w + 1, 0, taken, count);
  for (unsigned n = 0; n < count; ++n) {
    const unsigned bit = 1U << n;
    if ((workloads[w].set & bit) != 0 && (taken & bit) == 0 && fits(workloads, w, replica + 1, taken | bit, count))
      return true;
  }
  return false;
}

}  // namespace

TEST_CASE("whoever has the least choice is placed first") {
  // `a` could take n0, and then nothing is left for `b`.
  CHECK(meetings(nodes(2) + deployment("a", {3, 1}, shared) + deployment("b", {1, 1}, shared)).empty());
  CHECK(meetings(nodes(2) + deployment("a", {3, 1}, shared) + deployment("b", {2, 1}, shared)).empty());
}

TEST_CASE("pods make room for one that finds no node") {
  // Each has two of three nodes; whatever the first two take, the third finds its place.
  for (const auto& [b, c] : {std::pair{6U, 5U}, {5U, 6U}, {3U, 6U}})
    CHECK(meetings(nodes(3) + deployment("a", {3, 1}, shared) + deployment("b", {b, 1}, shared) +
                   deployment("c", {c, 1}, shared))
              .empty());
}

TEST_CASE("one host port: pods meet if and only if no placement keeps them apart") {
  std::mt19937 generator(20260301);
  const auto random = [&] { return static_cast<unsigned>(generator()); };
  std::size_t possible = 0, impossible = 0;
  for (int round = 0; round < 300; ++round) {
    const unsigned count = 2 + random() % 4;
    std::string yaml = nodes(count);
    std::vector<Workload> workloads(2 + random() % 3);
    for (std::size_t w = 0; w < workloads.size(); ++w) {
      workloads[w].set = 1 + random() % ((1U << count) - 1);
      workloads[w].replicas = 1 + random() % static_cast<unsigned>(std::popcount(workloads[w].set));
      yaml += deployment(std::string(1, static_cast<char>('a' + w)), workloads[w], shared);
    }
    INFO(yaml);
    const std::vector<base::Severity> found = meetings(yaml);
    const bool fit = fits(workloads, 0, 0, 0, count);
    ++(fit ? possible : impossible);
    CHECK(found.empty() == fit);
    for (const base::Severity severity : found) CHECK(severity == base::Severity::error);
  }
  CHECK(possible > 50);
  CHECK(impossible > 50);
}

TEST_CASE("what planning is not certain of is a warning") {
  // Nobody can stand beside `c`, whose pods need all three nodes; but `a` and `b` can share one, so that counting pods
  // is no proof.
  const std::vector<base::Severity> open =
      meetings(nodes(3) + deployment("a", {3, 1}, "{containerPort: 80, hostPort: 1}") +
               deployment("b", {3, 1}, "{containerPort: 80, hostPort: 2}") +
               deployment("c", {7, 3}, "{containerPort: 80, hostPort: 1}, {containerPort: 81, hostPort: 2}"));
  CHECK_FALSE(open.empty());
  for (const base::Severity severity : open) CHECK(severity == base::Severity::warning);
  const std::vector<base::Severity> certain =
      meetings(nodes(1) + deployment("a", {1, 1}, shared) + deployment("b", {1, 1}, shared));
  CHECK(certain == std::vector<base::Severity>{base::Severity::error});
}

}  // namespace portcullis::tests

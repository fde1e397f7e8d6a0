#include "compiler/report/cluster_json.hpp"

#include "compiler/report/cluster_values.hpp"
#include "compiler/report/json.hpp"
#include "compiler/report/yaml.hpp"

namespace portcullis::report {

namespace {

// Calls `list(name, size, value)` for each list of the document; `value(i)` makes one element at a time, so that a
// cluster of a hundred thousand endpoints is never held as JSON.
template <class List>
void each_list(const cluster::Cluster& cluster, const List& list) {
  list("nodes", cluster.nodes.size(), [&](std::size_t i) { return node_value(cluster.nodes[i]); });
  list("services", cluster.services.size(), [&](std::size_t i) { return service_value(cluster, cluster.services[i]); });
  list("claims", cluster.claims.size(), [&](std::size_t i) { return claim_value(cluster.claims[i]); });
  const std::vector<cluster::ConntrackRule> rules = cluster::conntrack_rules(cluster);
  list("conntrack", rules.size(), [&](std::size_t i) { return conntrack_value(rules[i]); });
}

}  // namespace

std::string cluster_json(const cluster::Cluster& cluster) {
  std::string out = "{\n  \"schema\": \"portcullis/cluster/1\"";
  each_list(cluster, [&](const char* name, std::size_t size, const auto& value) {
    out += std::string(",\n  \"") + name + "\": [";
    for (std::size_t i = 0; i < size; ++i) {
      out += i == 0 ? "\n    " : ",\n    ";
      out += dump(value(i), -1);
    }
    out += size == 0 ? "]" : "\n  ]";
  });
  return out + "\n}\n";
}

std::string cluster_yaml(const cluster::Cluster& cluster) {
  std::string out = "schema: portcullis/cluster/1\n";
  each_list(cluster, [&](const char* name, std::size_t size, const auto& value) {
    out += std::string(name) + (size == 0 ? ": []\n" : ":\n");
    for (std::size_t i = 0; i < size; ++i) append_yaml_element(out, value(i), 1);
  });
  return out;
}

}  // namespace portcullis::report

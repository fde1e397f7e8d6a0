#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/cluster/resolve.hpp"

namespace portcullis {

namespace {

using Json = nlohmann::ordered_json;

const char* const profile =
    R"({"apiVersion": "portcullis.dev/v1", "kind": "ClusterProfile", "metadata": {"name": "case"},
  "spec": {"serviceCIDRs": ["172.31.128.0/17", "fd77:5e::/112"], "podCIDRs": ["10.40.0.0/14", "fd40::/32"], "reservedPorts": []}})";

std::string row(const std::string& service, const std::string& port, const std::string& protocol,
                const std::string& address, bool ready, bool serving, bool terminating, const std::string& node,
                const std::string& zone, const std::vector<std::string>& zones, const std::vector<std::string>& nodes) {
  return fmt::format("{} {} {} {} ready={} serving={} terminating={} node={} zone={} forZones={} forNodes={}", service,
                     port, protocol, address, ready, serving, terminating, node, zone, fmt::join(zones, ","),
                     fmt::join(nodes, ","));
}

std::string text(const Json& object, const char* key) {
  return object.contains(key) && object.at(key).is_string() ? object.at(key).get<std::string>() : std::string{};
}

std::vector<std::string> texts(const Json& object, const char* key) {
  return object.contains(key) ? object.at(key).get<std::vector<std::string>>() : std::vector<std::string>{};
}

std::vector<std::string> wanted(const Json& line) {
  std::vector<std::string> rows;
  for (const Json& e : line.at("endpoints")) {
    rows.push_back(row(text(e, "service"), text(e, "port"), text(e, "protocol"), text(e, "address"),
                       e.at("ready").get<bool>(), e.at("serving").get<bool>(), e.at("terminating").get<bool>(),
                       text(e, "node"), text(e, "zone"), texts(e, "forZones"), texts(e, "forNodes")));
  }
  std::ranges::sort(rows);
  return rows;
}

std::vector<std::string> derived(const Json& objects) {
  Json items = objects;
  items.push_back(Json::parse(profile));
  const Json list{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}};
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto input = manifest::read_text("line.json", list.dump(), true, {}, sources, diagnostics);
  const auto resolved = cluster::resolve(input, {}, diagnostics);
  std::vector<std::string> rows;
  for (const auto& service : resolved.cluster.services) {
    for (const auto& port : service.ports) {
      for (const auto& e : port.endpoints) {
        if (e.planned) continue;
        rows.push_back(row(service.name, port.name, std::string(net::to_string(port.protocol)),
                           net::endpoint_text(e.address, e.port), e.ready, e.serving, e.terminating, e.node, e.zone,
                           e.for_zones, e.for_nodes));
      }
    }
  }
  std::ranges::sort(rows);
  return rows;
}

}  // namespace

TEST_CASE("endpoints are those of a real EndpointSlice controller") {
  const std::string path = std::string(PORTCULLIS_SHARED) + "/reference/api-answers/endpoints.jsonl";
  std::ifstream file(path);
  if (!file) {
    WARN("skipped: there is no " << path);
    return;
  }
  std::size_t lines = 0, agreed = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const Json json = Json::parse(line);
    INFO(json.at("id").get<std::string>());
    const auto want = wanted(json);
    const auto got = derived(json.at("objects"));
    CHECK(got == want);
    agreed += got == want ? 1 : 0;

    Json reversed = json.at("objects");
    std::reverse(reversed.begin(), reversed.end());
    CHECK(derived(reversed) == got);
  }
  WARN(agreed << " of " << lines << " lines agree");
  CHECK(lines > 0);
}

}  // namespace portcullis

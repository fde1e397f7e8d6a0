#include "tests/request_cases/request_cases.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/packets_file.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/report/request.hpp"
#include "tests/cases/json.hpp"
#include "tests/request_cases/certificates.hpp"

namespace portcullis::request_cases {

namespace {

using ir::l7::Flavour;
using nlohmann::json;

constexpr std::array<Flavour, 6> all_flavours{
    Flavour::api, Flavour::nginx, Flavour::haproxy, Flavour::haproxy_ingress, Flavour::traefik, Flavour::gce};

json as_json(const YAML::Node& node) {
  return json::parse(cases::to_json(node));
}

const char* api_version(const std::string& kind) {
  if (kind == "Ingress" || kind == "IngressClass") return "networking.k8s.io/v1";
  return kind == "EndpointSlice" ? "discovery.k8s.io/v1" : "v1";
}

// `ns/name`.
json metadata(const std::string& id) {
  const std::size_t slash = id.find('/');
  return {{"namespace", id.substr(0, slash)}, {"name", id.substr(slash + 1)}};
}

void add_service(const std::string& id, const json& given, std::size_t number, std::vector<std::string>& out) {
  json service{{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", metadata(id)}};
  service["spec"] = {{"selector", {{"app", service["metadata"]["name"]}}}, {"ports", given["ports"]}};
  out.push_back(service.dump());
  json slice{{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata", metadata(id)},
             {"addressType", "IPv4"},
             {"ports", json::array()},
             {"endpoints", json::array()}};
  slice["metadata"]["labels"] = {{"kubernetes.io/service-name", slice["metadata"]["name"]}};
  slice["metadata"]["name"] = slice["metadata"]["name"].get<std::string>() + "-1";
  int next = 8000;
  for (const json& port : given["ports"]) {
    const json target = port.value("targetPort", json());
    slice["ports"].push_back({{"name", port.value("name", "")},
                              {"port", target.is_number() ? target.get<int>() : next},
                              {"protocol", "TCP"}});
    ++next;
  }
  for (int k = 0; k < given["endpoints"].get<int>(); ++k) {
    const std::string address = k == 0 ? fmt::format("10.244.{}.{}", number / 200 + 1, number % 200 + 2)
                                       : fmt::format("10.244.{}.{}", 100 + k, number % 250 + 2);
    slice["endpoints"].push_back({{"addresses", {address}}, {"conditions", {{"ready", true}}}, {"nodeName", "n1"}});
  }
  out.push_back(slice.dump());
}

void add_secret(const std::string& id, const std::vector<std::string>& names, std::vector<std::string>& out) {
  json secret{{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", metadata(id)}, {"type", "Opaque"}};
  if (!names.empty()) {
    const KeyPair& pair = certificate_for(names);
    secret["type"] = "kubernetes.io/tls";
    secret["data"] = {{"tls.crt", base64(pair.certificate)}, {"tls.key", base64(pair.key)}};
  }
  out.push_back(secret.dump());
}

std::vector<std::string> environment(const YAML::Node& node) {
  std::vector<std::string> out;
  for (const auto& one : node["classes"]) {
    json object = as_json(one);
    object["apiVersion"] = "networking.k8s.io/v1";
    out.push_back(object.dump());
  }
  std::size_t number = 0;
  for (const auto& one : node["services"]) add_service(one.first.Scalar(), as_json(one.second), number++, out);
  for (const auto& one : node["secrets"]) {
    add_secret(one.first.Scalar(), one.second.as<std::vector<std::string>>(), out);
  }
  for (const auto& one : node["namespaces"]) {
    const json object{{"apiVersion", "v1"},
                      {"kind", "Namespace"},
                      {"metadata", {{"name", one.first.Scalar()}, {"labels", as_json(one.second)}}}};
    out.push_back(object.dump());
  }
  return out;
}

Case::Object object(const YAML::Node& node, std::size_t number) {
  json one = as_json(node);
  const std::string kind = one["kind"];
  json& meta = one["metadata"];
  if (!one.contains("apiVersion")) one["apiVersion"] = api_version(kind);
  if (kind != "IngressClass" && kind != "Namespace" && !meta.contains("namespace")) meta["namespace"] = "default";
  if (!meta.contains("creationTimestamp")) {
    meta["creationTimestamp"] = fmt::format("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60);
  }
  const bool named = kind != "Ingress" || one["spec"].contains("ingressClassName") ||
                     (meta.contains("annotations") && meta["annotations"].contains("kubernetes.io/ingress.class"));
  return {one.dump(), !named};
}

// The reader of packets files reads the requests: what a case asks is what a user would ask.
driver::RequestAsked asked(const json& row) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const driver::PacketsFile file = driver::read_packets_text("case", json::array({row}).dump(), sources, diagnostics);
  if (file.packets.size() == 1) {
    if (const auto* request = std::get_if<driver::RequestAsked>(&file.packets.front())) return *request;
    if (const auto* bad = std::get_if<driver::BadPacket>(&file.packets.front())) throw std::runtime_error(bad->error);
  }
  throw std::runtime_error("no request: " + row.dump());
}

std::string expectation(const json& given) {
  json out = given;
  if (out["decision"] == "forward" && out.contains("service")) {
    out["services"] = {{out["service"].get<std::string>(), "1/1"}};
    out.erase("service");
  }
  return out.dump();
}

Row row(const YAML::Node& node) {
  json given = as_json(node);
  const std::string expect = expectation(given["expect"]);
  given.erase("expect");
  return {asked(given), given.dump(), expect, node.Mark().line + 1};
}

std::vector<Flavour> flavours_of(const YAML::Node& node, const std::string& flavour) {
  if (flavour != "api") {
    const auto one = ir::l7::parse_flavour(flavour);
    return one ? std::vector{*one} : std::vector<Flavour>{};
  }
  const auto ingresses =
      std::ranges::count_if(node["objects"], [](const YAML::Node& one) { return one["kind"].Scalar() == "Ingress"; });
  std::vector<Flavour> out;
  for (const Flavour one : all_flavours) {
    const bool excluded = node["not"].IsDefined() && std::ranges::any_of(node["not"], [&](const YAML::Node& other) {
                            return other.Scalar() == ir::l7::to_string(one);
                          });
    if (!excluded && (one != Flavour::gce || ingresses == 1)) out.push_back(one);
  }
  return out;
}

Case read_case(const YAML::Node& node, const std::map<std::string, std::vector<std::string>>& environments,
               const std::string& usual) {
  Case out;
  out.id = node["id"].Scalar();
  out.line = node.Mark().line + 1;
  out.flavours = flavours_of(node, node["flavour"].Scalar());
  if (out.flavours.empty()) return out;
  out.rejected = node["router"].IsDefined();
  out.environment = environments.at(node["environment"].IsDefined() ? node["environment"].Scalar() : usual);
  std::size_t number = 0;
  for (const auto& one : node["objects"]) out.objects.push_back(object(one, number++));
  if (node["options"].IsDefined()) {
    json options = as_json(node["options"]);
    out.explicit_class = options.contains("explicitClass");
    options.erase("explicitClass");
    if (!options.empty()) out.options = options.dump();
  }
  if (node["requests"].IsDefined()) {
    for (const auto& one : node["requests"]) out.rows.push_back(row(one));
  }
  return out;
}

// The class that the flavour's objects have; empty: none.
std::string class_of(Flavour flavour) {
  if (flavour == Flavour::gce) return {};
  return flavour == Flavour::api ? "example" : std::string(ir::l7::to_string(flavour));
}

}  // namespace

std::string Case::manifests(Flavour flavour) const {
  std::string out;
  const auto add = [&](const std::string& object) { out += object + "\n---\n"; };
  std::ranges::for_each(environment, add);
  const std::string name = class_of(flavour);
  for (const Object& object : objects) {
    json one = json::parse(object.json);
    if (object.takes_class && !explicit_class && !name.empty()) one["spec"]["ingressClassName"] = name;
    add(one.dump());
  }
  json controller{{"flavour", ir::l7::to_string(flavour)}};
  if (!name.empty()) controller["class"] = name;
  if (!options.empty()) controller["options"] = json::parse(options);
  const json profile{{"apiVersion", "portcullis.dev/v1"},
                     {"kind", "ClusterProfile"},
                     {"metadata", {{"name", "case"}}},
                     {"spec",
                      {{"ingressControllers", json::array({controller})},
                       {"nodes", json::array({{{"name", "n1"}, {"addresses", {"192.168.0.10"}}}})}}}};
  add(profile.dump());
  return out;
}

std::vector<Case> read(const std::string& path) {
  const YAML::Node file = YAML::LoadFile(path);
  std::map<std::string, std::vector<std::string>> environments;
  for (const auto& one : file["environments"]) environments[one.first.Scalar()] = environment(one.second);
  std::vector<Case> out;
  for (const auto& node : file["cases"]) {
    Case one = read_case(node, environments, file["default_environment"].Scalar());
    if (!one.flavours.empty()) out.push_back(std::move(one));
  }
  return out;
}

std::unique_ptr<World> build(const Case& c, Flavour flavour) {
  auto world = std::make_unique<World>();
  const manifest::Input input =
      manifest::read_text(c.id, c.manifests(flavour), false, {}, world->sources, world->diagnostics);
  world->cluster = cluster::resolve(input, {}, world->diagnostics).cluster;
  world->routers = ir::l7::build_routers(world->cluster, world->diagnostics);
  return world;
}

std::string decision_text(const ir::l7::Decision& decision, const ir::l7::Request& request) {
  json out = json::parse(report::dump(report::decision_value(decision, request)));
  out.erase("protocol");
  return expectation(out);
}

}  // namespace portcullis::request_cases

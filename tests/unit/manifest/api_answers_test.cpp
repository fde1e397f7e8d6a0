// What the reader accepts is what a real API server's decoder accepted (reference data, read at run time).
#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;
using nlohmann::json;

namespace {

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

template <class T>
json value_of(const manifest::Field<T>& field) {
  return field ? json(field->value) : json();
}

void check_same(const json& expected, const char* key, const json& found) {
  // What the server fills in when the field is left out is no matter of decoding.
  if (found.is_null()) return;
  INFO("field " << key);
  CHECK(expected.value(key, json()) == found);
}

void check_decoded(const json& spec, const manifest::Service& service) {
  REQUIRE(spec.at("ports").size() == service.ports.size());
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const json& port = spec.at("ports").at(i);
    const manifest::ServicePort& ours = service.ports[i];
    check_same(port, "name", value_of(ours.name));
    check_same(port, "port", value_of(ours.port));
    check_same(port, "protocol", value_of(ours.protocol));
    // 0 and an empty string are left out by the server's encoder, and its default is the port.
    if (ours.target_port && (!ours.target_port->value.is_number || ours.target_port->value.number != 0)) {
      const auto& target = ours.target_port->value;
      check_same(port, "targetPort", target.is_number ? json(target.number) : json(target.text));
    }
  }
  // The recorded answer is a part of the spec.
  if (spec.contains("type")) check_same(spec, "type", value_of(service.type));
  if (spec.contains("externalName")) check_same(spec, "externalName", value_of(service.external_name));
  if (service.publish_not_ready_addresses && service.publish_not_ready_addresses->value)
    CHECK(spec.value("publishNotReadyAddresses", false));
  if (service.client_ip_timeout_seconds) {
    CHECK(spec.at("sessionAffinityConfig").at("clientIP").at("timeoutSeconds") ==
          service.client_ip_timeout_seconds->value);
  }
  if (service.selector && !service.selector->entries.empty()) {
    json selector = json::object();
    for (const auto& entry : service.selector->entries) selector[entry.key.value] = entry.value.value;
    CHECK(spec.at("selector") == selector);
  }
}

// nullptr without the reference data.
std::ifstream open_reference(const std::string& name) {
  std::ifstream file(std::string(PORTCULLIS_SHARED) + "/reference/api-answers/" + name);
  if (!file) WARN("skipped: no reference data " << name << " in " << PORTCULLIS_SHARED);
  return file;
}

}  // namespace

TEST_CASE("a Service in YAML is decoded or refused as the API server does it") {
  std::ifstream file = open_reference("yaml.jsonl");
  std::string line;
  while (std::getline(file, line)) {
    const json row = json::parse(line);
    const std::string text =
        row.contains("yaml") ? row["yaml"].get<std::string>() : from_hex(row["yaml_hex"].get<std::string>());
    const Reading reading = read_string(text, false);
    INFO(row["id"].get<std::string>() << "\n" << text << "\n" << reading.text());
    // Errors with a field list are the validation's, which comes after decoding.
    const bool decoded = row["accepted"].get<bool>() || row.contains("errors");
    CHECK(decoded == !reading.diagnostics.has_errors());
    if (!decoded) {
      CHECK(reading.diagnostics.all().size() == 1);
      CHECK(reading.diagnostics.all().front().span.known());
      continue;
    }
    REQUIRE(reading.input.objects.size() == 1);
    CHECK_FALSE(reading.input.objects.front().broken);
    if (row["accepted"].get<bool>())
      check_decoded(row["result"], std::get<manifest::Service>(reading.input.objects.front().body));
  }
}

TEST_CASE("objects of the reference are decoded whole, as JSON and as YAML") {
  for (const char* name : {"services.jsonl", "endpointslices.jsonl", "ingresses.jsonl", "networkpolicies.jsonl"}) {
    std::ifstream file = open_reference(name);
    std::string line;
    while (std::getline(file, line)) {
      const json row = json::parse(line);
      const std::string text = row["object"].dump();
      for (const bool as_json : {true, false}) {
        const Reading reading = read_string(text, as_json);
        INFO(name << " " << text << "\n" << reading.text());
        REQUIRE(reading.input.objects.size() == 1);
        if (row["accepted"].get<bool>()) CHECK_FALSE(reading.diagnostics.has_errors());
      }
    }
  }
}

TEST_CASE("clusters of the reference are decoded whole") {
  std::ifstream file = open_reference("endpoints.jsonl");
  std::string line;
  while (std::getline(file, line)) {
    const json row = json::parse(line);
    for (const json& object : row["objects"]) {
      const std::string text = object.dump();
      const Reading reading = read_string(text, true);
      INFO(text << "\n" << reading.text());
      CHECK(reading.input.objects.size() == 1);
      CHECK(reading.diagnostics.all().empty());
    }
  }
}

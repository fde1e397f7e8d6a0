#include "compiler/cluster/ingresses.hpp"

#include <catch2/catch.hpp>

#include "compiler/manifest/timestamp.hpp"
#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

std::string ingress(const std::string& metadata, const std::string& spec = "") {
  return "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {" + metadata + "}, spec: {" + spec +
         "defaultBackend: {service: {name: web, port: {number: 80}}}}}\n";
}

std::string ingress_class(const std::string& name, const std::string& metadata = "") {
  return "---\n{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: " + name + metadata +
         "}, spec: {controller: example.com/" + name + "}}\n";
}
const std::string is_default = ", annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}";
std::string default_at(const std::string& time) {
  return is_default + ", creationTimestamp: '" + time + "'";
}

const cluster::Ingress& only(const World& world) {
  INFO(world.said());
  REQUIRE(world.cluster().ingresses.size() == 1);
  return world.cluster().ingresses.front();
}

Texts ids(const World& world) {
  Texts out;
  for (const cluster::Ingress& i : world.cluster().ingresses) out.push_back(i.id());
  return out;
}

}  // namespace

TEST_CASE("an Ingress keeps its class, and has none where none is given") {
  CHECK(only(World(ingress("name: a", "ingressClassName: x, "))).class_name == "x");
  const World none(ingress("name: a"));
  CHECK(only(none).class_name == std::nullopt);
  CHECK(only(none).class_annotation == std::nullopt);
  CHECK_FALSE(only(none).class_defaulted);
  CHECK(only(none).id() == "default/a");
  CHECK(none.text(only(none).span) == "a");
}

TEST_CASE("admission fills in the default class") {
  const World world(ingress_class("x") + ingress_class("z", is_default) + ingress("name: a"));
  CHECK(only(world).class_name == "z");
  CHECK(only(world).class_defaulted);
  CHECK_FALSE(only(world).body.ingress_class_name);

  const World given(ingress_class("z", is_default) + ingress("name: a", "ingressClassName: x, "));
  CHECK(only(given).class_name == "x");
  CHECK_FALSE(only(given).class_defaulted);
}

TEST_CASE("a class annotation, even an empty one, keeps the default class away") {
  for (const std::string value : {"nginx", ""}) {
    const World world(ingress_class("z", is_default) +
                      ingress("name: a, annotations: {kubernetes.io/ingress.class: '" + value + "'}"));
    CHECK(only(world).class_name == std::nullopt);
    CHECK(only(world).class_annotation == value);
    CHECK_FALSE(only(world).class_defaulted);
  }
}

TEST_CASE("only the word true makes a class the default") {
  const World world(ingress_class("z", ", annotations: {ingressclass.kubernetes.io/is-default-class: 'True'}") +
                    ingress("name: a"));
  CHECK(only(world).class_name == std::nullopt);
}

TEST_CASE("of two default classes the newest is taken, then the first by name") {
  const std::string old = "2024-05-01T10:00:00Z", young = "2024-05-01T12:00:00Z";
  const auto chosen = [](const std::string& classes) {
    return only(World(classes + ingress("name: a"))).class_name.value_or("none");
  };
  CHECK(chosen(ingress_class("x", default_at(young)) + ingress_class("z", default_at(old))) == "x");
  CHECK(chosen(ingress_class("x", default_at(old)) + ingress_class("z", default_at(young))) == "z");
  CHECK(chosen(ingress_class("z", default_at(old)) + ingress_class("x", default_at(old))) == "x");
  CHECK(chosen(ingress_class("z", is_default) + ingress_class("x", is_default)) == "x");
  CHECK(chosen(ingress_class("x", is_default) + ingress_class("z", default_at(old))) == "z");
  // 12:00+02:00 is 10:00Z.
  CHECK(chosen(ingress_class("x", default_at("2024-05-01T12:00:00+02:00")) +
               ingress_class("z", default_at("2024-05-01T11:00:00Z"))) == "z");
}

TEST_CASE("an Ingress that the API server refuses is not there") {
  const World world(ingress("name: good") + ingress("name: Bad") + ingress("name: broken, unknown: 1") +
                    ingress("name: class", "ingressClassName: 'A B', "));
  CHECK(ids(world) == Texts{"default/good"});
}

TEST_CASE("an IngressClass that the API server refuses is no default") {
  const World world("---\n{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: x" + is_default +
                    "}, spec: {controller: nonsense}}\n" + ingress_class("z", is_default) + ingress("name: a"));
  CHECK(only(world).class_name == "z");
  CHECK(world.cluster().ingress_class("x") == nullptr);
  REQUIRE(world.cluster().ingress_class("z") != nullptr);
  CHECK(world.cluster().ingress_class("z")->controller == "example.com/z");
}

TEST_CASE("Ingresses are sorted by name and remember their place in the input") {
  const World world(ingress_class("x") + ingress("name: b, namespace: z") + ingress("name: c, namespace: a") +
                    ingress("name: Refused") + ingress("name: a, namespace: z"));
  CHECK(ids(world) == Texts{"a/c", "z/a", "z/b"});
  CHECK(world.cluster().ingresses[0].order == 1);
  CHECK(world.cluster().ingresses[1].order == 3);
  CHECK(world.cluster().ingresses[2].order == 0);
}

TEST_CASE("creation times are told in UTC and whole seconds") {
  const World world(ingress("name: a, creationTimestamp: '2024-02-29T23:30:15.5-01:00'"));
  CHECK(only(world).created == "2024-03-01T00:30:15Z");
  CHECK(only(World(ingress("name: a"))).created.empty());

  CHECK(manifest::in_utc("2001-01-02T15:04:05Z") == "2001-01-02T15:04:05Z");
  CHECK(manifest::in_utc("2001-01-01T00:30:00+01:30") == "2000-12-31T23:00:00Z");
  CHECK(manifest::in_utc("2001-01-02T5:04:05,25Z") == "2001-01-02T05:04:05Z");
  CHECK(manifest::in_utc("2001-01-02 15:04:05Z").empty());
  CHECK(manifest::in_utc("2001-02-30T15:04:05Z").empty());
  CHECK(manifest::in_utc("").empty());
}

TEST_CASE("Services are found by namespace and name") {
  const std::string service =
      "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}\n";
  const World world(service);
  REQUIRE(world.cluster().service("default", "web") != nullptr);
  CHECK(world.cluster().service("default", "web")->ports.size() == 1);
  CHECK(world.cluster().service("shop", "web") == nullptr);
}

}  // namespace portcullis::tests

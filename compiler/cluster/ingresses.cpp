#include "compiler/cluster/ingresses.hpp"

#include <map>
#include <string_view>
#include <utility>

#include "compiler/manifest/timestamp.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";
constexpr std::string_view default_annotation = "ingressclass.kubernetes.io/is-default-class";

SourceSpan name_place(const manifest::Metadata& metadata, SourceSpan document) {
  return metadata.name ? metadata.name->span : document;
}

std::string created(const manifest::Metadata& metadata) {
  return metadata.creation_timestamp ? manifest::in_utc(metadata.creation_timestamp->value) : std::string{};
}

// The class that admission fills in. A class whose age is not said counts as older than every other.
const IngressClass* default_class(const std::vector<IngressClass>& classes) {
  const IngressClass* chosen = nullptr;
  for (const IngressClass& candidate : classes) {  // by name: the first of equals stays
    if (candidate.is_default && (chosen == nullptr || candidate.created > chosen->created)) chosen = &candidate;
  }
  return chosen;
}

// Where each Ingress stands among the Ingresses of the input.
std::map<const manifest::Object*, std::size_t> ingress_order(const manifest::Input& input) {
  std::map<const manifest::Object*, std::size_t> order;
  for (const manifest::Object& object : input.objects) {
    if (std::holds_alternative<manifest::Ingress>(object.body)) order.emplace(&object, order.size());
  }
  return order;
}

void take_class(const IngressClass* otherwise, Ingress& ingress) {
  const manifest::Ingress& body = ingress.body;
  if (const manifest::KeyValue* annotation = body.metadata.annotations.find(class_annotation))
    ingress.class_annotation = annotation->value.value;
  if (body.ingress_class_name) {
    ingress.class_name = body.ingress_class_name->value;
  } else if (!ingress.class_annotation && otherwise != nullptr) {
    ingress.class_name = otherwise->name;
    ingress.class_defaulted = true;
  }
}

}  // namespace

std::vector<IngressClass> resolve_ingress_classes(const Inventory& inventory, const Refused& refused) {
  std::vector<IngressClass> classes;
  for (const auto& entry : inventory.ingress_classes) {
    if (refused.contains(entry.object)) continue;
    const manifest::IngressClass& body = *entry.body;
    IngressClass ingress_class;
    ingress_class.name = entry.name;
    if (body.controller) ingress_class.controller = body.controller->value;
    ingress_class.is_default = body.metadata.annotations.get(default_annotation) == "true";
    ingress_class.created = created(body.metadata);
    ingress_class.span = name_place(body.metadata, body.place);
    classes.push_back(std::move(ingress_class));
  }
  return classes;
}

std::vector<Ingress> resolve_ingresses(const manifest::Input& input, const Inventory& inventory, const Refused& refused,
                                       const std::vector<IngressClass>& classes) {
  const auto order = ingress_order(input);
  const IngressClass* otherwise = default_class(classes);
  std::vector<Ingress> ingresses;
  for (const auto& entry : inventory.ingresses) {
    if (refused.contains(entry.object)) continue;
    Ingress ingress;
    ingress.ns = entry.ns;
    ingress.name = entry.name;
    ingress.body = *entry.body;
    take_class(otherwise, ingress);
    ingress.created = created(entry.body->metadata);
    ingress.order = order.at(entry.object);
    ingress.span = name_place(entry.body->metadata, entry.body->place);
    ingresses.push_back(std::move(ingress));
  }
  return ingresses;
}

}  // namespace portcullis::cluster

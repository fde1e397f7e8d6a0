#include "compiler/ir/l7/build/controllers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::ir::l7 {

namespace {

using cluster::Cluster;
using cluster::Ingress;

// Values of kubernetes.io/ingress.class that mean ingress-gce.
bool is_gce_class(std::string_view text) {
  return text == "gce" || text == "gce-internal" || text == "gce-regional-external";
}

std::string_view annotation_of(const Ingress& ingress) {
  return ingress.class_annotation ? std::string_view{*ingress.class_annotation} : std::string_view{};
}

bool has_default_class(const Cluster& cluster) {
  return std::ranges::any_of(cluster.ingress_classes, &cluster::IngressClass::is_default);
}

// Answers 'does this controller take this Ingress', one flavour a function.
class Taking {
 public:
  Taking(const Cluster& cluster, const std::vector<Controller>& all, const Controller& controller)
      : cluster_(cluster), all_(all), controller_(controller) {}

  [[nodiscard]] bool takes(const Ingress& ingress) const {
    switch (controller_.flavour) {
      case Flavour::gce:
        return is_gce_class(annotation_of(ingress)) || (annotation_of(ingress).empty() && !ingress.class_name);
      case Flavour::traefik:
        return ingress.class_name ? has_class(*ingress.class_name) : annotated(ingress, "traefik", true);
      case Flavour::nginx:
        if (ingress.class_name) return has_class(*ingress.class_name);
        return ingress.class_annotation ? annotated(ingress, "nginx", false) : controller_.options.without_class;
      case Flavour::haproxy:
        if (ingress.class_name) return has_class(*ingress.class_name);
        if (ingress.class_annotation) return annotated(ingress, class_or_flavour(), false);
        return controller_.options.without_class || (!controller_.class_name && !has_default_class(cluster_));
      case Flavour::haproxy_ingress:
      case Flavour::api:
        if (ingress.class_name) return has_class(*ingress.class_name);
        if (ingress.class_annotation) return annotated(ingress, class_or_flavour(), false);
        return controller_.options.without_class || !controller_.class_name;
    }
    return false;
  }

 private:
  [[nodiscard]] std::string_view class_or_flavour() const {
    if (controller_.class_name) return *controller_.class_name;
    return controller_.flavour == Flavour::haproxy_ingress ? std::string_view{"haproxy"}
                                                           : to_string(controller_.flavour);
  }
  [[nodiscard]] bool annotated(const Ingress& ingress, std::string_view usual, bool or_empty) const {
    const std::string& wanted = controller_.options.class_annotation;
    const std::string_view given = annotation_of(ingress);
    if (!wanted.empty()) return given == wanted;
    return given == usual || (or_empty && given.empty());
  }
  // A class is this controller's if it is the one that the profile names for it, or has its `spec.controller` and is
  // not named for another one.
  [[nodiscard]] bool has_class(const std::string& name) const {
    if (controller_.class_name == name) return true;
    const cluster::IngressClass* known = cluster_.ingress_class(name);
    if (known == nullptr || controller_.controller.empty() || known->controller != controller_.controller) return false;
    return std::ranges::none_of(all_, [&](const Controller& other) { return other.class_name == name; });
  }

  const Cluster& cluster_;
  const std::vector<Controller>& all_;
  const Controller& controller_;
};

// Age: the older first. Objects of one timestamp as the flavour orders them; without timestamps as they stand in the
// input, after those that have one.
void sort_by_age(std::vector<const Ingress*>& ingresses, Flavour flavour) {
  const bool descending = flavour == Flavour::nginx;
  std::ranges::stable_sort(ingresses, [descending](const Ingress* a, const Ingress* b) {
    if (a->created.empty() != b->created.empty()) return b->created.empty();
    if (a->created.empty()) return a->order < b->order;
    if (a->created != b->created) return a->created < b->created;
    return descending ? a->id() > b->id() : a->id() < b->id();
  });
}

std::vector<Controller> of_profile(const Cluster& cluster, base::Diagnostics& diagnostics) {
  std::vector<Controller> out;
  for (const cluster::IngressController& given : cluster.profile.ingress_controllers) {
    Controller controller;
    const cluster::IngressClass* known = nullptr;
    if (!given.ingress_class.empty()) {
      controller.class_name = given.ingress_class;
      known = cluster.ingress_class(given.ingress_class);
    }
    if (known != nullptr) controller.controller = known->controller;
    const std::optional<Flavour> flavour = parse_flavour(given.flavour);
    controller.flavour = flavour ? *flavour : flavour_of(controller.controller);
    controller.name = given.ingress_class.empty() ? std::string(to_string(controller.flavour)) : given.ingress_class;
    controller.options = read_options(given, controller.flavour, diagnostics);
    controller.entry = given.entry;
    controller.span = given.span;
    out.push_back(std::move(controller));
  }
  return out;
}

// Nobody says which controllers run: one for each `spec.controller` of the IngressClasses; where the input has no
// IngressClass at all, one for each class that an Ingress names, by the usual names of controllers.
std::vector<Controller> of_input(const Cluster& cluster) {
  std::vector<Controller> out;
  std::set<std::string> seen;
  for (const cluster::IngressClass& known : cluster.ingress_classes) {
    if (!seen.insert(known.controller).second) continue;
    out.push_back({known.name, flavour_of(known.controller), known.name, known.controller, {}, {}, known.span, {}});
  }
  const auto usual = [](std::string_view name) {
    if (is_gce_class(name)) return Flavour::gce;
    const std::optional<Flavour> flavour = parse_flavour(name);
    return flavour && *flavour != Flavour::api ? *flavour : Flavour::api;
  };
  bool gce = false;
  bool classless = false;
  std::set<std::string> named;
  for (const Ingress& ingress : cluster.ingresses) {
    if (is_gce_class(annotation_of(ingress))) gce = true;
    if (!cluster.ingress_classes.empty() || is_gce_class(annotation_of(ingress))) continue;
    if (ingress.class_name) {
      named.insert(*ingress.class_name);
    } else if (!annotation_of(ingress).empty()) {
      named.emplace(annotation_of(ingress));
    } else {
      classless = true;
    }
  }
  for (const std::string& name : named) out.push_back({name, usual(name), name, {}, {}, {}, {}, {}});
  if (gce) out.push_back({"gce", Flavour::gce, {}, {}, {}, {}, {}, {}});
  if (classless) out.push_back({"default", Flavour::api, {}, {}, {}, {}, {}, {}});
  return out;
}

}  // namespace

Flavour flavour_of(std::string_view controller) {
  const auto is = [controller](std::string_view text) {
    return controller == text || (controller.starts_with(text) && controller[text.size()] == '/');
  };
  if (controller == "k8s.io/ingress-nginx") return Flavour::nginx;
  if (is("haproxy.org/ingress-controller")) return Flavour::haproxy;
  if (is("haproxy-ingress.github.io/controller")) return Flavour::haproxy_ingress;
  if (controller == "traefik.io/ingress-controller") return Flavour::traefik;
  return Flavour::api;
}

std::vector<Controller> find_controllers(const Cluster& cluster, base::Diagnostics& diagnostics) {
  const bool given = cluster.profile.ingress_controllers_given;
  std::vector<Controller> all = given ? of_profile(cluster, diagnostics) : of_input(cluster);
  for (Controller& controller : all) {
    // Guessed from the input, `gce` takes what names it; an Ingress without any class stays with `default`.
    const bool only_named = !given && controller.flavour == Flavour::gce;
    const Taking taking(cluster, all, controller);
    for (const Ingress& ingress : cluster.ingresses) {
      if (only_named && !is_gce_class(annotation_of(ingress))) continue;
      if (taking.takes(ingress)) controller.ingresses.push_back(&ingress);
    }
    sort_by_age(controller.ingresses, controller.flavour);
  }
  if (!given) std::erase_if(all, [](const Controller& controller) { return controller.ingresses.empty(); });
  std::ranges::stable_sort(all, {}, &Controller::name);
  return all;
}

}  // namespace portcullis::ir::l7

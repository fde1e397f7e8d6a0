#include "compiler/cluster/joins.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view service_name_label = "kubernetes.io/service-name";

bool is_workload(std::string_view kind) {
  constexpr std::array<std::string_view, 8> kinds{
      "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

base::SourceSpan place_of(const manifest::Metadata& metadata, base::SourceSpan otherwise) {
  return metadata.name ? metadata.name->span : otherwise;
}

// ---- PC1011

// Objects of one namespace that look for others.
struct Seekers {
  std::size_t services = 0, ingresses = 0;
  const manifest::Object *first_service = nullptr, *first_ingress = nullptr;
};

bool selects(const manifest::Service& service) {
  const bool alias = service.type && service.type->value == "ExternalName";
  return !alias && service.selector && !service.selector->entries.empty();
}

void report_seekers(const manifest::Object& first, const manifest::Metadata& metadata, std::string message,
                    base::Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add("PC1011", std::move(message), place_of(metadata, first.place));
  finding.object = manifest::reference(first);
  finding.hint = fmt::format("add the {} to the input, or set `complete: true` in .portcullis.yaml",
                             finding.object.kind == "Service" ? "workloads" : "Services they name");
}

// ---- PC3008

// Values of `endpointslice.kubernetes.io/managed-by` that people write; another one is a controller's.
bool written_by_hand(const manifest::EndpointSlice& slice) {
  constexpr std::array<std::string_view, 3> people{"", "cluster-admins", "staff"};
  return std::ranges::find(people, slice.metadata.labels.get("endpointslice.kubernetes.io/managed-by")) != people.end();
}

class Orphans {
 public:
  Orphans(const manifest::Input& input, const Inventory& inventory, base::Diagnostics& diagnostics)
      : unreadable_(input.unreadable), diagnostics_(diagnostics) {
    for (const auto& service : inventory.services) names_[service.ns].push_back(service.name);
    for (const base::ObjectRef& lost : input.lost) {
      if (lost.kind == "Service") lost_.insert(lost.ns);
    }
    for (auto& [ns, names] : names_) std::ranges::sort(names);
  }

  void check(const Given<manifest::EndpointSlice>& slice) {
    if (!written_by_hand(*slice.body)) return;
    const manifest::KeyValue* label = slice.body->metadata.labels.find(service_name_label);
    if (label == nullptr) return report(slice, nullptr);
    const auto names = names_.find(slice.ns);
    if (names == names_.end() || unreadable_ || lost_.contains(slice.ns)) return;
    if (!std::ranges::binary_search(names->second, label->value.value)) report(slice, label);
  }

 private:
  void report(const Given<manifest::EndpointSlice>& slice, const manifest::KeyValue* label) {
    const manifest::Metadata& metadata = slice.body->metadata;
    base::ObjectRef object = manifest::reference(*slice.object);
    base::Diagnostic& finding =
        label == nullptr ? diagnostics_.add("PC3008",
                                            fmt::format("{} belongs to no Service: it has no label `{}`", object.text(),
                                                        service_name_label),
                                            place_of(metadata, slice.body->place))
                         : diagnostics_.add("PC3008",
                                            fmt::format("{} belongs to no Service: namespace `{}` has no Service `{}`",
                                                        object.text(), slice.ns, base::printable(label->value.value)),
                                            label->value.span);
    finding.object = std::move(object);
    finding.field = label == nullptr ? "metadata.labels" : fmt::format("metadata.labels[{}]", service_name_label);
    const std::string_view near = meant(slice, label);
    if (!near.empty()) finding.hint = fmt::format("label it `{}: {}`", service_name_label, near);
  }

  // The Service that is nearest to the label, or whose name the slice carries with a suffix; empty if there is none.
  std::string_view meant(const Given<manifest::EndpointSlice>& slice, const manifest::KeyValue* label) {
    const auto names = names_.find(slice.ns);
    if (names == names_.end()) return {};
    const std::string_view stem = slice.name.substr(0, slice.name.rfind('-'));
    if (std::ranges::binary_search(names->second, stem)) return stem;
    // A name is near to another only after a look at all of them, so a flood of orphans gets no advice.
    return label == nullptr || ++looked_ > most_looked ? std::string_view{}
                                                       : base::nearest(label->value.value, names->second);
  }

  static constexpr std::size_t most_looked = 100;

  std::map<std::string_view, std::vector<std::string_view>> names_;  // of Services, by namespace; sorted
  std::size_t looked_ = 0;
  std::set<std::string, std::less<>> lost_;  // namespaces
  bool unreadable_;
  base::Diagnostics& diagnostics_;
};

// ---- PC3007

class ServiceAddresses {
 public:
  explicit ServiceAddresses(const Cluster& cluster) : profile_(cluster.profile) {
    std::vector<net::Address> of_nodes;
    for (const Node& node : cluster.nodes)
      of_nodes.insert(of_nodes.end(), node.addresses.begin(), node.addresses.end());
    std::ranges::sort(of_nodes);
    const auto add = [&](const net::Address& address, bool planned, const Service& service, std::string_view what) {
      if (!planned && !std::ranges::binary_search(of_nodes, address)) entries_.push_back({address, &service, what});
    };
    for (const Service& service : cluster.services) {
      for (const LocatedAddress& ip : service.cluster_ips) add(ip.address, ip.planned, service, "cluster IP");
      for (const LocatedAddress& ip : service.external_ips) add(ip.address, ip.planned, service, "external IP");
      for (const LoadBalancerAddress& ip : service.load_balancer_ips) {
        if (ip.vip) add(ip.address, ip.planned, service, "balancer address");
      }
    }
    std::ranges::stable_sort(entries_, {}, &Entry::address);
  }

  // What the address is, to continue 'endpoint 10.96.0.20 …'; empty: nothing of a Service.
  [[nodiscard]] std::string describe(const net::Address& address) const {
    const auto found = std::ranges::lower_bound(entries_, address, {}, &Entry::address);
    if (found != entries_.end() && found->address == address) {
      return fmt::format("is the {} of {}", found->what,
                         base::ObjectRef{"Service", found->service->ns, found->service->name}.text());
    }
    if (!profile_.service_cidrs_given) return {};
    const auto holds = [&](const net::Prefix& range) { return range.contains(address); };
    const auto range = std::ranges::find_if(profile_.service_cidrs, holds);
    return range == profile_.service_cidrs.end() ? std::string{} : "lies in the Service range " + range->text();
  }

 private:
  struct Entry {
    net::Address address;
    const Service* service = nullptr;
    std::string_view what;
  };
  const Profile& profile_;
  std::vector<Entry> entries_;  // by address
};

class ChainedEndpoints {
 public:
  ChainedEndpoints(const Cluster& cluster, base::Diagnostics& diagnostics)
      : addresses_(cluster), diagnostics_(diagnostics) {}

  void check(const manifest::EndpointSlice& slice, const manifest::Object& object) {
    for (std::size_t i = 0; i < slice.endpoints.size(); ++i) {
      const std::vector<manifest::Text>& addresses = slice.endpoints[i].addresses;
      for (std::size_t k = 0; k < addresses.size(); ++k) {
        check(addresses[k], object, [&] { return fmt::format("endpoints[{}].addresses[{}]", i, k); });
      }
    }
  }

  void check(const manifest::Endpoints& endpoints, const manifest::Object& object) {
    for (std::size_t i = 0; i < endpoints.subsets.size(); ++i) {
      const auto check_list = [&](const std::vector<manifest::EndpointsAddress>& list, std::string_view name) {
        for (std::size_t k = 0; k < list.size(); ++k) {
          if (list[k].ip) check(*list[k].ip, object, [&] { return fmt::format("subsets[{}].{}[{}].ip", i, name, k); });
        }
      };
      check_list(endpoints.subsets[i].addresses, "addresses");
      check_list(endpoints.subsets[i].not_ready_addresses, "notReadyAddresses");
    }
  }

 private:
  template <class Field>
  void check(const manifest::Text& text, const manifest::Object& object, const Field& field) {
    const auto address = net::Address::parse_sloppy(text.value);
    if (!address) return;
    const std::string what = addresses_.describe(*address);
    if (what.empty()) return;
    base::Diagnostic& finding = diagnostics_.add(
        "PC3007", fmt::format("endpoint {} {}; Services do not chain", address->text(), what), text.span);
    finding.object = manifest::reference(object);
    finding.field = field();
    finding.hint = "point at the pods, or use type ExternalName";
  }

  ServiceAddresses addresses_;
  base::Diagnostics& diagnostics_;
};

}  // namespace

void report_nothing_to_join(const manifest::Input& input, base::Diagnostics& diagnostics) {
  std::set<std::string, std::less<>> with_workloads(input.other_workloads.begin(), input.other_workloads.end());
  std::set<std::string, std::less<>> with_services;
  std::map<std::string, Seekers> seekers;
  const auto provide = [&](const base::ObjectRef& object) {
    if (is_workload(object.kind)) with_workloads.insert(object.ns);
    if (object.kind == "Service") with_services.insert(object.ns);
  };
  std::ranges::for_each(input.lost, provide);
  for (const manifest::Object& object : input.objects) {
    const auto* service = std::get_if<manifest::Service>(&object.body);
    const bool ingress = std::holds_alternative<manifest::Ingress>(object.body);
    const base::ObjectRef reference = manifest::reference(object);
    provide(reference);
    if (!ingress && (service == nullptr || !selects(*service))) continue;
    Seekers& of = seekers[reference.ns];
    ++(ingress ? of.ingresses : of.services);
    const manifest::Object*& first = ingress ? of.first_ingress : of.first_service;
    if (first == nullptr) first = &object;
  }
  for (const auto& [ns, of] : seekers) {
    if (of.services > 0 && !with_workloads.contains(ns)) {
      report_seekers(*of.first_service, std::get<manifest::Service>(of.first_service->body).metadata,
                     fmt::format("{} of namespace `{}` {} pods, but the input has no workload of that namespace: joins "
                                 "are not checked",
                                 of.services == 1 ? "1 Service" : fmt::format("{} Services", of.services),
                                 base::printable(ns), of.services == 1 ? "selects" : "select"),
                     diagnostics);
    } else if (of.ingresses > 0 && !with_services.contains(ns)) {
      report_seekers(*of.first_ingress, std::get<manifest::Ingress>(of.first_ingress->body).metadata,
                     fmt::format("{} of namespace `{}` {} Services, but the input has none of that namespace: joins "
                                 "are not checked",
                                 of.ingresses == 1 ? "1 Ingress" : fmt::format("{} Ingresses", of.ingresses),
                                 base::printable(ns), of.ingresses == 1 ? "names" : "name"),
                     diagnostics);
    }
  }
}

void report_default_classes(const manifest::Input& input, base::Diagnostics& diagnostics) {
  constexpr std::string_view annotation = "ingressclass.kubernetes.io/is-default-class";
  const manifest::IngressClass* first = nullptr;
  std::string_view first_name;
  for (const manifest::Object& object : input.objects) {
    const auto* of = std::get_if<manifest::IngressClass>(&object.body);
    if (of == nullptr || of->metadata.annotations.get(annotation) != "true") continue;
    const std::string_view name = of->metadata.name ? std::string_view{of->metadata.name->value} : std::string_view{};
    if (first == nullptr) {
      first = of;
      first_name = name;
      continue;
    }
    if (name == first_name) continue;  // the same one twice (PC1009)
    base::Diagnostic& finding =
        diagnostics.add("PC2054",
                        fmt::format("`{}` and `{}` are both default; an Ingress without a class gets the younger one",
                                    base::printable(first_name), base::printable(name)),
                        of->metadata.annotations.find(annotation)->value.span);
    finding.object = manifest::reference(object);
    finding.field = fmt::format("metadata.annotations[{}]", annotation);
    finding.hint = "keep one";
    finding.related.push_back({fmt::format("IngressClass {}", base::printable(first_name)),
                               first->metadata.annotations.find(annotation)->value.span});
  }
}

void report_orphan_slices(const manifest::Input& input, const Inventory& inventory, base::Diagnostics& diagnostics) {
  Orphans orphans(input, inventory, diagnostics);
  for (const Given<manifest::EndpointSlice>& slice : inventory.slices) orphans.check(slice);
}

void report_chained_endpoints(const Inventory& inventory, const Cluster& cluster, base::Diagnostics& diagnostics) {
  ChainedEndpoints chained(cluster, diagnostics);
  for (const auto& slice : inventory.slices) chained.check(*slice.body, *slice.object);
  for (const auto& endpoints : inventory.endpoints) chained.check(*endpoints.body, *endpoints.object);
}

}  // namespace portcullis::cluster

#include "compiler/policy/destinations.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/pod_ports.hpp"

namespace portcullis::policy {

namespace {

bool within(const PortNumbers& numbers, std::uint16_t port) {
  return numbers.first <= port && port <= numbers.last;
}

bool fits(const std::optional<Port>& wanted, const cluster::ServicePort& port) {
  if (!wanted) return true;
  if (wanted->protocol && *wanted->protocol != port.protocol) return false;
  if (const auto* numbers = std::get_if<PortNumbers>(&wanted->value)) return within(*numbers, port.port);
  return std::get<std::string>(wanted->value) == port.name;
}

bool has_port(const cluster::Service& service, const std::optional<Port>& wanted) {
  return std::ranges::any_of(service.ports, [&](const cluster::ServicePort& port) { return fits(wanted, port); });
}

std::string described(const cluster::ServicePort& port) {
  std::string text = std::to_string(port.port);
  if (port.protocol != net::Protocol::tcp) text += fmt::format(" {}", net::lower_name(port.protocol));
  return port.name.empty() ? text : fmt::format("`{}` ({})", port.name, text);
}

std::string described(const std::vector<cluster::ServicePort>& ports) {
  std::vector<std::string> out;
  out.reserve(ports.size());
  for (const cluster::ServicePort& port : ports) out.push_back(described(port));
  return out.empty() ? "no ports" : fmt::format("port{} {}", out.size() == 1 ? "" : "s", base::list_text(out));
}

// No Service that was selected has the port.
void report_no_port(const std::vector<const KnownService*>& selected, const ServiceTarget& target, const Asker& asker) {
  const Port& port = *target.port;
  const auto* name = std::get_if<std::string>(&port.value);
  std::vector<std::string_view> names;
  for (const KnownService* known : selected) {
    for (const cluster::ServicePort& p : known->service->ports) names.push_back(p.name);
  }
  const std::string written(asker.sources.text(port.span));
  if (selected.size() > 1 && name == nullptr) {
    report_nothing(asker, port.span, fmt::format("none of the {} Services has such a port", selected.size()));
    return;
  }
  std::string message;
  if (selected.size() > 1) {
    message = fmt::format("none of the {} Services has the port `{}`", selected.size(), *name);
  } else {
    const cluster::Service& service = *selected.front()->service;
    message = fmt::format("no `{}`: Service {} has {}", written, service.id(), described(service.ports));
  }
  base::Diagnostic& finding =
      asker.diagnostics.add(name == nullptr ? "PC4002" : "PC4004", std::move(message), port.span);
  if (name == nullptr) return;
  if (const std::string_view near = base::nearest(*name, names); !near.empty())
    finding.hint = fmt::format("did you mean `{}`?", near);
}

// Nothing to prove about it here, though it exists.
std::optional<std::string> reason_against(const cluster::Service& service) {
  if (service.skipped) return "another proxy serves it (label service.kubernetes.io/service-proxy-name)";
  if (service.type == cluster::ServiceType::external_name)
    return fmt::format("it is another name for {}, and has no address", service.external_name);
  return std::nullopt;
}

// ---- Ingress

bool host_matches(std::string_view rule, std::string_view host) {
  if (rule.empty()) return true;
  if (!rule.starts_with("*.")) return rule == host;
  const std::size_t dot = host.find('.');  // the star is one label (Ingress API)
  return dot != std::string_view::npos && dot > 0 && host.substr(dot) == rule.substr(1);
}

// Whether `lower` is `top`, or below it.
bool at_or_below(std::string_view lower, std::string_view top) {
  if (top.ends_with('/')) top.remove_suffix(1);
  return lower.starts_with(top) && (lower.size() == top.size() || lower[top.size()] == '/');
}

// Whether the rule is about the path, or about one below it.
bool path_matches(const manifest::IngressPath& rule, std::string_view path) {
  const std::string_view own = rule.path ? std::string_view(rule.path->value) : "/";
  const std::string_view type = rule.path_type ? std::string_view(rule.path_type->value) : "";
  if (at_or_below(own, path)) return true;
  if (type == "Exact") return own == path;
  if (type != "Prefix") return true;  // the controller's own reading: nobody can say
  return at_or_below(path, own);
}

std::string folded(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// What the Ingresses of the input have for a host.
struct Routes {
  bool host = false, path = false;
  std::vector<std::string_view> hosts, paths;
};
Routes routes_of(const manifest::Input& input, const IngressTarget& target) {
  Routes out;
  for (const manifest::Object& object : input.objects) {
    const auto* ingress = std::get_if<manifest::Ingress>(&object.body);
    if (ingress == nullptr) continue;
    if (ingress->default_backend) out.host = out.path = true;
    for (const manifest::IngressRule& rule : ingress->rules) {
      const std::string_view host = rule.host ? std::string_view(rule.host->value) : "";
      out.hosts.push_back(host);
      if (!host_matches(host, folded(target.host.value))) continue;
      out.host = true;
      for (const manifest::IngressPath& path : rule.paths) {
        if (path.path) out.paths.push_back(path.path->value);
        out.path = out.path || !target.path || path_matches(path, target.path->value);
      }
    }
  }
  return out;
}

// ---- one kind of target each

class Resolver {
 public:
  Resolver(const Objects& objects, bool keeps_out, const Asker& asker)
      : objects_(objects), keeps_out_(keeps_out), asker_(asker) {}

  std::optional<Resolved> run(const Targets& targets) {
    bool whole = true;
    for (const Located<Target>& target : targets) {
      span_ = target.span;
      whole = std::visit([&](const auto& t) { return add(t); }, target.value) && whole;
    }
    return whole ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  bool add(const ServiceTarget& target) {
    const auto selected = select_services(objects_, target.selection, asker_);
    if (!selected) return false;
    bool any_port = false;
    for (const KnownService* known : *selected) {
      const cluster::Service& service = *known->service;
      if (const auto reason = reason_against(service)) {
        // Among many, a mere name is nothing that could be reached here.
        const bool meant = service.skipped ? has_port(service, target.port) : target.selection.names_object();
        if (meant) out_.undecided.push_back({service.id(), *reason});
        any_port = any_port || meant;
        continue;
      }
      for (const cluster::ServicePort& port : service.ports) {
        if (!fits(target.port, port)) continue;
        any_port = true;
        out_.destinations.push_back(ServiceDestination{&service, &port, frontends_of(service, port)});
      }
    }
    if (any_port) return true;
    if (target.port) {
      report_no_port(*selected, target, asker_);
    } else {
      report_nothing(asker_, span_, "a Service without ports has no traffic");
    }
    return false;
  }

  bool add(const PodTarget& target) {
    const auto selected = select_pods(objects_, target.selection, asker_);
    if (!selected) return false;
    std::vector<PodDestination> of_workload;
    std::map<base::ObjectRef, std::vector<std::size_t>> groups;  // places in it
    std::size_t with_address = 0;
    for (const KnownPod* known : *selected) {
      if (known->pod->addresses.empty()) continue;
      ++with_address;
      const PortSet ports = ports_of(*known, target.port);
      if (ports.empty()) continue;
      auto& group = groups[known->pod->workload];
      const auto same = [&](std::size_t i) { return of_workload[i].ports == ports; };
      auto found = std::ranges::find_if(group, same);
      if (found == group.end()) {
        found = group.insert(group.end(), of_workload.size());
        of_workload.push_back({known->pod->workload, {}, ports});
      }
      of_workload[*found].pods.push_back(known->pod);
    }
    if (of_workload.empty()) {
      report_no_pod(*selected, with_address, target);
      return false;
    }
    std::ranges::move(of_workload, std::back_inserter(out_.destinations));
    return true;
  }

  // Numbers are taken as they are: a pod can listen on ports that it does not declare.
  static PortSet ports_of(const KnownPod& known, const std::optional<Port>& wanted) {
    if (!wanted) return PortSet::all();
    PortSet out;
    if (const auto* numbers = std::get_if<PortNumbers>(&wanted->value)) {
      out.add(*numbers, wanted->protocol);
      return out;
    }
    if (known.spec == nullptr) return out;
    manifest::IntOrString name;
    name.text = std::get<std::string>(wanted->value);
    for (const net::Protocol protocol : service_protocols) {
      if (wanted->protocol && *wanted->protocol != protocol) continue;
      if (const auto number = cluster::find_target_port(*known.spec, name, protocol))
        out.add({*number, *number}, protocol);
    }
    return out;
  }

  void report_no_pod(const std::vector<const KnownPod*>& selected, std::size_t with_address, const PodTarget& target) {
    if (with_address == 0) {
      report_nothing(asker_, span_, "none of these pods has an address");
      return;
    }
    std::vector<std::string_view> names;
    for (const KnownPod* known : selected) {
      if (known->spec == nullptr) continue;
      for (const manifest::Container& container : known->spec->containers) {
        for (const manifest::ContainerPort& port : container.ports) {
          if (port.name) names.push_back(port.name->value);
        }
      }
    }
    const auto& name = std::get<std::string>(target.port->value);
    base::Diagnostic& finding = asker_.diagnostics.add(
        "PC4004", fmt::format("no container of these pods has a port `{}`", name), target.port->span);
    if (const std::string_view near = base::nearest(name, names); !near.empty())
      finding.hint = fmt::format("did you mean `{}`?", near);
  }

  bool add(const NodePortTarget& target) {
    const std::size_t before = out_.destinations.size();
    for (const KnownService& known : objects_.services()) {
      const cluster::Service& service = *known.service;
      if (!service.programmed()) continue;
      for (const cluster::ServicePort& port : service.ports) {
        if (port.node_port == 0 || (target.numbers && !within(*target.numbers, port.node_port))) continue;
        if (target.protocol && *target.protocol != port.protocol) continue;
        std::vector<Frontend> frontends = frontends_of(service, port);
        std::erase_if(frontends, [](const Frontend& f) { return f.kind != FrontendKind::node_port; });
        out_.destinations.push_back(ServiceDestination{&service, &port, std::move(frontends)});
      }
    }
    if (keeps_out_ || out_.destinations.size() > before) return true;
    report_nothing(asker_, span_, "no Service has such a node port");
    return false;
  }

  bool add(const AddressTarget& target) {
    AddressDestination out{target.address, PortSet::all(), {}, {}};
    if (target.port) {
      out.ports = {};
      out.ports.add(std::get<PortNumbers>(target.port->value), target.port->protocol);
    }
    const cluster::Cluster& cluster = objects_.cluster();
    const auto has_it = [&](const auto& owner) {
      return std::ranges::find(owner.addresses, target.address) != owner.addresses.end();
    };
    const auto node = std::ranges::find_if(cluster.nodes, has_it);
    for (const cluster::Service& service : cluster.services) {
      if (!service.programmed()) continue;
      for (const cluster::ServicePort& port : service.ports) {
        for (const Frontend& f : frontends_of(service, port)) {
          const bool here = f.address ? *f.address == target.address : node != cluster.nodes.end();
          if (!here) continue;
          if (f.address) out.owner = "Service " + service.id();
          if (out.ports.contains(f.protocol, f.port)) out.frontends.push_back(f);
        }
      }
    }
    if (const auto pod = std::ranges::find_if(cluster.pods, has_it); pod != cluster.pods.end() && out.owner.empty())
      out.owner = fmt::format("Pod {}/{}", pod->ns, pod->name);
    if (node != cluster.nodes.end()) out.owner = "Node " + node->name;
    out_.destinations.push_back(std::move(out));
    return true;
  }

  bool add(const IngressTarget& target) {
    const Routes routes = routes_of(objects_.input(), target);
    if (!routes.host) {
      report_unknown(asker_, "Ingress host", target.host.value, target.host.span, routes.hosts);
      return false;
    }
    if (!routes.path) {
      const std::string& path = target.path ? target.path->value : target.host.value;
      report_unknown(asker_, "Ingress path", path, target.path ? target.path->span : target.host.span, routes.paths);
      return false;
    }
    RequestDestination out{folded(target.host.value), target.path ? target.path->value : "", {}, target.host.span};
    if (out.path.size() > 1 && out.path.ends_with('/')) out.path.pop_back();
    out_.requests.push_back(std::move(out));
    return true;
  }

  const Objects& objects_;
  bool keeps_out_;
  const Asker& asker_;
  SourceSpan span_;
  Resolved out_;
};

// ---- exceptions

// Everything that exceptions mean, by address; node ports and headless Services apart.
class Taken {
 public:
  explicit Taken(const std::vector<Destination>& destinations) {
    for (const Destination& d : destinations) std::visit([&](const auto& one) { add(one); }, d);
  }

  [[nodiscard]] bool has(const Frontend& f) const {
    if (!f.address) return node_ports_.contains(f.service_port);
    const PortSet* ports = at(*f.address);
    return ports != nullptr && ports->contains(f.protocol, f.port);
  }
  [[nodiscard]] bool has(const cluster::ServicePort* headless) const { return headless_.contains(headless); }
  void take_at(const net::Address& address, PortSet& ports) const {
    if (const PortSet* taken = at(address)) ports.subtract(*taken);
  }

 private:
  void add(const ServiceDestination& d) {
    if (d.frontends.empty()) headless_.insert(d.port);
    for (const Frontend& f : d.frontends) {
      if (!f.address) node_ports_.insert(f.service_port);
      if (f.address) at_[*f.address].add({f.port, f.port}, f.protocol);
    }
    // Who excepts a Service excepts the way through it to its pods.
    for (const cluster::Endpoint& e : d.port->endpoints) at_[e.address].add({e.port, e.port}, d.port->protocol);
  }
  void add(const PodDestination& d) {
    for (const cluster::Pod* pod : d.pods) {
      for (const net::Address& address : pod->addresses) at_[address].add(d.ports);
    }
  }
  void add(const AddressDestination& d) { at_[d.address].add(d.ports); }
  void add(const DoorsDestination& d) {
    for (const auto& [address, port] : d.doors) at_[address].add({port, port}, net::Protocol::tcp);
  }

  [[nodiscard]] const PortSet* at(const net::Address& address) const {
    const auto found = at_.find(address);
    return found == at_.end() ? nullptr : &found->second;
  }

  std::map<net::Address, PortSet> at_;
  std::set<const cluster::ServicePort*> node_ports_, headless_;  // looked up only, never listed
};

void leave(ServiceDestination destination, const Taken& taken, std::vector<Destination>& out) {
  const bool headless = destination.frontends.empty();
  std::erase_if(destination.frontends, [&](const Frontend& f) { return taken.has(f); });
  if (headless ? !taken.has(destination.port) : !destination.frontends.empty())
    out.emplace_back(std::move(destination));
}

void leave(const PodDestination& destination, const Taken& taken, std::vector<Destination>& out) {
  std::vector<PodDestination> left;
  for (const cluster::Pod* pod : destination.pods) {
    PortSet ports = destination.ports;
    for (const net::Address& address : pod->addresses) taken.take_at(address, ports);
    if (ports.empty()) continue;
    auto found = std::ranges::find(left, ports, &PodDestination::ports);
    if (found == left.end()) found = left.insert(left.end(), PodDestination{destination.workload, {}, ports});
    found->pods.push_back(pod);
  }
  std::ranges::move(left, std::back_inserter(out));
}

void leave(AddressDestination destination, const Taken& taken, std::vector<Destination>& out) {
  taken.take_at(destination.address, destination.ports);
  std::erase_if(destination.frontends, [&](const Frontend& f) { return taken.has(f); });
  if (!destination.ports.empty()) out.emplace_back(std::move(destination));
}

void leave(DoorsDestination destination, const Taken&, std::vector<Destination>& out) {
  out.emplace_back(std::move(destination));
}

}  // namespace

std::vector<Frontend> frontends_of(const cluster::Service& service, const cluster::ServicePort& port) {
  std::vector<Frontend> out;
  if (!service.programmed()) return out;
  const auto add = [&](FrontendKind kind, const net::Address& address, SourceSpan span) {
    out.push_back({kind, address, port.protocol, port.port, &service, &port, span});
  };
  for (const cluster::LocatedAddress& a : service.cluster_ips) add(FrontendKind::cluster_ip, a.address, a.span);
  for (const cluster::LocatedAddress& a : service.external_ips) add(FrontendKind::external_ip, a.address, a.span);
  for (const cluster::LoadBalancerAddress& a : service.load_balancer_ips)
    add(FrontendKind::load_balancer, a.address, a.span);
  if (port.node_port != 0) {
    out.push_back(
        {FrontendKind::node_port, std::nullopt, port.protocol, port.node_port, &service, &port, port.node_port_span});
  }
  return out;
}

std::string name_of(const Destination& destination) {
  struct Visitor {
    std::string operator()(const ServiceDestination& d) const { return service_port_name(*d.service, *d.port); }
    std::string operator()(const PodDestination& d) const { return d.workload.text(); }
    std::string operator()(const AddressDestination& d) const { return d.address.text(); }
    std::string operator()(const DoorsDestination& d) const { return d.owner; }
  };
  return std::visit(Visitor{}, destination);
}

std::string name_of(const RequestDestination& destination) {
  return "ingress " + destination.host + destination.path;
}

std::optional<Resolved> resolve(const Targets& targets, bool keeps_out, const Objects& objects, const Asker& asker) {
  return Resolver(objects, keeps_out, asker).run(targets);
}

std::vector<Destination> without(std::vector<Destination> from, const std::vector<Destination>& excepted) {
  if (excepted.empty()) return from;
  const Taken taken(excepted);
  std::vector<Destination> out;
  for (Destination& destination : from) std::visit([&](auto& d) { leave(std::move(d), taken, out); }, destination);
  return out;
}

std::vector<RequestDestination> without(std::vector<RequestDestination> from,
                                        const std::vector<RequestDestination>& excepted) {
  const auto covered = [&](const RequestDestination& d) {
    return std::ranges::any_of(excepted, [&](const RequestDestination& e) {
      return e.host == d.host && (e.path.empty() || (!d.path.empty() && at_or_below(d.path, e.path)));
    });
  };
  std::erase_if(from, covered);
  for (RequestDestination& destination : from) {
    for (const RequestDestination& e : excepted) {
      if (e.host == destination.host && (destination.path.empty() || at_or_below(e.path, destination.path)))
        destination.except.push_back(e.path);
    }
  }
  return from;
}

std::optional<std::vector<MatchedPort>> match_ports(const ServiceTarget& target, const Objects& objects,
                                                    const Asker& asker) {
  const auto selected = select_services(objects, target.selection, asker);
  if (!selected) return std::nullopt;
  std::vector<MatchedPort> out;
  for (const KnownService* known : *selected) {
    for (const cluster::ServicePort& port : known->service->ports) {
      if (fits(target.port, port)) out.push_back({known->service, &port});
    }
  }
  if (!out.empty()) return out;
  if (target.port) {
    report_no_port(*selected, target, asker);
  } else {
    report_nothing(asker, target.selection.span, "a Service without ports has no traffic");
  }
  return std::nullopt;
}

}  // namespace portcullis::policy

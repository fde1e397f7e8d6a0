// Reference 3.2–3.5 as a program. The order of this file is the order of that text: frontends, their outcomes, what is
// left for the check stage, hygiene.

#include "compiler/ir/l4/build.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/format.h>

#include "compiler/ir/l4/select.hpp"
#include "compiler/ir/l4/surroundings.hpp"

namespace portcullis::ir {

namespace {

using cluster::Service;
using cluster::ServicePort;
using cluster::TrafficPolicy;
using net::Address;
using net::Family;
using net::Prefix;

constexpr Hooks all_hooks{true, true, true};

// A (address, protocol, port) that somebody owns, and what is to become of its packets. Frontends that are not served
// here have no outcomes but a refusal.
struct Frontend {
  Table table{};
  FrontendKind kind{};
  RouteKey key;
  std::string owner;
  Origin origin;
  std::vector<GuardedOutcome> outcomes;  // empty: no route
  std::optional<Verdict> refusal;        // of what is left untranslated
};

class Builder {
 public:
  Builder(const cluster::Cluster& cluster, const cluster::Node& node, Family family)
      : profile_(cluster.profile),
        node_(node),
        cluster_(cluster),
        nftables_(cluster.profile.dialect == Dialect::nftables) {
    p_.node = node.name;
    p_.family = family;
    p_.dialect = profile_.dialect;
    p_.mark = std::uint32_t{1} << static_cast<unsigned>(profile_.masquerade_bit);
    p_.detector = detector(profile_, node, family);
    p_.accepted = accepted_addresses(profile_, node, family);
    p_.tcp_be_liberal = profile_.conntrack_tcp_be_liberal;
    p_.local_addresses = local_addresses(node, family);
  }

  Program build() {
    for (const Service& service : cluster_.services) {
      if (service.programmed() && service.cluster_ip(p_.family) != nullptr) add_service(service);
    }
    if (profile_.emit_host_ports) {
      for (const cluster::HostPort& h : node_.host_ports) {
        if (h.pod_ip.family() == p_.family) add_host_port(h);
      }
    }
    p_.route_localnet = needs_route_localnet();
    add_routes();
    add_checks();
    add_udp_cleanup();
    sort_pools();
    sort_ranges();
    return std::move(p_);
  }

 private:
  bool has_detector() const { return !std::holds_alternative<NoDetector>(p_.detector); }

  // ---- Services

  void add_service(const Service& service) {
    const std::optional<RangesId> ranges = source_ranges(service);
    for (const ServicePort& port : service.ports) add_service_port(service, port, ranges);
    add_health_check(service);
    cluster_ips_.push_back({service.cluster_ip(p_.family)->address, &service});
  }

  void add_service_port(const Service& service, const ServicePort& port, std::optional<RangesId> ranges) {
    const std::string owner = cluster::service_port_name(service, port);
    const bool externally_accessible = port.node_port != 0 || has_external_address(service);
    const Selection selection = select(service, port, node_, p_.family, externally_accessible);
    const std::optional<PoolId> pool = add_pool(owner, port, selection);
    const std::vector<GuardedOutcome> external = external_outcomes(service, selection, pool);
    const auto refusal = [&](bool served) -> std::optional<Verdict> {
      if (served) return {};
      return selection.has_any ? Verdict::drop : Verdict::reject;
    };
    const auto frontend = [&](FrontendKind kind, std::optional<Address> address, std::uint16_t number,
                              Origin origin) -> Frontend& {
      return frontends_.emplace_back(Frontend{kind == FrontendKind::node_port ? Table::node_port : Table::service,
                                              kind,
                                              {std::move(address), port.protocol, number},
                                              owner,
                                              std::move(origin),
                                              {},
                                              refusal(selection.has_external)});
    };

    Frontend& internal = frontend(FrontendKind::cluster_ip, service.cluster_ip(p_.family)->address, port.port,
                                  origin(service, fmt::format("spec.ports[{}].port", port.index), port.port_span));
    internal.refusal = refusal(selection.has_internal);
    if (selection.has_internal) internal.outcomes = {internal_outcome(service, *pool)};

    for (std::size_t i = 0; i < service.external_ips.size(); ++i) {
      const cluster::LocatedAddress& a = service.external_ips[i];
      if (a.address.family() != p_.family) continue;
      frontend(FrontendKind::external_ip, a.address, port.port,
               origin(service, fmt::format("spec.externalIPs[{}]", i), a.span))
          .outcomes = external;
    }
    for (std::size_t i = 0; i < service.load_balancer_ips.size(); ++i) {
      const cluster::LoadBalancerAddress& a = service.load_balancer_ips[i];
      if (a.address.family() != p_.family || !a.vip) continue;
      Frontend& vip = frontend(FrontendKind::load_balancer, a.address, port.port,
                               origin(service, fmt::format("status.loadBalancer.ingress[{}]", i), a.span));
      vip.outcomes = external;
      if (ranges) guard_by_ranges(vip, *ranges, selection.has_any);
    }
    if (port.node_port != 0) {
      frontend(FrontendKind::node_port, {}, port.node_port,
               origin(service, fmt::format("spec.ports[{}].nodePort", port.index), port.node_port_span))
          .outcomes = external;
    }
  }

  bool has_external_address(const Service& service) const {
    return std::ranges::any_of(service.external_ips, [&](const auto& a) { return a.address.family() == p_.family; }) ||
           std::ranges::any_of(service.load_balancer_ips,
                               [&](const auto& a) { return a.vip && a.address.family() == p_.family; });
  }

  static Origin origin(const Service& service, std::string field, base::SourceSpan span) {
    return {"Service " + service.id(), std::move(field), span.known() ? span : service.span};
  }

  std::optional<PoolId> add_pool(const std::string& owner, const ServicePort& port, const Selection& s) {
    Pool pool{owner, port.protocol, {}};
    const auto add = [&](const cluster::Endpoint& e, bool local_only) {
      const bool local = !e.node.empty() && e.node == node_.name;
      pool.entries.push_back({e.address, e.port, 1, local, local_only});
    };
    for (const cluster::Endpoint* e : s.cluster_set) add(*e, false);
    for (const cluster::Endpoint* e : s.local_set) {
      if (std::ranges::find(s.cluster_set, e) == s.cluster_set.end()) add(*e, s.uses_cluster);
    }
    if (pool.entries.empty()) return {};
    // The cluster set comes sorted; what is in the local set alone has to be merged into it.
    if (!s.local_set.empty()) std::ranges::sort(pool.entries, {}, &PoolEntry::text);
    p_.pools.push_back(std::move(pool));
    return static_cast<PoolId>(p_.pools.size() - 1);
  }

  GuardedOutcome internal_outcome(const Service& service, PoolId pool) const {
    Masquerade masquerade = has_detector() ? Masquerade::off_cluster : Masquerade::never;
    if (profile_.masquerade_all) masquerade = Masquerade::always;
    return {SourceIs::any, 0,
            Balance{pool, service.internal_policy == TrafficPolicy::local, masquerade, service.affinity_seconds}};
  }

  // Reference 3.5.2, table EXTERNAL; pod before node.
  std::vector<GuardedOutcome> external_outcomes(const Service& service, const Selection& s,
                                                std::optional<PoolId> pool) const {
    if (!s.has_any || !pool) return {};
    const auto balance = [&](SourceIs source, bool local_set, Masquerade masquerade) {
      return GuardedOutcome{source, 0, Balance{*pool, local_set, masquerade, service.affinity_seconds}};
    };
    if (service.external_policy == TrafficPolicy::cluster) return {balance(SourceIs::any, false, Masquerade::always)};
    std::vector<GuardedOutcome> out;
    if (has_detector()) out.push_back(balance(SourceIs::pod, false, Masquerade::never));
    out.push_back(balance(SourceIs::node, false, Masquerade::always));
    if (s.has_external) {
      out.push_back(balance(SourceIs::any, true, Masquerade::never));
    } else if (nftables_) {
      out.push_back({SourceIs::any, 0, Stop{}});
    } else {
      out.push_back({SourceIs::any, 0, Fall{}});
    }
    return out;
  }

  // ---- source ranges (reference 3.5.1, 3.5.3)

  std::optional<RangesId> source_ranges(const Service& service) {
    std::vector<Prefix> sources;
    bool holds_node = false;
    for (const auto& range : service.source_ranges) {
      if (range.value.family() != p_.family) continue;
      sources.push_back(range.value);
      const auto& primary = node_.primary(p_.family);
      holds_node = holds_node || (primary && range.value.contains(*primary));
    }
    if (sources.empty()) return {};
    for (const auto& a : service.load_balancer_ips) {
      // A node that owns the VIP uses it as source.
      if (holds_node && a.vip && a.address.family() == p_.family) sources.push_back(Prefix::host(a.address));
    }
    p_.ranges.push_back({service.id(), net::PrefixSet(std::move(sources))});
    return static_cast<RangesId>(p_.ranges.size() - 1);
  }

  void guard_by_ranges(Frontend& vip, RangesId ranges, bool has_any) {
    if (nftables_) {
      p_.pre.push_back({vip.key, ranges, vip.owner, vip.origin});
      return;
    }
    if (!has_any) return;  // dialect iptables has no range check without endpoints
    vip.outcomes.insert(vip.outcomes.begin(), {SourceIs::outside, ranges, Fall{}});
    range_drops_.push_back(
        {vip.owner, all_hooks, States::fresh, ToFrontend{vip.key, ranges}, Verdict::drop, vip.origin, false});
  }

  // ---- host ports (reference 3.8)

  void add_host_port(const cluster::HostPort& h) {
    std::optional<Address> host_ip = h.host_ip;
    if (host_ip && host_ip->is_unspecified()) host_ip.reset();
    if (host_ip && host_ip->family() != p_.family) return;
    const RouteKey key{host_ip, h.protocol, h.host_port};
    const std::string name =
        fmt::format("{} host-port {}{}{}", h.owner, h.host_port,
                    h.protocol == net::Protocol::tcp ? "" : fmt::format("/{}", lower_name(h.protocol)),
                    host_ip ? " on " + host_ip->text() : "");
    std::vector<Prefix> masqueraded;
    if (h.pod_net) masqueraded.push_back(*h.pod_net);
    if (p_.family == Family::ipv4) masqueraded.push_back(Prefix::host(Address::v4(0x7F000001)));

    p_.pools.push_back({name, h.protocol, {{h.pod_ip, h.container_port, 1, true, false}}});
    const auto pool = static_cast<PoolId>(p_.pools.size() - 1);
    std::vector<GuardedOutcome> outcomes;
    if (!masqueraded.empty()) {
      p_.ranges.push_back({name, net::PrefixSet(std::move(masqueraded))});
      outcomes.push_back({SourceIs::inside, static_cast<RangesId>(p_.ranges.size() - 1),
                          Balance{pool, false, Masquerade::always, {}}});
    }
    outcomes.push_back({SourceIs::any, 0, Balance{pool, false, Masquerade::never, {}}});
    frontends_.push_back({Table::host_port,
                          FrontendKind::host_port,
                          key,
                          h.owner,
                          {h.owner, "hostPort", h.span},
                          std::move(outcomes),
                          {}});
  }

  // Packets to 127.0.0.1 that are translated leave by an interface: the kernel calls them martians unless told
  // otherwise.
  bool needs_route_localnet() const {
    if (p_.family != Family::ipv4) return false;
    const bool node_ports =
        p_.accepted.every_local ? p_.accepted.loopback : p_.accepts_node_port(Address::v4(0x7F000001));
    return node_ports || std::ranges::any_of(frontends_, [](const Frontend& f) {
             return f.table == Table::host_port && (!f.key.address || f.key.address->is_loopback());
           });
  }

  // ---- routes and conflicts

  // Groups frontends by key. One owner may name a key twice (an external address that is its balancer's too): the first
  // kind holds, as the first rule does in kube-proxy. Two owners are a conflict, served or not.
  void add_routes() {
    std::vector<const Frontend*> order;
    order.reserve(frontends_.size());
    for (const Frontend& f : frontends_) order.push_back(&f);
    std::ranges::stable_sort(order, [](const Frontend* a, const Frontend* b) {
      return std::tie(a->table, a->key, a->owner, a->kind) < std::tie(b->table, b->key, b->owner, b->kind);
    });
    for (auto it = order.begin(); it != order.end();) {
      const auto end = std::find_if(
          it, order.end(), [&](const Frontend* f) { return f->table != (*it)->table || f->key != (*it)->key; });
      add_route(std::vector<const Frontend*>(it, end));
      it = end;
    }
    mark_host_port_rivals();
  }

  void add_route(const std::vector<const Frontend*>& claimants) {
    const Frontend& first = *claimants.front();
    std::vector<std::string> rivals;
    for (const Frontend* f : claimants) {
      if (f->owner != first.owner && (rivals.empty() || rivals.back() != f->owner)) rivals.push_back(f->owner);
    }
    if (first.outcomes.empty() && rivals.empty()) {
      refused_.push_back(&first);
      return;
    }
    Route route{first.table, first.kind, first.key, first.owner, first.outcomes, first.origin, std::move(rivals)};
    if (route.outcomes.empty()) route.outcomes.push_back({SourceIs::any, 0, Stop{}});
    if (route.rivals.empty() && first.refusal) refused_.push_back(&first);
    p_.routes.push_back(std::move(route));
  }

  // A host port on every address takes what a host port on one address takes (the scheduler's rule).
  void mark_host_port_rivals() {
    for (Route& a : p_.routes) {
      if (a.table != Table::host_port) continue;
      for (const Frontend& b : frontends_) {
        if (b.table == Table::host_port && b.owner != a.owner && b.key.protocol == a.key.protocol &&
            b.key.port == a.key.port && (!b.key.address || !a.key.address) &&
            std::ranges::find(a.rivals, b.owner) == a.rivals.end()) {
          a.rivals.push_back(b.owner);
        }
      }
      std::ranges::sort(a.rivals);
    }
  }

  // ---- check stage (reference 3.5.5, 3.5.6, 3.9)

  void add_checks() {
    std::ranges::sort(p_.pre, {}, &RangeCheck::key);
    if (nftables_) {
      add_nftables_checks();
    } else {
      add_iptables_checks();
    }
    if (profile_.forward_policy == cluster::ForwardPolicy::drop) {
      p_.checks.push_back({"foreign policy",
                           {false, true, false},
                           States::any,
                           AnyPacket{},
                           Verdict::drop,
                           {"profile", "spec.forwardPolicy", {}},
                           true});
    }
  }

  void add_refusals(Table table, Hooks hooks, Hooks cluster_ip_hooks) {
    for (const Frontend* f : refused_) {
      if (f->table != table) continue;
      Check check{f->owner,      f->kind == FrontendKind::cluster_ip ? cluster_ip_hooks : hooks,
                  States::fresh, AnyPacket{},
                  *f->refusal,   f->origin,
                  false};
      if (table == Table::node_port) {
        check.match = ToNodePort{f->key.protocol, f->key.port, !nftables_};
      } else {
        check.match = ToFrontend{f->key, {}};
      }
      p_.checks.push_back(std::move(check));
    }
  }

  void add_nftables_checks() {
    if (p_.route_localnet) add_martian();
    add_refusals(Table::node_port, {true, false, false}, {});
    add_refusals(Table::service, all_hooks, all_hooks);
    constexpr Hooks hygiene{false, true, true};
    std::ranges::sort(cluster_ips_, {}, &ClusterIp::address);
    for (const ClusterIp& c : cluster_ips_) {
      p_.checks.push_back({"hygiene " + c.service->id(), hygiene, States::fresh, ToAddress{c.address}, Verdict::reject,
                           origin(*c.service, "spec.clusterIP", c.service->cluster_ip(p_.family)->span), false});
    }
    if (!profile_.service_cidrs_known) return;
    for (const Prefix& cidr : profile_.service_cidrs) {
      if (cidr.family() != p_.family) continue;
      p_.checks.push_back({"hygiene",
                           hygiene,
                           States::fresh,
                           ToPrefix{cidr},
                           Verdict::drop,
                           {"profile", "spec.serviceCIDRs", {}},
                           false});
    }
  }

  void add_iptables_checks() {
    constexpr Hooks forward{false, true, false};
    if (p_.route_localnet) add_martian();
    std::ranges::move(range_drops_, std::back_inserter(p_.checks));
    std::ranges::move(health_checks_, std::back_inserter(p_.checks));
    if (!p_.tcp_be_liberal) {
      p_.checks.push_back({"invalid",
                           forward,
                           States::invalid,
                           AnyPacket{},
                           Verdict::drop,
                           {"profile", "spec.conntrackTCPBeLiberal", {}},
                           false});
    }
    p_.checks.push_back({"masquerade mark",
                         forward,
                         States::any,
                         Marked{},
                         Verdict::accept,
                         {"profile", "spec.masqueradeBit", {}},
                         false});
    p_.checks.push_back({"established",
                         forward,
                         States::established_or_related,
                         AnyPacket{},
                         Verdict::accept,
                         {"profile", "", {}},
                         false});
    add_refusals(Table::service, {true, true, false}, {false, true, true});
    add_refusals(Table::node_port, {true, true, false}, {});
  }

  void add_martian() {
    p_.checks.push_back({"martian",
                         {true, false, true},
                         States::any,
                         Martian{},
                         Verdict::drop,
                         {"profile", "spec.localhostNodePorts", {}},
                         false});
  }

  void add_health_check(const Service& service) {
    if (nftables_ || service.health_check_node_port == 0) return;
    health_checks_.push_back({"health " + service.id(),
                              {true, false, false},
                              States::any,
                              ToNodePort{net::Protocol::tcp, service.health_check_node_port, true},
                              Verdict::accept,
                              origin(service, "spec.healthCheckNodePort", service.health_check_span),
                              false});
  }

  // ---- the rest

  void add_udp_cleanup() {
    for (const cluster::ConntrackRule& r : cluster::conntrack_rules(cluster_)) {
      if (r.family == p_.family) p_.udp_cleanup.push_back({r.dst, r.dport, r.keep, r.owner});
    }
  }

  // Sorts by name and leaves out what no route uses.
  void sort_pools() {
    std::vector<char> used(p_.pools.size());
    for_each_balance([&](Balance& b) { used[b.pool] = 1; });
    std::vector<PoolId> order;
    for (PoolId i = 0; i < p_.pools.size(); ++i) {
      if (used[i] != 0) order.push_back(i);
    }
    std::ranges::stable_sort(order, {}, [&](PoolId i) -> const std::string& { return p_.pools[i].name; });
    std::vector<PoolId> place(p_.pools.size());
    std::vector<Pool> sorted;
    sorted.reserve(order.size());
    for (const PoolId i : order) {
      place[i] = static_cast<PoolId>(sorted.size());
      sorted.push_back(std::move(p_.pools[i]));
    }
    p_.pools = std::move(sorted);
    for_each_balance([&](Balance& b) { b.pool = place[b.pool]; });
  }

  template <class F>
  void for_each_balance(F f) {
    for (Route& r : p_.routes) {
      for (GuardedOutcome& g : r.outcomes) {
        if (auto* b = std::get_if<Balance>(&g.outcome)) f(*b);
      }
    }
  }

  template <class F>
  void for_each_ranges(F f) {
    for (RangeCheck& r : p_.pre) f(r.ranges);
    for (Route& r : p_.routes) {
      for (GuardedOutcome& g : r.outcomes) {
        if (g.source == SourceIs::inside || g.source == SourceIs::outside) f(g.ranges);
      }
    }
    for (Check& c : p_.checks) {
      if (auto* to = std::get_if<ToFrontend>(&c.match); to != nullptr && to->unless_from) f(*to->unless_from);
    }
  }

  void sort_ranges() {
    std::vector<char> used(p_.ranges.size());
    for_each_ranges([&](RangesId& id) { used[id] = 1; });
    std::vector<RangesId> order;
    for (RangesId i = 0; i < p_.ranges.size(); ++i) {
      if (used[i] != 0) order.push_back(i);
    }
    std::ranges::stable_sort(order, {}, [&](RangesId i) -> const std::string& { return p_.ranges[i].name; });
    std::vector<RangesId> place(p_.ranges.size());
    std::vector<Ranges> sorted;
    for (const RangesId i : order) {
      place[i] = static_cast<RangesId>(sorted.size());
      sorted.push_back(std::move(p_.ranges[i]));
    }
    p_.ranges = std::move(sorted);
    for_each_ranges([&](RangesId& id) { id = place[id]; });
  }

  struct ClusterIp {
    Address address;
    const Service* service = nullptr;
  };

  const cluster::Profile& profile_;
  const cluster::Node& node_;
  const cluster::Cluster& cluster_;
  bool nftables_;
  Program p_;
  std::vector<Frontend> frontends_;
  std::vector<const Frontend*> refused_;  // in order of table, key
  std::vector<Check> range_drops_, health_checks_;
  std::vector<ClusterIp> cluster_ips_;
};

}  // namespace

Program build(const cluster::Cluster& cluster, const cluster::Node& node, Family family) {
  return Builder(cluster, node, family).build();
}

std::vector<Family> families(const cluster::Cluster& cluster, const cluster::Node& node) {
  std::vector<Family> out;
  for (const Family family : net::all_families) {
    const bool used =
        std::ranges::any_of(node.addresses, [&](const Address& a) { return a.family() == family; }) ||
        std::ranges::any_of(node.host_ports, [&](const auto& h) { return h.pod_ip.family() == family; }) ||
        std::ranges::any_of(cluster.services,
                            [&](const Service& s) { return s.programmed() && s.cluster_ip(family) != nullptr; });
    if (used) out.push_back(family);
  }
  return out;
}

}  // namespace portcullis::ir

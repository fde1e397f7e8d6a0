// Balancer addresses for Services that wait for one: what a controller in charge of the profile's pool would give. A
// Service without a matching balancer stays without an address and behaves like one of type NodePort (reference 1.1).
#include <algorithm>

#include <fmt/format.h>

#include "compiler/cluster/allocation.hpp"
#include "compiler/cluster/ranges.hpp"
#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

namespace {

struct Pool {
  explicit Pool(const net::Prefix& p) : prefix(p), slots(address_count(p), 0) {}
  net::Prefix prefix;
  SlotMap slots;
};

class BalancerAllocator {
 public:
  BalancerAllocator(Allocation& allocation, const LoadBalancerPool& balancer) : a_(allocation), balancer_(balancer) {
    for (const net::Prefix& prefix : balancer.pool) pools_.emplace_back(prefix);
  }

  void run(const std::vector<std::size_t>& services) {
    reserve_given();
    for (const net::Family family : net::all_families) {
      if (std::ranges::none_of(pools_, [&](const Pool& p) { return p.prefix.family() == family; })) continue;
      std::vector<std::size_t> open, without;
      for (const std::size_t i : services) {
        if (a_.services[i].cluster_ip(family) != nullptr && !take_requested(i, family) && !take_locked(i, family))
          open.push_back(i);
      }
      for (const std::size_t i : open) {
        if (!take_free(i, family)) without.push_back(i);
      }
      if (!without.empty()) report_exhausted(without, family);
    }
  }

 private:
  bool reserve(const net::Address& address, SlotMap::Owner owner) {
    for (Pool& pool : pools_) {
      if (const auto offset = offset_in(pool.prefix, address)) return pool.slots.reserve(*offset, owner);
    }
    return false;
  }
  [[nodiscard]] bool in_pool(const net::Address& address) const {
    return std::ranges::any_of(pools_, [&](const Pool& p) { return p.prefix.contains(address); });
  }

  void reserve_given() {
    for (const Node& node : a_.nodes) {
      for (const net::Address& address : node.addresses) reserve(address, SlotMap::nobody);
    }
    for (std::size_t i = 0; i < a_.services.size(); ++i) {
      const Service& service = a_.services[i];
      for (const LoadBalancerAddress& ip : service.load_balancer_ips)
        reserve(ip.address, static_cast<SlotMap::Owner>(i));
      for (const LocatedAddress& ip : service.external_ips) reserve(ip.address, static_cast<SlotMap::Owner>(i));
      for (const LocatedAddress& ip : service.cluster_ips) reserve(ip.address, static_cast<SlotMap::Owner>(i));
    }
  }

  void give(std::size_t i, const net::Address& address, SourceSpan span) {
    Service& service = a_.services[i];
    service.load_balancer_ips.push_back({address, balancer_.vip, true, span});
    a_.planned.load_balancers[lock_key(service, address.family())] = address.text();
  }

  // spec.loadBalancerIP is a request to the balancer; one outside the pool asks somebody else. Two Services may ask for
  // one address: that they meet on a port is found where claims are compared.
  bool take_requested(std::size_t i, net::Family family) {
    const auto& request = a_.inventory.services[i].body->load_balancer_ip;
    if (!request) return false;
    const auto address = net::Address::parse_sloppy(request->value);
    if (!address || address->family() != family || !in_pool(*address)) return false;
    reserve(*address, static_cast<SlotMap::Owner>(i));
    give(i, *address, request->span);
    return true;
  }

  bool take_locked(std::size_t i, net::Family family) {
    const Service& service = a_.services[i];
    const std::string key = lock_key(service, family);
    const auto address = locked_address(a_.lock.load_balancers, key, service, a_.diagnostics);
    if (!address) return false;
    if (address->family() == family && reserve(*address, static_cast<SlotMap::Owner>(i))) {
      give(i, *address, service.span);
      return true;
    }
    report_lock_ignored(
        service,
        fmt::format("the lock file gives `{}` the balancer address `{}`, which is taken or outside the pool", key,
                    address->text()),
        service.span, a_.diagnostics);
    return false;
  }

  bool take_free(std::size_t i, net::Family family) {
    const Service& service = a_.services[i];
    for (Pool& pool : pools_) {
      if (pool.prefix.family() != family) continue;
      const auto taken = pool.slots.take(stable_hash(lock_key(service, family)), static_cast<SlotMap::Owner>(i));
      if (!taken) continue;
      const net::Address address = *pool.prefix.address().plus(taken->slot);
      if (taken->slot != taken->wanted) {
        const Service* holder = taken->holder == SlotMap::nobody ? nullptr : &a_.services[taken->holder];
        report_moved(service, holder, "balancer address", pool.prefix.address().plus(taken->wanted)->text(),
                     address.text(), a_.diagnostics);
      }
      give(i, address, service.span);
      return true;
    }
    return false;
  }

  void report_exhausted(const std::vector<std::size_t>& without, net::Family family) {
    const Service& first = a_.services[without.front()];
    base::Diagnostic& finding = a_.diagnostics.add(
        "PC2104",
        fmt::format("the pool of balancer `{}` has no {} address left: {} Services go without, {} is the first",
                    balancer_.name, net::to_string(family), without.size(), object_of(first).text()),
        first.span);
    finding.object = object_of(first);
    finding.hint = "a larger pool in spec.loadBalancers of the profile";
    finding.related.push_back({"the balancer", balancer_.span});
    for (const std::size_t i : without)
      finding.related.push_back({object_of(a_.services[i]).text() + " goes without", a_.services[i].span});
    for (const Service& service : a_.services) {
      for (const LoadBalancerAddress& ip : service.load_balancer_ips) {
        if (ip.address.family() == family && in_pool(ip.address)) {
          finding.related.push_back({fmt::format("{} has {}", object_of(service).text(), ip.address.text()), ip.span});
        }
      }
    }
  }

  Allocation& a_;
  const LoadBalancerPool& balancer_;
  std::vector<Pool> pools_;
};

// Status is observed and wins over the lock.
void check_lock(const Service& service, Allocation& allocation) {
  for (const net::Family family : net::all_families) {
    const auto locked = allocation.lock.load_balancers.find(lock_key(service, family));
    if (locked == allocation.lock.load_balancers.end()) continue;
    const LoadBalancerAddress* observed = nullptr;
    bool agrees = false;
    for (const LoadBalancerAddress& ip : service.load_balancer_ips) {
      if (ip.address.family() != family) continue;
      observed = &ip;
      agrees = agrees || ip.address.text() == locked->second;
    }
    if (observed == nullptr || agrees) continue;
    report_lock_ignored(service,
                        fmt::format("the lock file gives `{}` the balancer address `{}`, status says `{}`",
                                    locked->first, locked->second, observed->address.text()),
                        observed->span, allocation.diagnostics);
  }
}

}  // namespace

void allocate_load_balancers(Allocation& allocation) {
  if (!allocation.lock.load_balancers.empty()) {
    for (const Service& service : allocation.services) check_lock(service, allocation);
  }
  std::vector<std::vector<std::size_t>> of_balancer(allocation.profile.load_balancers.size());
  if (of_balancer.empty()) return;
  for (std::size_t i = 0; i < allocation.services.size(); ++i) {
    const Service& service = allocation.services[i];
    if (service.type != ServiceType::load_balancer || !service.load_balancer_ips.empty() ||
        !service.load_balancer_hostnames.empty())
      continue;
    const auto& field = allocation.inventory.services[i].body->load_balancer_class;
    const std::string_view wanted = field ? std::string_view{field->value} : std::string_view{};
    const auto& balancers = allocation.profile.load_balancers;
    const auto found = std::ranges::find(
        balancers, wanted, [](const LoadBalancerPool& b) { return std::string_view{b.load_balancer_class}; });
    if (found != balancers.end()) of_balancer[static_cast<std::size_t>(found - balancers.begin())].push_back(i);
  }
  for (std::size_t b = 0; b < of_balancer.size(); ++b)
    BalancerAllocator(allocation, allocation.profile.load_balancers[b]).run(of_balancer[b]);
}

}  // namespace portcullis::cluster

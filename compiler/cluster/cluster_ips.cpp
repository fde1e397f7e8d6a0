// Cluster IPs in the way of the API server's allocator (reference 2.4): statics first, the first address for
// default/kubernetes, dynamic picks from above the static band.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/cluster/allocation.hpp"
#include "compiler/cluster/ranges.hpp"
#include "compiler/cluster/slots.hpp"

namespace portcullis::cluster {

namespace {

// Where planning looks when the ranges are unknown (`serviceCIDRs: []`) or the cluster is not known to have the family.
const net::Prefix fallback_v4 = *net::Prefix::parse("10.96.0.0/12");
const net::Prefix fallback_v6 = *net::Prefix::parse("fd00:10:96::/112");

// One range. Slot i is the address i+1 of the prefix: the network address is never handed out, nor is the last one of
// an IPv4 range.
struct Range {
  explicit Range(const net::Prefix& p) : prefix(p), slots(usable(p), band(p)) {}

  static std::uint64_t usable(const net::Prefix& p) {
    const std::uint64_t unusable = p.family() == net::Family::ipv4 ? 2 : 1;
    const std::uint64_t count = address_count(p);
    return count > unusable ? count - unusable : 0;
  }
  static std::uint64_t band(const net::Prefix& p) {
    const std::uint64_t size = address_count(p);
    return size < 16 ? 0 : std::min<std::uint64_t>(std::max<std::uint64_t>(16, size / 16), 256);
  }
  [[nodiscard]] std::optional<std::uint64_t> slot(const net::Address& address) const {
    const auto offset = offset_in(prefix, address);
    if (!offset || *offset == 0 || *offset > slots.size()) return {};
    return *offset - 1;
  }
  [[nodiscard]] net::Address address(std::uint64_t slot) const { return *prefix.address().plus(slot + 1); }

  net::Prefix prefix;
  SlotMap slots;
};

class FamilyAllocator {
 public:
  FamilyAllocator(Allocation& allocation, net::Family family) : a_(allocation), family_(family) {
    for (const net::Prefix& prefix : a_.profile.service_cidrs) {
      if (prefix.family() == family) ranges_.emplace_back(prefix);
    }
    // A stated cluster of one family hands out no address of the other (PC2041 is the finding).
    const bool stated = a_.profile.service_cidrs_given && a_.profile.service_cidrs_known;
    if (ranges_.empty() && !stated) ranges_.emplace_back(family == net::Family::ipv4 ? fallback_v4 : fallback_v6);
  }

  void run() {
    if (ranges_.empty()) return;
    reserve_given();
    reserve_first();
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < a_.services.size(); ++i) {
      if (wants(a_.services[i]) && !take_observed(i) && !take_locked(i)) open.push_back(i);
    }
    std::vector<std::size_t> without;
    for (const std::size_t i : open) {
      if (!take_free(i)) without.push_back(i);
    }
    if (!without.empty()) report_exhausted(without);
  }

 private:
  [[nodiscard]] bool wants(const Service& service) const {
    return service.type != ServiceType::external_name && !service.headless && service.cluster_ip(family_) == nullptr &&
           std::ranges::find(service.families, family_) != service.families.end();
  }

  bool reserve(const net::Address& address, SlotMap::Owner owner) {
    for (Range& range : ranges_) {
      if (const auto slot = range.slot(address)) return range.slots.reserve(*slot, owner);
    }
    return false;
  }

  // Everything that the input says is somebody's already: a planned address must be free of it.
  void reserve_given() {
    for (std::size_t i = 0; i < a_.services.size(); ++i) {
      const Service& service = a_.services[i];
      const LocatedAddress* ip = service.cluster_ip(family_);
      if (ip == nullptr) continue;
      reserve(ip->address, static_cast<SlotMap::Owner>(i));
      if (a_.lock.cluster_ips.empty()) continue;
      const std::string key = lock_key(service, family_);
      const auto locked = a_.lock.cluster_ips.find(key);
      if (locked != a_.lock.cluster_ips.end() && locked->second != ip->address.text()) {
        report_lock_ignored(service,
                            fmt::format("the lock file gives `{}` the cluster IP `{}`, the input says `{}`", key,
                                        locked->second, ip->address.text()),
                            ip->span, a_.diagnostics);
      }
    }
    for (std::size_t i = 0; i < a_.services.size(); ++i) {
      for (const LocatedAddress& ip : a_.services[i].external_ips) reserve(ip.address, static_cast<SlotMap::Owner>(i));
      for (const LoadBalancerAddress& ip : a_.services[i].load_balancer_ips)
        reserve(ip.address, static_cast<SlotMap::Owner>(i));
    }
    for (const Given<manifest::IPAddress>& object : a_.inventory.ip_addresses) {
      const auto address = net::Address::parse_sloppy(object.name);
      if (!address || address->family() != family_) continue;
      const std::size_t owner = parent(*object.body);
      if (owner < a_.services.size() && wants(a_.services[owner])) {
        observed_.emplace_back(owner, *address, object.body->metadata.name->span);
      } else {
        reserve(*address, SlotMap::nobody);
      }
    }
    std::ranges::stable_sort(observed_, {}, [](const Observed& o) { return o.service; });
  }

  // The Service that an IPAddress object names as its parent; services.size() if none of the input.
  [[nodiscard]] std::size_t parent(const manifest::IPAddress& object) const {
    const std::size_t none = a_.services.size();
    if (!object.parent_resource || object.parent_resource->value != "services" || !object.parent_name) return none;
    const std::string_view ns =
        object.parent_namespace ? std::string_view{object.parent_namespace->value} : std::string_view{};
    const auto key = [](const Service& s) { return std::pair(std::string_view{s.ns}, std::string_view{s.name}); };
    const std::pair wanted(ns, std::string_view{object.parent_name->value});
    const auto found = std::ranges::lower_bound(a_.services, wanted, {}, key);
    return found != a_.services.end() && key(*found) == wanted ? static_cast<std::size_t>(found - a_.services.begin())
                                                               : none;
  }

  // The first address of the first range belongs to default/kubernetes, in the input or not.
  void reserve_first() {
    Range& range = ranges_.front();
    if (range.slots.size() == 0) return;
    for (std::size_t i = 0; i < a_.services.size(); ++i) {
      const Service& service = a_.services[i];
      if (service.ns != "default" || service.name != "kubernetes") continue;
      if (wants(service) && range.slots.reserve(0, static_cast<SlotMap::Owner>(i))) give(i, range.address(0), {});
      return;
    }
    range.slots.reserve(0, SlotMap::nobody);
  }

  void give(std::size_t i, const net::Address& address, SourceSpan observed_at) {
    Service& service = a_.services[i];
    const bool planned = !observed_at.known();
    service.cluster_ips.push_back({address, planned, planned ? service.span : observed_at});
    if (planned) a_.planned.cluster_ips[lock_key(service, family_)] = address.text();
  }

  // An IPAddress object of the input says which address a Service has: as good as clusterIP itself.
  bool take_observed(std::size_t i) {
    if (!wants(a_.services[i])) return true;  // default/kubernetes has its address by now
    const auto found = std::ranges::lower_bound(observed_, i, {}, [](const Observed& o) { return o.service; });
    if (found == observed_.end() || found->service != i) return false;
    reserve(found->address, static_cast<SlotMap::Owner>(i));
    give(i, found->address, found->span);
    return true;
  }

  bool take_locked(std::size_t i) {
    if (a_.lock.cluster_ips.empty()) return false;
    const Service& service = a_.services[i];
    const std::string key = lock_key(service, family_);
    const auto address = locked_address(a_.lock.cluster_ips, key, service, a_.diagnostics);
    if (!address) return false;
    if (address->family() == family_ && reserve(*address, static_cast<SlotMap::Owner>(i))) {
      give(i, *address, {});
      return true;
    }
    report_lock_ignored(
        service,
        fmt::format("the lock file gives `{}` the cluster IP `{}`, which is taken or outside the ranges", key,
                    address->text()),
        service.span, a_.diagnostics);
    return false;
  }

  bool take_free(std::size_t i) {
    const Service& service = a_.services[i];
    const std::uint64_t hash = stable_hash(lock_key(service, family_));
    for (Range& range : ranges_) {
      const auto taken = range.slots.take(hash, static_cast<SlotMap::Owner>(i));
      if (!taken) continue;
      const net::Address address = range.address(taken->slot);
      if (taken->slot != taken->wanted) {
        const Service* holder = taken->holder == SlotMap::nobody ? nullptr : &a_.services[taken->holder];
        report_moved(service, holder, "cluster IP", range.address(taken->wanted).text(), address.text(),
                     a_.diagnostics);
      }
      give(i, address, {});
      return true;
    }
    return false;
  }

  void report_exhausted(const std::vector<std::size_t>& without) {
    std::string names;
    for (const Range& range : ranges_) names += (names.empty() ? "" : ", ") + range.prefix.text();
    const Service& first = a_.services[without.front()];
    base::Diagnostic& finding =
        a_.diagnostics.add("PC2104",
                           fmt::format("no cluster IP is left in {}: {} Services go without, {} is the first", names,
                                       without.size(), object_of(first).text()),
                           first.span);
    finding.object = object_of(first);
    finding.hint = "a larger serviceCIDRs range in the profile, or a second one";
    for (const std::size_t i : without)
      finding.related.push_back({object_of(a_.services[i]).text() + " goes without", a_.services[i].span});
    for (const Service& service : a_.services) {
      const LocatedAddress* ip = service.cluster_ip(family_);
      if (ip != nullptr)
        finding.related.push_back({fmt::format("{} has {}", object_of(service).text(), ip->address.text()), ip->span});
    }
  }

  struct Observed {
    Observed(std::size_t s, net::Address a, SourceSpan at) : service(s), address(a), span(at) {}
    std::size_t service;
    net::Address address;
    SourceSpan span;
  };

  Allocation& a_;
  net::Family family_;
  std::vector<Range> ranges_;
  std::vector<Observed> observed_;
};

}  // namespace

void allocate_cluster_ips(Allocation& allocation) {
  for (const net::Family family : net::all_families) FamilyAllocator(allocation, family).run();
  // The primary family stands first, as in spec.clusterIPs.
  for (Service& service : allocation.services) {
    if (service.cluster_ips.size() == 2 && !service.families.empty() &&
        service.cluster_ips.front().address.family() != service.families.front()) {
      std::swap(service.cluster_ips.front(), service.cluster_ips.back());
    }
  }
}

}  // namespace portcullis::cluster

#include "verifier/specialise/tables.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "backends/ebpf/actions_text.hpp"
#include "backends/ebpf/lookup.hpp"
#include "backends/ebpf/meaning.hpp"
#include "backends/netfilter/value.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::specialise {

namespace {

using ebpf::Verdict;
using net::ConntrackState;

// Tests, and kinds of addresses.
constexpr std::uint32_t of_first = 0, of_others = 1;
constexpr std::uint32_t with_port = 1, first_kind_of_rest = 2;

Interval loopback(net::Family family) {
  if (family == net::Family::ipv4) return {net::Address::v4(0x7F000000), net::Address::v4(0x7FFFFFFF)};
  const net::Address one = *net::Address::parse("::1");
  return {one, one};
}

}  // namespace

// The tables and the destination are known, the source is not. A bit is known, or holds if one of some atoms does.
class TablesSide::Domain {
 public:
  struct Bit {
    std::optional<bool> known;
    std::vector<AtomId> atoms;  // if not known
    bool negated = false;
  };
  using Address = net::Address;
  using Frontend = ebpf::Frontend;
  using Local = ebpf::Local;
  using Endpoint = ebpf::Endpoint;
  using Decision = NodeId;
  using Result = NodeId;

  explicit Domain(TablesSide& side) : s_(side), t_(side.tables_) {}

  template <class Then, class Otherwise>
  NodeId test(const Bit& bit, const Then& then, const Otherwise& otherwise) {
    if (bit.known) return *bit.known ? then() : otherwise();
    NodeId yes = then(), no = otherwise();
    if (bit.negated) std::swap(yes, no);
    for (std::size_t i = bit.atoms.size(); i-- > 0;) no = s_.arena_.test(bit.atoms[i], yes, no);
    return no;
  }

  static Bit known(bool value) { return {value, {}, false}; }
  static Bit nothing() { return known(false); }
  Bit any(const Bit& a, const Bit& b) const {
    if (a.known) return *a.known ? a : b;
    if (b.known) return *b.known ? b : a;
    if (a.negated || b.negated) throw base::InternalError("a disjunction of negations");
    // The node's own addresses have loopback among them.
    if (b.atoms.size() == 1 && std::holds_alternative<SourceIsLocal>(s_.arena_.atom_of(b.atoms.front())) &&
        a.atoms == std::vector{loopback_atom()})
      return b;
    Bit both = a;
    both.atoms.insert(both.atoms.end(), b.atoms.begin(), b.atoms.end());
    return both;
  }
  static Bit all(const Bit& a, const Bit& b) {
    if (a.known) return *a.known ? b : a;
    if (b.known) return *b.known ? a : b;
    throw base::InternalError("a conjunction of two unknown bits");
  }
  static Bit no(Bit a) {
    if (a.known) {
      a.known = !*a.known;
    } else {
      a.negated = !a.negated;
    }
    return a;
  }

  [[nodiscard]] const Address& destination() const { return s_.key_.destination; }
  [[nodiscard]] Bit out() const { return known(s_.path_.from_node); }
  [[nodiscard]] Bit from_pod_interface() const {
    if (!t_.pod_interface || s_.path_.from_node) return known(false);
    const std::string& name = t_.pod_interface->name;
    ArrivesOn on;
    on.value = netfilter::Value::interface(name).words;
    on.mask = t_.pod_interface->is_prefix ? netfilter::Value::interface(std::string(name.size(), '\xff')).words
                                          : netfilter::Value::all_ones().words;
    return atom(on);
  }
  [[nodiscard]] Bit source_in(std::uint32_t set) const {
    if (set == PCL_SET_PODS) return source_in(t_.pods);
    return source_in(t_.sets[set - PCL_SET_RANGES].prefixes);
  }
  [[nodiscard]] Bit source_in_ranges(const Frontend& f) const {
    return f.ranges == 0 ? known(false) : source_in(f.ranges);
  }
  [[nodiscard]] Bit source_is_loopback() const {
    if (s_.family_ == net::Family::ipv6) return known(false);
    return {{}, {loopback_atom()}, false};
  }
  [[nodiscard]] Bit source_is_local() const {
    if (s_.shared_local_) return atom(SourceIsLocal{});
    SourceIn in;
    for (const Local& local : t_.locals) {
      if (local.here && local.address.family() == s_.family_ && !ebpf::is_loopback4(local.address))
        in.intervals.push_back({local.address, local.address});
    }
    return in.intervals.empty() ? known(false) : atom(std::move(in));
  }
  [[nodiscard]] Bit in_services() const {
    return known(std::ranges::any_of(t_.services, [&](const net::Prefix& p) { return p.contains(destination()); }));
  }
  [[nodiscard]] static Bit is_loopback(const Address& address) { return known(ebpf::is_loopback4(address)); }
  [[nodiscard]] Address loopback_seen_by(bool of_loopback) const {
    return ebpf::loopback_entry(destination(), of_loopback);
  }

  template <class Found, class Missing>
  NodeId frontend_of(const Address& address, const Found& found, const Missing& missing) {
    return frontend({address, 0, s_.key_.protocol, s_.key_.port}, found, missing);
  }
  template <class Found, class Missing>
  NodeId frontend_in(const Local& local, const Found& found, const Missing& missing) {
    return frontend({{}, local.scope, s_.key_.protocol, s_.key_.port}, found, missing);
  }
  template <class Found, class Missing>
  NodeId frontend_whole(const Address& address, const Found& found, const Missing& missing) {
    return frontend({address, 0, {}, 0}, found, missing);
  }
  template <class Found, class Missing>
  NodeId local_at(const Address& address, const Found& found, const Missing& missing) {
    const Local* local = ebpf::find_local(t_, address);
    return local != nullptr ? found(*local) : missing();
  }
  [[nodiscard]] static Bit has_scope(const Local& local) { return known(local.scope != 0); }
  [[nodiscard]] static Bit is_here(const Local& local) { return known(local.here); }

  NodeId act(const Frontend& f, const Bit& pod, const Bit& self, const Bit& range, const Bit& out) {
    const unsigned bits = *out.known ? unsigned{PCL_CLASS_OUT} : 0U;
    const Splits splits{Split{pod, PCL_CLASS_POD}, Split{self, PCL_CLASS_SELF}, Split{range, PCL_CLASS_RANGE}};
    return split(f, splits, 0, bits);
  }
  NodeId left_alone() { return s_.left_alone(); }
  NodeId dropped() { return s_.arena_.outcome({Outcome::End::dropped, false, false, false}); }

  [[nodiscard]] static Bit may_hairpin(const Endpoint& e) { return known(e.hairpin); }
  [[nodiscard]] static Bit hairpins_unchanged(const Endpoint& e) { return known(e.hairpin_same); }
  [[nodiscard]] Bit source_is(const Endpoint& /*of the template*/) const { return atom(SourceIsEndpoint{}); }
  [[nodiscard]] Bit changes(const Endpoint& e) const {
    return known(e.address != s_.key_.destination || e.port != s_.key_.port);
  }
  NodeId delivered(const Endpoint& e, bool masqueraded) {
    const Verdict refusal = e.refusals[(s_.path_.from_node ? 2U : 0U) + (masqueraded ? 1U : 0U)];
    if (refusal == Verdict::none) return s_.passed(e.address, masqueraded);
    return refused(refusal);
  }

 private:
  struct Split {
    Bit bit;
    unsigned value = 0;
  };
  using Splits = std::array<Split, 3>;

  NodeId split(const Frontend& f, const Splits& splits, std::size_t at, unsigned bits) {
    if (at == splits.size()) return leaf(f, f.actions[bits]);
    const auto& [bit, value] = splits[at];
    return test(
        bit, [&] { return split(f, splits, at + 1, bits | value); }, [&] { return split(f, splits, at + 1, bits); });
  }

  NodeId leaf(const Frontend& f, const ebpf::Action& action) {
    switch (action.verdict) {
      case Verdict::none:
        return left_alone();
      case Verdict::dnat:
        return s_.translated(f.pools[action.pool], action.masquerade);
      case Verdict::reject:
      case Verdict::drop:
        return refused(action.verdict);
    }
    return 0;
  }

  NodeId refused(Verdict verdict) {
    const auto end = verdict == Verdict::reject ? Outcome::End::rejected : Outcome::End::dropped;
    return s_.arena_.outcome({end, false, false, false});
  }

  template <class Found, class Missing>
  NodeId frontend(const ebpf::FrontendKey& key, const Found& found, const Missing& missing) {
    const Frontend* frontend = ebpf::find_frontend(t_, key);
    return frontend != nullptr ? found(*frontend) : missing();
  }

  [[nodiscard]] Bit atom(const Atom& atom) const { return {{}, {s_.arena_.atom(atom)}, false}; }
  [[nodiscard]] AtomId loopback_atom() const { return s_.arena_.atom(SourceIn{{loopback(net::Family::ipv4)}}); }
  [[nodiscard]] Bit source_in(const std::vector<net::Prefix>& prefixes) const {
    SourceIn in;
    for (const net::Prefix& p : prefixes) {
      if (p.family() == s_.family_) in.intervals.push_back(Interval::of(p));
    }
    if (in.intervals.empty()) return known(false);
    std::ranges::sort(in.intervals);
    return atom(std::move(in));
  }

  TablesSide& s_;
  const ebpf::Tables& t_;
};

TablesSide::TablesSide(Arena& arena, const ebpf::Tables& tables, net::Family family,
                       const std::vector<net::Address>& local, ebpf::Beside beside)
    : arena_(arena), tables_(tables), family_(family), beside_(beside) {
  std::vector<net::Address> own;
  for (const ebpf::Local& l : tables.locals) {
    if (l.here && l.address.family() == family && !l.address.is_loopback()) own.push_back(l.address);
  }
  shared_local_ = own == local;
  note_cuts();
}

// ---- cuts

void TablesSide::note_cuts() {
  const auto everybody = [&](const net::Address& low, const net::Address& high) { everybody_.push_back({low, high}); };
  const auto first = [&](const AddressCut& cut) {
    for (auto& cuts : addresses_) cuts.push_back(cut);
  };
  for (const ebpf::Local& local : tables_.locals) {
    if (local.address.family() == family_ && !ebpf::is_loopback4(local.address))
      everybody(local.address, local.address);
  }
  const Interval own = loopback(family_);
  everybody(own.low, own.high);
  if (family_ == net::Family::ipv4) everybody(net::Address::v4(PCL_LOOPBACK), net::Address::v4(PCL_LOOPBACK));
  for (const net::Prefix& p : tables_.services) {
    if (p.family() == family_) first({p.address(), p.last()});
  }
  for (const ebpf::Frontend& f : tables_.frontends) {
    if (!f.key.address) {
      scoped_[{f.key.scope, *f.key.protocol}].push_back(f.key.port);
      continue;
    }
    const net::Address& address = *f.key.address;
    if (address.family() != family_) continue;
    if (!f.key.protocol) {
      first({address, address, kind_of_rest(f)});
      continue;
    }
    exact_[{address, *f.key.protocol}].push_back(f.key.port);
    addresses_[static_cast<std::size_t>(*f.key.protocol)].push_back({address, address, with_port});
  }
}

// What takes the rest of two addresses alike.
std::uint32_t TablesSide::kind_of_rest(const ebpf::Frontend& frontend) {
  std::vector<std::uint32_t> words = frontend.pools;
  for (const ebpf::Action& action : frontend.actions) words.push_back(ebpf::encoded(action));
  const auto next = static_cast<std::uint32_t>(first_kind_of_rest + kinds_.size());
  return kinds_.try_emplace({std::move(words), frontend.ranges}, next).first->second;
}

void TablesSide::address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const {
  cuts.insert(cuts.end(), everybody_.begin(), everybody_.end());
  if (test != of_first) return;
  const auto& own = addresses_[static_cast<std::size_t>(protocol)];
  cuts.insert(cuts.end(), own.begin(), own.end());
}

void TablesSide::port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                           std::vector<PortCut>& cuts) {
  if (test != of_first) return;
  if (const auto found = exact_.find({destination, protocol}); found != exact_.end()) {
    for (const std::uint16_t port : found->second) cuts.push_back({port, port, true});
  }
  const auto scope = [&](const net::Address& address) {
    const ebpf::Local* local = ebpf::find_local(tables_, address);
    if (local == nullptr || local->scope == 0) return;
    const auto found = scoped_.find({local->scope, protocol});
    if (found == scoped_.end()) return;
    for (const std::uint16_t port : found->second) cuts.push_back({port, port, false});
  };
  if (!ebpf::is_loopback4(destination)) return scope(destination);
  scope(ebpf::loopback_entry(destination, true));
  scope(ebpf::loopback_entry(destination, false));
}

// ---- evaluate.cpp, step by step

NodeId TablesSide::residual(const Key& key, const Path& path) {
  key_ = key;
  path_ = path;
  consulted_.begin();
  const bool is_first = path.state == ConntrackState::fresh;
  consulted_.note(is_first ? of_first : of_others);
  if (!is_first) return left_alone();
  Domain domain(*this);
  return ebpf::decide(domain);
}

NodeId TablesSide::translated(std::uint32_t pool, bool masquerade) {
  const std::tuple memo(pool, masquerade, path_.from_node, key_.protocol);
  const bool plain = !arena_.has_endpoint(key_.destination, key_.port);
  if (const auto known = balances_.find(memo); plain && known != balances_.end()) return known->second;
  const NodeId node = balanced(tables_.pools[pool], masquerade);
  if (!arena_.has_endpoint(key_.destination, key_.port)) balances_.insert_or_assign(memo, node);
  return node;
}

NodeId TablesSide::balanced(const ebpf::Pool& pool, bool masquerade) {
  Domain domain(*this);
  const std::uint64_t slots = pool.slots();
  std::vector<Branch> branches;
  std::vector<std::pair<LabelId, NodeId>> remembered;
  for (const ebpf::Endpoint& e : pool.endpoints) {
    const LabelId label = pool.sticky ? arena_.label(pool.name + " " + net::endpoint_text(e.address, e.port)) : none;
    const NodeId behind = ebpf::deliver(domain, e, Domain::known(masquerade));
    const NodeId to = arena_.to(arena_.endpoint(e.address, e.port), label, pool.sticky, behind);
    branches.push_back({*Rational::product({e.weight, slots}, {1, 1}), to});
    if (pool.sticky) remembered.emplace_back(label, to);
  }
  NodeId node = arena_.choice(std::move(branches));
  for (std::size_t i = remembered.size(); i-- > 0;)
    node = arena_.test(arena_.atom(Remembers{remembered[i].first}), remembered[i].second, node);
  return node;
}

// The companion's rules and those of others.
NodeId TablesSide::left_alone() {
  const NodeId otherwise = passed(key_.destination, false);
  const bool known = path_.state == ConntrackState::established || path_.state == ConntrackState::related;
  if (!has_guard(ebpf::Guard::Kind::martian) || known || !key_.destination.is_loopback()) return otherwise;
  return arena_.test(arena_.atom(SourceIn{{loopback(family_)}}), otherwise,
                     arena_.outcome({Outcome::End::dropped, false, false, false}));
}

NodeId TablesSide::passed(const net::Address& destination, bool masquerade) {
  const bool here = is_here(destination);
  const bool invalid = path_.state == ConntrackState::invalid && has_guard(ebpf::Guard::Kind::invalid);
  if (!here && !path_.from_node && (invalid || beside_.forward_dropped))
    return arena_.outcome({Outcome::End::dropped, false, false, false});
  const bool seen = !here || path_.from_node;  // in postrouting
  return arena_.outcome({Outcome::End::passed, here, false, seen && masquerade});
}

bool TablesSide::is_here(const net::Address& address) const {
  if (ebpf::is_loopback4(address)) return true;
  const ebpf::Local* local = ebpf::find_local(tables_, address);
  return local != nullptr && local->here;
}

bool TablesSide::has_guard(ebpf::Guard::Kind kind) const {
  return std::ranges::find(tables_.guards, ebpf::Guard{kind, family_}) != tables_.guards.end();
}

}  // namespace portcullis::specialise

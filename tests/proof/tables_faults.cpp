#include "tests/proof/tables_faults.hpp"

#include <algorithm>
#include <utility>

namespace portcullis::proof {

namespace {

using namespace ebpf;

std::size_t any_of(std::size_t count, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}

// One of a list that `wanted` takes; null if it takes none.
template <class T, class Wanted>
T* pick(std::vector<T>& from, const Wanted& wanted, Random& random) {
  std::vector<T*> all;
  for (T& t : from) {
    if (wanted(t)) all.push_back(&t);
  }
  return all.empty() ? nullptr : all[any_of(all.size(), random)];
}

template <class T>
bool drop_one(std::vector<T>& from, Random& random) {
  if (from.empty()) return false;
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(any_of(from.size(), random)));
  return true;
}

bool any(const auto& /*thing*/) {
  return true;
}

// Changes an action of a frontend that has one with this verdict.
TablesFault action_fault(std::string kind, Verdict verdict, std::function<bool(Frontend&, Action&)> change) {
  return {std::move(kind), [verdict, change = std::move(change)](Tables& t, Random& random) {
            const auto has = [&](const Action& a) { return a.verdict == verdict; };
            Frontend* f =
                pick(t.frontends, [&](const Frontend& one) { return std::ranges::any_of(one.actions, has); }, random);
            if (f == nullptr) return false;
            std::vector<std::size_t> of;
            for (std::size_t i = 0; i < f->actions.size(); ++i) {
              if (has(f->actions[i])) of.push_back(i);
            }
            return change(*f, f->actions[of[any_of(of.size(), random)]]);
          }};
}

TablesFault endpoint_fault(std::string kind, std::function<bool(const Endpoint&)> wanted,
                           std::function<void(Endpoint&)> change) {
  return {std::move(kind), [wanted = std::move(wanted), change = std::move(change)](Tables& t, Random& random) {
            Pool* pool = pick(t.pools, [&](const Pool& p) { return std::ranges::any_of(p.endpoints, wanted); }, random);
            if (pool == nullptr) return false;
            change(*pick(pool->endpoints, wanted, random));
            return true;
          }};
}

void sort_frontends(Tables& t) {
  std::ranges::stable_sort(t.frontends, {}, &Frontend::key);
}

std::vector<TablesFault> make() {
  std::vector<TablesFault> out;
  // ---- frontends
  out.push_back({"a frontend is missing", [](Tables& t, Random& r) { return drop_one(t.frontends, r); }});
  out.push_back({"a frontend on another port", [](Tables& t, Random& r) {
                   Frontend* f = pick(t.frontends, [](const Frontend& one) { return one.key.port != 0; }, r);
                   if (f == nullptr) return false;
                   ++f->key.port;
                   sort_frontends(t);
                   return true;
                 }});
  out.push_back({"a frontend of the other protocol", [](Tables& t, Random& r) {
                   Frontend* f =
                       pick(t.frontends, [](const Frontend& one) { return one.key.protocol == net::Protocol::tcp; }, r);
                   if (f == nullptr) return false;
                   f->key.protocol = net::Protocol::udp;
                   sort_frontends(t);
                   return true;
                 }});
  out.push_back(action_fault("a class is left alone", Verdict::dnat, [](Frontend&, Action& a) {
    a = {};
    return true;
  }));
  out.push_back(action_fault("a class is dropped", Verdict::dnat, [](Frontend&, Action& a) {
    a = {Verdict::drop, false, 0};
    return true;
  }));
  out.push_back(action_fault("a class is masqueraded, or is not", Verdict::dnat, [](Frontend&, Action& a) {
    a.masquerade = !a.masquerade;
    return true;
  }));
  out.push_back(action_fault("a class gets the other pool", Verdict::dnat, [](Frontend& f, Action& a) {
    if (f.pools.size() < 2) return false;
    a.pool = a.pool == 0 ? 1 : 0;
    return true;
  }));
  out.push_back(action_fault("a rejected class is dropped", Verdict::reject, [](Frontend&, Action& a) {
    a.verdict = Verdict::drop;
    return true;
  }));
  out.push_back(action_fault("a dropped class is rejected", Verdict::drop, [](Frontend&, Action& a) {
    a.verdict = Verdict::reject;
    return true;
  }));
  out.push_back(action_fault("a dropped class passes", Verdict::drop, [](Frontend&, Action& a) {
    a.verdict = Verdict::none;
    return true;
  }));
  out.push_back({"a frontend's pool is another's", [](Tables& t, Random& r) {
                   Frontend* f = pick(t.frontends, [](const Frontend& one) { return !one.pools.empty(); }, r);
                   if (f == nullptr || t.pools.size() < 2) return false;
                   f->pools.front() = static_cast<std::uint32_t>((f->pools.front() + 1) % t.pools.size());
                   return true;
                 }});
  out.push_back({"a frontend without its source ranges", [](Tables& t, Random& r) {
                   Frontend* f = pick(t.frontends, [](const Frontend& one) { return one.ranges != 0; }, r);
                   if (f == nullptr) return false;
                   f->ranges = 0;
                   return true;
                 }});
  // ---- pools
  out.push_back({"an endpoint is missing", [](Tables& t, Random& r) {
                   Pool* pool = pick(t.pools, [](const Pool& p) { return p.endpoints.size() > 1; }, r);
                   return pool != nullptr && drop_one(pool->endpoints, r);
                 }});
  out.push_back(endpoint_fault("an endpoint on another port", any<Endpoint>, [](Endpoint& e) { ++e.port; }));
  out.push_back({"an endpoint weighs twice as much", [](Tables& t, Random& r) {
                   Pool* pool = pick(t.pools, [](const Pool& p) { return p.endpoints.size() > 1; }, r);
                   if (pool == nullptr) return false;
                   pick(pool->endpoints, any<Endpoint>, r)->weight *= 2;
                   return true;
                 }});
  out.push_back(endpoint_fault(
      "a hairpin keeps its source", [](const Endpoint& e) { return e.hairpin; },
      [](Endpoint& e) { e.hairpin = e.hairpin_same = false; }));
  out.push_back(endpoint_fault(
      "a hairpin elsewhere is masqueraded", [](const Endpoint& e) { return !e.hairpin; },
      [](Endpoint& e) { e.hairpin = true; }));
  out.push_back(
      endpoint_fault("an endpoint is refused", any<Endpoint>, [](Endpoint& e) { e.refusals[0] = Verdict::reject; }));
  out.push_back(endpoint_fault(
      "a refused endpoint is reached", [](const Endpoint& e) { return e.refusals != Refusals{}; },
      [](Endpoint& e) { e.refusals = {}; }));
  out.push_back({"affinity of another length", [](Tables& t, Random& r) {
                   Pool* pool = pick(t.pools, [](const Pool& p) { return p.sticky.has_value(); }, r);
                   if (pool == nullptr) return false;
                   *pool->sticky += 1;
                   return true;
                 }});
  out.push_back({"affinity is forgotten", [](Tables& t, Random& r) {
                   Pool* pool = pick(t.pools, [](const Pool& p) { return p.sticky.has_value(); }, r);
                   if (pool == nullptr) return false;
                   pool->sticky.reset();
                   return true;
                 }});
  // ---- sources and addresses
  out.push_back({"a source range is missing", [](Tables& t, Random& r) {
                   Set* set = pick(t.sets, [](const Set& s) { return !s.prefixes.empty(); }, r);
                   return set != nullptr && drop_one(set->prefixes, r);
                 }});
  out.push_back({"pods are not known", [](Tables& t, Random& r) { return drop_one(t.pods, r); }});
  out.push_back({"the interface of pods is not known", [](Tables& t, Random&) {
                   const bool had = t.pod_interface.has_value();
                   t.pod_interface.reset();
                   return had;
                 }});
  out.push_back({"a range of Services is missing", [](Tables& t, Random& r) { return drop_one(t.services, r); }});
  out.push_back({"an address of the node is missing", [](Tables& t, Random& r) { return drop_one(t.locals, r); }});
  out.push_back({"node ports on an address are missing", [](Tables& t, Random& r) {
                   Local* local = pick(t.locals, [](const Local& l) { return l.scope != 0; }, r);
                   if (local == nullptr) return false;
                   local->scope = 0;
                   return true;
                 }});
  out.push_back({"node ports on an address too many", [](Tables& t, Random& r) {
                   Local* local = pick(t.locals, [](const Local& l) { return l.scope == 0; }, r);
                   Local* other = pick(t.locals, [](const Local& l) { return l.scope != 0; }, r);
                   if (local == nullptr || other == nullptr) return false;
                   local->scope = other->scope;
                   return true;
                 }});
  out.push_back({"a guard is missing", [](Tables& t, Random& r) { return drop_one(t.guards, r); }});
  return out;
}

}  // namespace

const std::vector<TablesFault>& tables_faults() {
  static const std::vector<TablesFault> all = make();
  return all;
}

}  // namespace portcullis::proof

#include "verifier/obligations/difference.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/ir/l4/interpret.hpp"
#include "verifier/encode/cases.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/obligations/difference_zones.hpp"
#include "verifier/obligations/likely.hpp"
#include "verifier/specialise/partition.hpp"
#include "verifier/specialise/program.hpp"

namespace portcullis::obligations {

namespace {

using namespace specialise;
using encode::Judgement;

constexpr std::size_t most_cases = 4096;  // of one region

bool reaches(const ir::Fate& fate) {
  return fate.kind == ir::Fate::Kind::dnat && std::ranges::any_of(fate.targets, [](const ir::Target& t) {
           return t.then == ir::Then::local || t.then == ir::Then::forward;
         });
}

ir::Fate without_masquerade(ir::Fate fate) {
  fate.masquerade = false;
  for (ir::Target& t : fate.targets) t.masquerade = false;
  return fate;
}

Change change_of(const ir::Fate& before, const ir::Fate& after, const net::Packet& packet) {
  const bool was = reaches(before), is = reaches(after);
  if (is && !was) return Change::allowed;
  if (was && !is) return Change::refused;
  if (ir::equal(without_masquerade(before), without_masquerade(after), packet)) return Change::source;
  return was ? Change::elsewhere : Change::otherwise;
}

std::vector<Because> lines(const ir::Trail& trail) {
  std::vector<Because> out;
  const auto add = [&](const ir::Origin& origin) {
    if (!origin.object.empty()) out.push_back({origin.object, origin.field, origin.span});
  };
  if (trail.range_check != nullptr) add(trail.range_check->origin);
  if (trail.route != nullptr) add(trail.route->origin);
  if (trail.check != nullptr) add(trail.check->origin);
  return out;
}

std::optional<std::string> owner(const ir::Trail& trail) {
  if (trail.route != nullptr) return fmt::format("{} {}", trail.route->owner, ir::to_string(trail.route->kind));
  if (trail.range_check != nullptr) return trail.range_check->owner;
  if (!trail.fell_through.empty()) return trail.fell_through.front()->owner;
  if (trail.check != nullptr) return trail.check->owner;
  return {};
}

// Same node, nothing of ours on it.
ir::Program empty_like(const ir::Program& program) {
  ir::Program out;
  out.node = program.node;
  out.family = program.family;
  out.dialect = program.dialect;
  out.mark = program.mark;
  out.local_addresses = program.local_addresses;
  out.detector = program.detector;
  return out;
}

class Comparison {
 public:
  Comparison(smt::Session& session, const Setting* setting, Method method)
      : session_(session), setting_(setting), method_(method) {
    if (setting != nullptr) zones_.emplace(*setting);
  }

  void compare(const ir::Program& before, const ir::Program& after) {
    Arena arena;
    const auto own =
        before.local_addresses == after.local_addresses ? ProgramSide::Local::shared : ProgramSide::Local::own;
    ProgramSide left(arena, before, own), right(arena, after, own);
    std::set<net::Address> local(before.local_addresses.begin(), before.local_addresses.end());
    local.insert(after.local_addresses.begin(), after.local_addresses.end());
    const std::vector<net::Address> addresses(local.begin(), local.end());
    encode::Judge judge(session_, arena, before.family, addresses);
    judge.share_theorems(method_ == Method::shapes);
    const ir::Interpreter old_meaning(before), new_meaning(after);
    for (const net::ConntrackState state : {net::ConntrackState::fresh, net::ConntrackState::established,
                                            net::ConntrackState::related, net::ConntrackState::invalid}) {
      for (const bool from_node : {false, true}) {
        const Path path{from_node, state};
        for_each_region(left, right, before.family, path, arena, [&](const Pair& pair) {
          const Judgement j = judge.judge(pair.left, pair.right, pair.region.representative, path);
          if (j.kind == Judgement::Kind::equal) return;
          region(arena, pair, path, addresses, old_meaning, new_meaning);
        });
      }
    }
  }

  Differences finish(std::uint64_t queries) {
    for (auto& [key, group] : groups_) {
      std::ranges::sort(group.nodes);
      const auto repeated = std::ranges::unique(group.nodes);
      group.nodes.erase(repeated.begin(), repeated.end());
      out_.groups.push_back(std::move(group));
    }
    for (auto& [key, reach] : reach_) out_.reach.push_back(std::move(reach));
    out_.queries = queries;
    return std::move(out_);
  }

 private:
  // Every combination of answers that a packet to the region can give, through both interpreters.
  void region(Arena& arena, const Pair& pair, const Path& path, const std::vector<net::Address>& local,
              const ir::Interpreter& before, const ir::Interpreter& after) {
    std::set<AtomId> atoms;
    for (const NodeId root : {pair.left, pair.right}) {
      for (const AtomId a : encode::atoms_of(arena, root)) atoms.insert(a);
    }
    if (zones_ && !path.from_node) {
      for (const SourceIn& set : zones_->sets(before.program().family)) atoms.insert(arena.atom(set));
    }
    std::set<std::string> counted;
    const auto each = [&](const encode::Case& one) {
      ir::Memory memory;
      for (const LabelId label : one.remembered) memory.remember(one.packet.src, arena.label_name(label));
      ir::Trail old_trail, new_trail;
      const ir::Fate was = before.fate(one.packet, memory, &old_trail), is = after.fate(one.packet, memory, &new_trail);
      if (ir::equal(was, is, one.packet)) return true;
      Changed changed{one.packet, was, is, old_trail, new_trail, before.program().node, {}};
      changed.likely = [&](const net::Packet& p) { return same_change(changed, p, memory, before, after); };
      add(changed, counted);
      if (zones_) add_reach(changed);
      return true;
    };
    const auto outcome =
        encode::for_each_case(session_, arena, before.program().family, local, {atoms.begin(), atoms.end()},
                              pair.region.representative, path, most_cases, each);
    if (outcome == encode::Enumeration::complete) return;
    const Key& key = pair.region.representative;
    out_.unknown.push_back(fmt::format("{}: packets to {} {}: too many kinds of sources", before.program().node,
                                       net::lower_name(key.protocol), net::endpoint_text(key.destination, key.port)));
  }

  // A packet whose fate changes on a node, of one answer to everything that is asked of it.
  struct Changed {
    net::Packet packet;
    ir::Fate was, is;
    ir::Trail old_trail, new_trail;
    std::string node;
    std::function<bool(const net::Packet&)> likely;  // whether another packet fares the same, and is of the same zone
  };

  [[nodiscard]] bool covered(const net::Packet& packet) const { return setting_->covered && setting_->covered(packet); }

  [[nodiscard]] bool same_change(const Changed& changed, const net::Packet& packet, const ir::Memory& memory,
                                 const ir::Interpreter& before, const ir::Interpreter& after) const {
    if (zones_->of(packet) != zones_->of(changed.packet)) return false;
    if (covered(packet) != covered(changed.packet)) return false;
    return before.fate(packet, memory) == changed.was && after.fate(packet, memory) == changed.is;
  }

  [[nodiscard]] net::Packet witness(const Changed& changed) {
    if (!zones_) return changed.packet;
    const bool from_node = changed.packet.from == net::PacketFrom::node;
    const auto start = [&](const net::Address& source) { return zones_->start(source, changed.node, from_node); };
    return likely(changed.packet, zones_->likely(changed.node, changed.packet.family()), start, changed.likely);
  }

  void add(const Changed& changed, std::set<std::string>& counted) {
    const auto& [packet, was, is, old_trail, new_trail, node, fares_the_same] = changed;
    const Change change = change_of(was, is, packet);
    const std::optional<std::string> new_owner = owner(new_trail), old_owner = owner(old_trail);
    // What is refused now was somebody's before; the refusal itself is nobody's.
    const std::optional<std::string>&first = change == Change::refused ? old_owner : new_owner,
          &second = change == Change::refused ? new_owner : old_owner;
    const std::string about = first ? *first : second ? *second : packet.dst.text();
    // Who is masqueraded depends on who asks, and would tear a group apart.
    const bool whole = change == Change::source;
    const std::string old_text = ir::text(whole ? was : without_masquerade(was));
    const std::string new_text = ir::text(whole ? is : without_masquerade(is));
    const auto [at, fresh] = groups_.try_emplace({change, about, old_text, new_text});
    Group& group = at->second;
    if (fresh) {
      group = {change, about, {}, 0, witness(changed), was, is, lines(old_trail), lines(new_trail)};
    }
    group.nodes.push_back(node);
    const std::string key = fmt::format("{} {} {} {}", static_cast<int>(change), about, old_text, new_text);
    if (counted.insert(key).second) ++group.destinations;
  }

  // Who is behind the endpoints that it reaches, and at which port.
  [[nodiscard]] std::set<std::pair<std::string, std::uint16_t>> workloads(const ir::Fate& fate, bool in_after) const {
    std::set<std::pair<std::string, std::uint16_t>> out;
    if (fate.kind != ir::Fate::Kind::dnat) return out;
    for (const ir::Target& t : fate.targets) {
      if (t.then == ir::Then::local || t.then == ir::Then::forward)
        out.emplace(zones_->workload(t.address, in_after), t.port);
    }
    return out;
  }

  void add_reach(const Changed& changed) {
    if (changed.packet.ct_state != net::ConntrackState::fresh) return;
    const auto was = workloads(changed.was, false), is = workloads(changed.is, true);
    for (const auto& one : is) {
      if (!was.contains(one)) add_reach(changed, true, one.first, one.second);
    }
    for (const auto& one : was) {
      if (!is.contains(one)) add_reach(changed, false, one.first, one.second);
    }
  }

  void add_reach(const Changed& changed, bool gained, const std::string& workload, std::uint16_t port) {
    const Zone zone = zones_->of(changed.packet);
    const bool demanded = !gained && covered(changed.packet);
    const auto [at, fresh] = reach_.try_emplace({gained, zone, workload, changed.packet.protocol, port});
    Reach& reach = at->second;
    // What was demanded is the better example.
    if (!fresh && (reach.covered || !demanded)) return;
    const ir::Trail& decides = gained ? changed.new_trail : changed.old_trail;
    reach = {gained,       zone,           workload, changed.packet.protocol, port, witness(changed),
             changed.node, lines(decides), demanded};
  }

  smt::Session& session_;
  const Setting* setting_;
  Method method_;
  std::optional<Zones> zones_;
  std::map<std::tuple<Change, std::string, std::string, std::string>, Group> groups_;
  std::map<std::tuple<bool, Zone, std::string, net::Protocol, std::uint16_t>, Reach> reach_;
  Differences out_;
};

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::allowed:
      return "newly allowed";
    case Change::refused:
      return "newly refused";
    case Change::elsewhere:
      return "goes elsewhere";
    case Change::source:
      return "other source";
    case Change::otherwise:
      return "other answer";
  }
  return {};
}

std::string_view to_string(Zone zone) {
  switch (zone) {
    case Zone::internet:
      return "internet";
    case Zone::pods:
      return "pods";
    case Zone::nodes:
      return "nodes";
  }
  return {};
}

Differences differences(const Programs& before, const Programs& after, smt::Session& session, const Setting* setting,
                        Method method) {
  const std::uint64_t queries = session.queries();
  Comparison comparison(session, setting, method);
  std::set<std::pair<std::string, net::Family>> keys;
  for (const auto* version : {&before, &after}) {
    for (const auto& [key, program] : *version) keys.insert(key);
  }
  for (const auto& key : keys) {
    const auto old_program = before.find(key), new_program = after.find(key);
    if (old_program == before.end()) {
      comparison.compare(empty_like(new_program->second), new_program->second);
    } else if (new_program == after.end()) {
      comparison.compare(old_program->second, empty_like(old_program->second));
    } else {
      comparison.compare(old_program->second, new_program->second);
    }
  }
  return comparison.finish(session.queries() - queries);
}

}  // namespace portcullis::obligations

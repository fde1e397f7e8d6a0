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
  explicit Comparison(smt::Session& session) : session_(session) {}

  void compare(const ir::Program& before, const ir::Program& after) {
    Arena arena;
    const auto own =
        before.local_addresses == after.local_addresses ? ProgramSide::Local::shared : ProgramSide::Local::own;
    ProgramSide left(arena, before, own), right(arena, after, own);
    std::set<net::Address> local(before.local_addresses.begin(), before.local_addresses.end());
    local.insert(after.local_addresses.begin(), after.local_addresses.end());
    const std::vector<net::Address> addresses(local.begin(), local.end());
    encode::Judge judge(session_, arena, before.family, addresses);
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
    std::set<std::string> counted;
    const auto each = [&](const encode::Case& one) {
      ir::Memory memory;
      for (const LabelId label : one.remembered) memory.remember(one.packet.src, arena.label_name(label));
      ir::Trail old_trail, new_trail;
      const ir::Fate was = before.fate(one.packet, memory, &old_trail), is = after.fate(one.packet, memory, &new_trail);
      if (!ir::equal(was, is, one.packet)) add(one.packet, was, is, old_trail, new_trail, before.program(), counted);
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

  void add(const net::Packet& packet, const ir::Fate& was, const ir::Fate& is, const ir::Trail& old_trail,
           const ir::Trail& new_trail, const ir::Program& program, std::set<std::string>& counted) {
    const Change change = change_of(was, is, packet);
    const std::optional<std::string> new_owner = owner(new_trail), old_owner = owner(old_trail);
    const std::string about = new_owner ? *new_owner : old_owner ? *old_owner : packet.dst.text();
    // Who is masqueraded depends on who asks, and would tear a group apart.
    const bool whole = change == Change::source;
    const std::string old_text = ir::text(whole ? was : without_masquerade(was));
    const std::string new_text = ir::text(whole ? is : without_masquerade(is));
    const auto [at, fresh] = groups_.try_emplace({change, about, old_text, new_text});
    Group& group = at->second;
    if (fresh) {
      group = {change, about, {}, 0, packet, was, is, lines(old_trail), lines(new_trail)};
    }
    group.nodes.push_back(program.node);
    const std::string key = fmt::format("{} {} {} {}", static_cast<int>(change), about, old_text, new_text);
    if (counted.insert(key).second) ++group.destinations;
  }

  smt::Session& session_;
  std::map<std::tuple<Change, std::string, std::string, std::string>, Group> groups_;
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

Differences differences(const Programs& before, const Programs& after, smt::Session& session) {
  const std::uint64_t queries = session.queries();
  Comparison comparison(session);
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

#include "verifier/obligations/reach_judge.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/net/prefix_algebra.hpp"

namespace portcullis::obligations {

namespace {

using specialise::Interval;

// No address at all.
constexpr std::uint32_t no_zone = UINT32_MAX;

net::Address address_of(const std::vector<std::uint32_t>& words, net::Family family) {
  if (family == net::Family::ipv4) return net::Address::v4(words.front());
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - 8 * (i % 4)));
  return net::Address::v6(bytes);
}

}  // namespace

// ---- zones

WayJudge::ZoneId WayJudge::zone(const net::PrefixSet& addresses) {
  Sourced runs;
  for (const auto& [first, last] : net::runs(net::of_family(addresses, family_))) runs.push_back({first, last});
  const auto [at, fresh] = zone_ids_.try_emplace(runs, static_cast<ZoneId>(zones_.size()));
  if (fresh) zones_.push_back(std::move(runs));
  return at->second;
}

// Both lists are sorted and have gaps between their intervals, so an interval that lies in a union lies in one of it.
WayJudge::Relation WayJudge::relation(ZoneId zone, SourcedId sources) {
  if (method_ == Method::plain) return Relation::overlaps;
  if (zone == no_zone) return Relation::apart;
  const auto [at, fresh] = relations_.try_emplace({zone, sources}, Relation::overlaps);
  if (!fresh) return at->second;
  const Sourced &runs = zones_[zone], &among = store_.sources_of(sources);
  // The first run that does not end before the interval begins.
  const auto run_at = [&](const net::Address& low) {
    return std::ranges::lower_bound(runs, low, {}, [](const Interval& i) { return i.high; });
  };
  const bool touches = std::ranges::any_of(among, [&](const Interval& i) {
    const auto run = run_at(i.low);
    return run != runs.end() && run->low <= i.high;
  });
  const auto inside = [&](const Interval& run) {
    const auto found = std::ranges::lower_bound(among, run.low, {}, [](const Interval& i) { return i.high; });
    return found != among.end() && found->low <= run.low && run.high <= found->high;
  };
  at->second = !touches ? Relation::apart : std::ranges::all_of(runs, inside) ? Relation::covers : Relation::overlaps;
  return at->second;
}

bool WayJudge::apart(ZoneId zone, const Interval& hull) const {
  const Sourced& runs = zones_[zone];
  const auto run = std::ranges::lower_bound(runs, hull.low, {}, [](const Interval& i) { return i.high; });
  return run == runs.end() || hull.high < run->low;
}

// ---- cutting

std::size_t WayJudge::CutHash::operator()(const Cut& cut) const {
  return specialise::mix(static_cast<std::size_t>(cut.aspect) * 2 + (cut.nodes ? 1 : 0),
                         std::uint64_t{cut.zone} << 32U | cut.way);
}

WayId WayJudge::cut(const Cut& what) {
  // Where no test speaks of the zone, all zones are alike.
  if (what.zone != no_zone && method_ != Method::plain) {
    const std::optional<Interval>& hull = store_.hull(what.way);
    if (!hull || apart(what.zone, *hull)) return cut({no_zone, what.aspect, what.nodes, what.way});
  }
  if (const std::uint32_t* known = cuts_.find(what)) return *known;
  const WayNode node = store_.node(what.way);
  const auto part = [&](WayId way) { return cut({what.zone, what.aspect, what.nodes, way}); };
  WayId out = 0;
  switch (node.kind) {
    case WayNode::Kind::end: {
      bool yes = false;
      switch (what.aspect) {
        case Aspect::delivered:
          yes = node.end.delivered && !node.end.undefined;
          break;
        case Aspect::may_deliver:
          yes = node.end.delivered || node.end.undefined;
          break;
        case Aspect::loses_source:
          yes = (node.end.delivered && node.end.masqueraded) || node.end.undefined;
          break;
        case Aspect::keeps_source:
          yes = (node.end.delivered && !node.end.masqueraded) || node.end.undefined;
          break;
      }
      out = store_.end({yes, false, false});
      break;
    }
    case WayNode::Kind::test:
      switch (relation(what.zone, node.sources)) {
        case Relation::apart:
          out = part(node.other);
          break;
        case Relation::covers:
          out = part(node.then);
          break;
        case Relation::overlaps:
          out = store_.test(node.sources, part(node.then), part(node.other));
          break;
      }
      break;
    case WayNode::Kind::choice: {
      std::vector<Branch> branches;
      branches.reserve(node.branches.size());
      for (const Branch& b : node.branches) branches.push_back({what.nodes ? b.node : specialise::none, part(b.way)});
      out = store_.choice(std::move(branches), what.nodes && node.fixed);
      break;
    }
  }
  cuts_.store(what, out);
  return out;
}

std::vector<WayId> WayJudge::cut_all(ZoneId zone, Aspect aspect, bool nodes, const std::vector<WayId>& ways) {
  std::vector<WayId> out;
  out.reserve(ways.size());
  for (const WayId way : ways) out.push_back(cut({zone, aspect, nodes, way}));
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

// ---- terms

smt::Term WayJudge::value(const net::Address& address) {
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < 16; ++i) words[i / 4] = words[i / 4] << 8U | address.bytes()[i];
  const bool narrow = family_ == net::Family::ipv4;
  return session_.words(std::span(words).subspan(narrow ? 3 : 0), narrow ? 32 : 128);
}

smt::Term WayJudge::within(const Interval& interval) {
  const bool narrow = family_ == net::Family::ipv4;
  const smt::Term source = session_.bits(narrow ? "source" : "source6", narrow ? 32 : 128);
  if (interval.low == interval.high) return session_.equal(source, value(interval.low));
  return session_.all({session_.at_most(value(interval.low), source), session_.at_most(source, value(interval.high))});
}

// The diagrams of one query as formulas.
struct WayJudge::Terms {
  explicit Terms(WayJudge& j) : judge(j), session(j.session_) {}

  smt::Term sources(const Sourced& among) {
    std::vector<smt::Term> any;
    any.reserve(among.size());
    for (const Interval& i : among) any.push_back(judge.within(i));
    return session.any(any);
  }
  smt::Term lost(std::uint32_t node) {
    if (node == specialise::none) return session.truth(false);
    nodes.insert(node);
    return session.boolean(fmt::format("lost-{}", node));
  }

  // Yes, whatever chance chooses.
  smt::Term surely(WayId way) {
    if (const auto known = sure.find(way); known != sure.end()) return known->second;
    const WayNode node = judge.store_.node(way);
    smt::Term out = session.truth(node.end.delivered);
    if (node.kind == WayNode::Kind::test) {
      out = session.choose(sources(judge.store_.sources_of(node.sources)), surely(node.then), surely(node.other));
    } else if (node.kind == WayNode::Kind::choice) {
      std::vector<smt::Term> all, left;
      for (const Branch& b : node.branches) {
        const smt::Term gone = lost(b.node), good = surely(b.way);
        all.push_back(node.fixed ? session.all({session.no(gone), good}) : session.any({gone, good}));
        left.push_back(session.no(gone));
      }
      all.push_back(session.any(left));
      out = session.all(all);
    }
    sure.emplace(way, out);
    return out;
  }

  // Yes, if chance so chooses. Nobody is lost.
  smt::Term perhaps(WayId way) {
    if (const auto known = possible.find(way); known != possible.end()) return known->second;
    const WayNode node = judge.store_.node(way);
    smt::Term out = session.truth(node.end.delivered);
    if (node.kind == WayNode::Kind::test) {
      out = session.choose(sources(judge.store_.sources_of(node.sources)), perhaps(node.then), perhaps(node.other));
    } else if (node.kind == WayNode::Kind::choice) {
      std::vector<smt::Term> any;
      for (const Branch& b : node.branches) any.push_back(perhaps(b.way));
      out = session.any(any);
    }
    possible.emplace(way, out);
    return out;
  }

  WayJudge& judge;
  smt::Session& session;
  std::map<WayId, smt::Term> sure, possible;
  std::set<std::uint32_t> nodes;
};

// ---- questions

Answer WayJudge::answer(const smt::Result& result, std::span<const std::uint32_t> nodes, ZoneId /*zone*/) {
  Answer out{result.answer, result.reason, {}, {}};
  if (result.answer != smt::Answer::satisfiable) return out;
  const bool narrow = family_ == net::Family::ipv4;
  out.source =
      address_of(result.model->words(session_.bits(narrow ? "source" : "source6", narrow ? 32 : 128)), family_);
  for (const std::uint32_t node : nodes) {
    if (result.model->truth(session_.boolean(fmt::format("lost-{}", node)))) out.lost.push_back(node);
  }
  return out;
}

Answer WayJudge::find_undelivered(ZoneId zone, const std::vector<WayId>& ways) {
  ++counts_.asked;
  const std::vector<WayId> shape = cut_all(zone, Aspect::delivered, false, ways);
  const auto [at, fresh] = answers_.try_emplace({zone, true, shape});
  if (!fresh && method_ == Method::shapes) return at->second;
  ++counts_.shapes;
  const smt::Session::Scope scope(session_);
  Terms terms(*this);
  std::vector<smt::Term> all{terms.sources(zones_[zone])};
  for (const WayId way : shape) all.push_back(session_.no(terms.surely(way)));
  at->second = answer(session_.check(fmt::format("undelivered-{}", counts_.shapes), all), {}, zone);
  return at->second;
}

Answer WayJudge::find_lost(ZoneId zone, const std::vector<WayId>& ways, std::uint32_t most,
                           std::optional<std::uint32_t> always, const std::vector<std::vector<std::uint32_t>>& known) {
  ++counts_.asked;
  const std::vector<WayId> shape = cut_all(zone, Aspect::delivered, true, ways);
  const std::tuple question(zone, most, always, shape);
  const auto same = lost_.find(question);
  if (method_ == Method::shapes && known.empty() && same != lost_.end()) return same->second;
  ++counts_.shapes;
  const smt::Session::Scope scope(session_);
  Terms terms(*this);
  std::vector<smt::Term> all{terms.sources(zones_[zone])};
  for (const WayId way : shape) all.push_back(session_.no(terms.surely(way)));
  if (always) all.push_back(session_.no(terms.lost(*always)));
  const std::vector<std::uint32_t> nodes(terms.nodes.begin(), terms.nodes.end());
  std::vector<smt::Term> lost;
  lost.reserve(nodes.size());
  for (const std::uint32_t node : nodes) lost.push_back(terms.lost(node));
  all.push_back(session_.at_most_of(lost, most));
  for (const std::vector<std::uint32_t>& set : known) {
    std::vector<smt::Term> other;
    for (const std::uint32_t node : nodes) {
      const smt::Term gone = terms.lost(node);
      other.push_back(std::ranges::binary_search(set, node) ? session_.no(gone) : gone);
    }
    all.push_back(session_.any(other));
  }
  const Answer found = answer(session_.check(fmt::format("lost-{}", counts_.shapes), all), nodes, zone);
  if (known.empty()) lost_.emplace(question, found);
  return found;
}

Answer WayJudge::find_chance(ZoneId zone, const std::vector<WayId>& ways, Aspect aspect) {
  ++counts_.asked;
  const std::vector<WayId> shape = cut_all(zone, aspect, false, ways);
  const auto [at, fresh] = answers_.try_emplace({zone, false, shape});
  if (!fresh && method_ == Method::shapes) return at->second;
  ++counts_.shapes;
  const smt::Session::Scope scope(session_);
  Terms terms(*this);
  std::vector<smt::Term> any;
  for (const WayId way : shape) any.push_back(terms.perhaps(way));
  at->second =
      answer(session_.check(fmt::format("chance-{}", counts_.shapes), {terms.sources(zones_[zone]), session_.any(any)}),
             {}, zone);
  return at->second;
}

}  // namespace portcullis::obligations

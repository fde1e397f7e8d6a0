// What Z3 is asked about ways. Diagrams are cut down to a zone first: a test of sources that the zone does not touch is
// false, one that holds for the whole zone is true (both by comparing intervals, exhaustively), and what overlaps stays
// as it is. Destinations whose diagrams become the same share one query.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "verifier/obligations/method.hpp"
#include "verifier/obligations/reach_ways.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::obligations {

enum class Aspect : std::uint8_t {
  delivered,     // surely
  may_deliver,   // or nobody knows
  loses_source,  // it is delivered and was masqueraded, or nobody knows
  keeps_source   // it is delivered and was not masqueraded, or nobody knows
};

// What a query found.
struct Answer {
  smt::Answer answer = smt::Answer::unknown;
  std::string reason;                  // why unknown
  std::optional<net::Address> source;  // of satisfiable
  std::vector<std::uint32_t> lost;     // nodes, ascending
};

class WayJudge {
 public:
  // All must outlive this.
  WayJudge(smt::Session& session, WayStore& store, net::Family family, Method method = Method::shapes)
      : session_(session), store_(store), family_(family), method_(method) {}

  // A set of sources of this family; not empty.
  using ZoneId = std::uint32_t;
  [[nodiscard]] ZoneId zone(const net::PrefixSet& addresses);

  // Unsatisfiable iff for every source of the zone, one of the ways delivers whatever chance chooses.
  [[nodiscard]] Answer find_undelivered(ZoneId zone, const std::vector<WayId>& ways);
  // Unsatisfiable iff the same holds whichever `most` nodes are lost (`always` is not among them). `known` are sets of
  // lost nodes that are no answer.
  [[nodiscard]] Answer find_lost(ZoneId zone, const std::vector<WayId>& ways, std::uint32_t most,
                                 std::optional<std::uint32_t> always,
                                 const std::vector<std::vector<std::uint32_t>>& known);
  // Unsatisfiable iff no source of the zone has, on any of the ways, a chance of this aspect.
  [[nodiscard]] Answer find_chance(ZoneId zone, const std::vector<WayId>& ways, Aspect aspect);

  struct Counts {
    std::size_t asked = 0;   // questions
    std::size_t shapes = 0;  // different ones, which is what the solver saw
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  // A diagram of yes and no.
  struct Cut {
    ZoneId zone = 0;
    Aspect aspect{};
    bool nodes = false;  // who is lost matters
    WayId way = 0;
    bool operator==(const Cut&) const = default;
  };
  struct CutHash {
    std::size_t operator()(const Cut& cut) const;
  };
  struct Terms;

  [[nodiscard]] WayId cut(const Cut& what);
  [[nodiscard]] std::vector<WayId> cut_all(ZoneId zone, Aspect aspect, bool nodes, const std::vector<WayId>& ways);
  enum class Relation : std::uint8_t { apart, covers, overlaps };
  [[nodiscard]] Relation relation(ZoneId zone, SourcedId sources);
  [[nodiscard]] bool apart(ZoneId zone, const specialise::Interval& hull) const;
  [[nodiscard]] smt::Term value(const net::Address& address);
  [[nodiscard]] smt::Term within(const specialise::Interval& interval);
  [[nodiscard]] Answer answer(const smt::Result& result, std::span<const std::uint32_t> nodes, ZoneId zone);

  smt::Session& session_;
  WayStore& store_;
  net::Family family_;
  Method method_;
  std::vector<Sourced> zones_;
  std::map<Sourced, ZoneId> zone_ids_;
  specialise::Memo<Cut, CutHash> cuts_;
  std::map<std::pair<ZoneId, SourcedId>, Relation> relations_;
  // By question: one way for all, or one for each.
  std::map<std::tuple<ZoneId, bool, std::vector<WayId>>, Answer> answers_;
  std::map<std::tuple<ZoneId, std::uint32_t, std::optional<std::uint32_t>, std::vector<WayId>>, Answer> lost_;
  Counts counts_;
};

}  // namespace portcullis::obligations

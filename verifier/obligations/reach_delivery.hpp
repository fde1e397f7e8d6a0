// Who gets through to whom: reachable, unreachable, only, preserves source.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "verifier/obligations/reach_judge.hpp"
#include "verifier/obligations/reach_replay.hpp"
#include "verifier/obligations/reach_targets.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

class Delivery {
 public:
  // Both must outlive this.
  Delivery(Network& network, smt::Session& session, Method method = Method::shapes);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Each fills in what became of the question: all of a Proof but its name and statement. The sources must live as long
  // as this.
  //
  // Unsatisfiable iff for every source, and every set of at most `surviving` lost nodes, some key of each demand is
  // delivered whatever chance chooses.
  void reachable(const policy::ReachableQuestion& question, verdict::Proof& proof);
  // Unsatisfiable iff no packet from a source to any key has a chance to be delivered.
  void unreachable(const policy::Sources& from, const policy::Destination& to, verdict::Proof& proof);
  // Unsatisfiable iff no packet from a source to any key has a chance to be delivered after a node has masqueraded it.
  void preserves_source(const policy::PreservesSourceQuestion& question, verdict::Proof& proof);

  // Unsatisfiable iff no packet from a source to any key has a chance to be delivered as it was sent, or (lost) with
  // the address of a node in place of its own. `proof.node`: of lost, the node whose address it has.
  void keeps_source(const policy::Sources& from, const policy::Destination& to, verdict::Proof& proof);
  void loses_source(const policy::Sources& from, const policy::Destination& to, verdict::Proof& proof);

  // Whether anybody at all gets through to one of the keys: from outside, from pods or from nodes.
  [[nodiscard]] bool anybody_reaches(const std::vector<Key>& keys, net::Family family, verdict::Proof& proof);
  [[nodiscard]] Targets& targets() { return targets_; }

 private:
  struct Group;   // of sources, of one family
  struct Family;  // what is kept of one
  struct Losses;  // the cluster without some nodes

  [[nodiscard]] std::vector<Group> groups(const policy::Sources& sources, net::Family family);
  [[nodiscard]] std::vector<WayId> ways(const Group& group, const std::vector<Key>& keys);
  static std::vector<WayId> ways(Ways& ways, const Group& group, const cluster::Node* sender,
                                 const std::vector<Key>& keys);
  [[nodiscard]] net::Packet packet(const Group& group, const Key& key, const net::Address& source) const;
  // Sources that people know before the solver's.
  [[nodiscard]] std::vector<net::Address> sources(const Group& group, const net::Address& found) const;
  bool undelivered(const Group& group, const Demand& demand, verdict::Proof& proof);
  // Whether packets from the source show it; `open`: why nobody knows.
  bool replay_undelivered(const Group& group, const Demand& demand, const net::Address& source, verdict::Proof& proof,
                          std::optional<std::string>& open);
  bool lost(const Group& group, const Demand& demand, const policy::ReachableQuestion& question, verdict::Proof& proof);
  // Whether rules compiled anew, without the lost nodes, leave packets of some source undelivered; then that is told.
  // Nothing: nobody knows.
  std::optional<bool> fails_anew(const Group& group, const Demand& demand, const std::vector<std::uint32_t>& lost,
                                 verdict::Proof& proof);
  bool lost_one_by_one(const Group& group, const Demand& demand, std::uint32_t most,
                       std::optional<std::uint32_t> sender, verdict::Proof& proof);
  Losses& without(const std::vector<std::uint32_t>& lost);
  bool replay_lost(const Group& group, const Demand& demand, const Answer& answer, bool hints, verdict::Proof& proof);
  void chance(const policy::Sources& from, const policy::Destination& to, Aspect aspect, verdict::Proof& proof);
  bool shown_chance(const Group& group, const std::vector<Key>& keys, const net::Address& found, Aspect aspect,
                    verdict::Proof& proof);
  // Whether a packet from the source shows it; `open`: why nobody knows.
  bool replay_chance(const Group& group, const std::vector<Key>& keys, const net::Address& source, Aspect aspect,
                     verdict::Proof& proof, std::optional<std::string>& open);
  Family& family(net::Family family);

  Network& network_;
  smt::Session& session_;
  Method method_;
  Targets targets_;
  std::array<std::unique_ptr<Family>, 2> families_;
  std::map<std::pair<const policy::SourceGroup*, net::Family>, WayJudge::ZoneId> zones_;
  std::unique_ptr<Losses> losses_;  // the last ones
};

}  // namespace portcullis::obligations

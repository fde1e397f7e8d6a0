// `same fate`: packets to one frontend and packets to another are treated alike, on every node.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "compiler/policy/bound.hpp"
#include "verifier/encode/equality.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/obligations/reach_targets.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

class Fates {
 public:
  // All must outlive this.
  Fates(Network& network, Targets& targets, smt::Session& session, Method method = Method::shapes);
  ~Fates();
  Fates(const Fates&) = delete;
  Fates& operator=(const Fates&) = delete;

  // Unsatisfiable iff on no node a packet exists that has other endpoints, weights, memory or refusals by a frontend of
  // the first than by one of the second; with `with_source`, or other masquerade. Without, what differs there is told
  // in `except`, if that is wanted.
  //
  // A balancer that passes packets to node ports is compared by the node port that they arrive at; a balancer address
  // that nodes know, by that, too.
  void same(const policy::SameFateQuestion& question, verdict::Proof& proof, bool tell_masquerade = true);

  // True only if `same` of these two proves it, without the source; told by one node for all, where their ports are
  // alike on all nodes (same_route.hpp). False says nothing.
  [[nodiscard]] bool same_everywhere(const policy::Frontend& first, const policy::Frontend& second);

 private:
  // The keys that a frontend has on all nodes, and those that it has on single ones.
  struct Keys {
    std::vector<Key> everywhere;
    std::vector<std::pair<const cluster::Node*, Key>> at;
  };
  [[nodiscard]] Keys all_keys(const policy::Frontend& frontend, net::Family family);
  struct Side;  // of one node and family

  [[nodiscard]] std::vector<Key> keys(const policy::Frontend& frontend, const cluster::Node& node, net::Family family);
  Side& side(const cluster::Node& node, net::Family family);
  // Whether that settles it.
  bool compare(const cluster::Node& node, const Key& left, const Key& right, bool with_source, bool tell_masquerade,
               verdict::Proof& proof);
  void refute(const cluster::Node& node, const net::Packet& found, const Key& right, bool with_source,
              verdict::Proof& proof);

  Network& network_;
  Targets& targets_;
  smt::Session& session_;
  Method method_;
  std::map<net::Family, specialise::Arena> arenas_;
  std::map<std::pair<const cluster::Node*, net::Family>, std::unique_ptr<Side>> sides_;
};

}  // namespace portcullis::obligations

// Which traffic changes between two versions of a cluster, exactly and grouped for people: every packet of every node
// and family whose fate differs is in one group, and each group has a packet that shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l4/program.hpp"
#include "compiler/net/packet.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::obligations {

enum class Change : std::uint8_t {
  allowed,    // reaches an endpoint now, and did not
  refused,    // reached an endpoint, and does no longer
  elsewhere,  // reaches other endpoints, or the same ones with other weights or another memory
  source,     // reaches the same endpoints with another source address
  otherwise,  // no endpoint before or after, and another answer: refused, dropped, left to the node
};
// `newly allowed`, `newly refused`, `goes elsewhere`, `other source`, `other answer`.
[[nodiscard]] std::string_view to_string(Change change);

// Lines that decide, of one of the versions.
struct Because {
  std::string object, field;
  base::SourceSpan span;
};

// Where a packet that changes comes from.
enum class Zone : std::uint8_t { internet, pods, nodes };
[[nodiscard]] std::string_view to_string(Zone zone);

struct Group {
  Change change{};
  std::string about;               // `shop/web:http load-balancer`, or the address if no frontend is concerned
  std::vector<std::string> nodes;  // sorted
  std::size_t destinations = 0;    // regions of addresses and ports, summed over nodes and families
  net::Packet witness;             // on the first of the nodes
  ir::Fate before, after;          // of the witness
  std::vector<Because> before_lines, after_lines;
};

// Packets of a zone that reach a workload in one version and not in the other.
struct Reach {
  bool gained = false;  // in the second version; else in the first
  Zone from{};
  std::string workload;  // `Deployment shop/web`; the endpoint's address if nobody knows whose it is
  net::Protocol protocol{};
  std::uint16_t port = 0;  // of the endpoint
  net::Packet witness;
  std::string node;  // that sends it there
  std::vector<Because> lines;
  bool covered = false;  // some packet of them is one that was demanded
};

struct Differences {
  std::vector<Group> groups;         // by change, then by what they are about
  std::vector<Reach> reach;          // lost, then gained; by zone, workload and port. Needs a Setting
  std::vector<std::string> unknown;  // what could not be decided, and why
  std::uint64_t queries = 0;
};

// Programs of one version, by node and family.
using Programs = std::map<std::pair<std::string, net::Family>, ir::Program>;

// What the programs do not know. Both clusters must outlive its use.
struct Setting {
  const cluster::Cluster &before, &after;
  // Sets of sources that `covered` tells apart.
  std::vector<net::PrefixSet> sources;
  // Whether somebody demands that such a packet gets through.
  std::function<bool(const net::Packet&)> covered;
};

// Nodes and families that only one version has are compared with a program that does nothing there. With a setting,
// packets are told apart by where they come from, and witnesses are such as somebody would send. By
// shapes or each; the plain encoding is of rulesets.
[[nodiscard]] Differences differences(const Programs& before, const Programs& after, smt::Session& session,
                                      const Setting* setting = nullptr, Method method = Method::shapes);

}  // namespace portcullis::obligations

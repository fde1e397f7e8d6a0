// The questions of a policy answered by trying: every source worth trying, every key, every choice, every set of lost
// nodes, with the interpreter of each node and a network of its own. Knows nothing of diagrams, the narrator or the
// solver.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "compiler/ir/l4/interpret.hpp"
#include "compiler/policy/bound.hpp"

namespace portcullis::tests {

class Brute {
 public:
  explicit Brute(const cluster::Cluster& cluster);
  Brute(const Brute&) = delete;
  Brute& operator=(const Brute&) = delete;

  [[nodiscard]] bool reachable(const policy::ReachableQuestion& question);
  [[nodiscard]] bool anybody_gets_through(const policy::Sources& from, const policy::Destination& to);
  [[nodiscard]] bool source_is_kept(const policy::PreservesSourceQuestion& question);

  struct Counts {
    std::size_t packets = 0, lost = 0;
  };
  Counts counts;

 private:
  struct Key {
    net::Address address;
    net::Protocol protocol{};
    std::uint16_t port = 0;
  };
  struct Found {
    bool surely = true, perhaps = false, masqueraded = false;
  };
  struct Rules {
    explicit Rules(ir::Program p) : program(std::move(p)), interpreter(program) {}
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;
    ir::Program program;
    ir::Interpreter interpreter;
  };

  [[nodiscard]] std::vector<Key> keys(const policy::Destination& to, net::Family family);
  [[nodiscard]] std::vector<net::Address> sources(const policy::SourceGroup& group, net::Family family) const;
  Found send(const policy::SourceGroup& group, const net::Address& source, const Key& key);
  void from_network(net::Packet packet, const cluster::Node* from, bool masqueraded, int machines, Found& found);
  void meet(const cluster::Node& node, const net::Packet& packet, bool masqueraded, int machines, Found& found);
  void past(const cluster::Node& node, const net::Packet& packet, ir::Then then, bool marked, bool masqueraded,
            int machines, Found& found);
  const Rules& rules(const cluster::Node& node, net::Family family);
  [[nodiscard]] const cluster::Node* owner(const net::Address& address) const;
  [[nodiscard]] const cluster::Node* home(const net::Address& address) const;
  [[nodiscard]] bool is_pod_or_endpoint(const net::Address& address) const;
  [[nodiscard]] bool survives(const policy::ReachableQuestion& question, const std::set<std::string>& lost,
                              const Brute& whole);

  const cluster::Cluster& cluster_;
  std::map<std::pair<std::string, net::Family>, Rules> rules_;
  std::set<net::Address> boundaries_;
};

}  // namespace portcullis::tests

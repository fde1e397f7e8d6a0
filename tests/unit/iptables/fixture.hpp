// Programs by hand, and what a ruleset does with packets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::iptables {

[[nodiscard]] net::Address address(std::string_view text);
[[nodiscard]] net::Prefix prefix(std::string_view text);

// A node with 192.168.50.10 and fd50::10, pods 10.40.0.0/14 and fd40::/32, node ports on those addresses (dialect
// nftables) or on every local one.
[[nodiscard]] ir::Program empty_program(net::Family family, ir::Dialect dialect);
// Adds a pool of endpoints at port 8080, every second one local. Keeps the pools in order if names come in order.
ir::PoolId add_pool(ir::Program& program, const std::string& name, const std::vector<std::string>& addresses,
                    net::Protocol protocol = net::Protocol::tcp);
ir::Route& add_route(ir::Program& program, ir::Table table, const std::string& key_address, std::uint16_t port,
                     const std::string& owner, std::vector<ir::GuardedOutcome> outcomes);
[[nodiscard]] ir::GuardedOutcome always(ir::Outcome outcome);
// Sorts what a program has sorted.
void finish(ir::Program& program);

struct Read {
  std::optional<Ruleset> ruleset;
  std::vector<std::string> findings;  // `3:14 message`
};
[[nodiscard]] Read read_text(const std::string& text, const std::string& name = "iptables.rules");
// Our text and its jumps, read back. Fails the test if that is not what was printed.
[[nodiscard]] Ruleset printed_and_read(const ir::Program& program);

// Fates by a ruleset. Keeps what it needs.
class Engine {
 public:
  Engine(const Ruleset& ruleset, const ir::Program& program);
  [[nodiscard]] netfilter::Evaluation evaluate(const net::Packet& packet, const ir::Memory& memory = {}) const;
  [[nodiscard]] ir::Fate fate(const net::Packet& packet, const ir::Memory& memory = {}) const;

 private:
  netfilter::Model model_;
  netfilter::NodeFacts node_;
  netfilter::Evaluator evaluator_;
};

// Packets from every kind of source to every key, endpoint and address of the program, and their neighbours.
[[nodiscard]] std::vector<net::Packet> packets_of(const ir::Program& program);

}  // namespace portcullis::iptables

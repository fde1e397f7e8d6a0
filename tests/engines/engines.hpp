// Every way to ask what a program does with a packet: the interpreter, and each ruleset after it was printed and read
// back.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/ebpf/tables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::engines {

struct Engine {
  std::string name;  // `interpreter`, `nftables`, `iptables`, `ebpf`
  std::function<ir::Fate(const net::Packet&, const ir::Memory&)> fate;
  // An accept is nothing that eBPF could say: what nobody refuses passes.
  bool says_accept = true;
};
// Whether the engine's fate of the packet is the one that is meant.
[[nodiscard]] bool agrees(const Engine& engine, ir::Fate meant, const ir::Fate& got, const net::Packet& packet);

struct IptablesText {
  std::string rules, jumps;
};
[[nodiscard]] std::string nftables_text(const ir::Program& program);
[[nodiscard]] IptablesText iptables_text(const ir::Program& program);

// What a text of ours means beside what the program says of the rest of the node (a foreign FORWARD policy).
[[nodiscard]] netfilter::Model nftables_model(const std::string& text, const ir::Program& program);
[[nodiscard]] netfilter::Model iptables_model(const IptablesText& text, const ir::Program& program);

// The evaluators of a text that we printed. `program` gives the node's addresses only. They throw InternalError if the
// text cannot be read, is printed otherwise when read back, or holds something that is not modelled.
[[nodiscard]] Engine nftables_engine(const std::string& text, const ir::Program& program);
[[nodiscard]] Engine iptables_engine(const IptablesText& text, const ir::Program& program);

// The tables of both programs of a node, or of one. What the backend refuses (SCTP) is in them all the same.
[[nodiscard]] std::string ebpf_text(std::span<const ir::Program> programs);
[[nodiscard]] ebpf::Tables ebpf_tables(const std::string& text);
[[nodiscard]] Engine ebpf_engine(const std::string& text, const ir::Program& program);

// What a packet costs in such a text.
using Costing = std::function<netfilter::Cost(const net::Packet&)>;
[[nodiscard]] Costing nftables_costing(const std::string& text, const ir::Program& program);
[[nodiscard]] Costing iptables_costing(const IptablesText& text, const ir::Program& program);

// The interpreter and all of those. The program must outlive them.
[[nodiscard]] std::vector<Engine> engines(const ir::Program& program);

}  // namespace portcullis::engines

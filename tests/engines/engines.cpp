#include "tests/engines/engines.hpp"

#include <algorithm>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/evaluate.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::engines {

namespace {

// A model, its indexes, and the node it stands on.
struct Evaluated {
  netfilter::Model model;
  netfilter::NodeFacts node;
  std::unique_ptr<netfilter::Evaluator> evaluator;
};

using Shared = std::shared_ptr<const Evaluated>;

Shared evaluated(netfilter::Model model, const ir::Program& program) {
  auto e = std::make_shared<Evaluated>(Evaluated{std::move(model), netfilter::facts(program), nullptr});
  e->evaluator = std::make_unique<netfilter::Evaluator>(e->model);
  return e;
}

Engine engine_of(std::string name, Shared e) {
  return {std::move(name),
          [e = std::move(e)](const net::Packet& p, const ir::Memory& m) { return e->evaluator->fate(e->node, p, m); },
          true};
}

Costing costing_of(Shared e) {
  return [e = std::move(e)](const net::Packet& p) { return e->evaluator->evaluate(e->node, p).cost; };
}

std::string first_error(const base::Diagnostics& diagnostics) {
  for (const base::Diagnostic& d : diagnostics.all()) {
    if (d.severity == base::Severity::error) return d.code + " " + d.message;
  }
  return "no reason given";
}

}  // namespace

bool agrees(const Engine& engine, ir::Fate meant, const ir::Fate& got, const net::Packet& packet) {
  if (!engine.says_accept && meant.kind == ir::Fate::Kind::accept) meant.kind = ir::Fate::Kind::none;
  return ir::equal(meant, got, packet);
}

std::string nftables_text(const ir::Program& program) {
  base::Diagnostics diagnostics;
  return nftables::print(nftables::lower(std::span(&program, 1), diagnostics));
}

IptablesText iptables_text(const ir::Program& program) {
  base::Diagnostics diagnostics;
  const iptables::Ruleset ruleset = iptables::lower(program, diagnostics);
  return {iptables::print(ruleset), iptables::print_jumps(ruleset)};
}

namespace {

// The profile states a foreign FORWARD policy DROP: both engines stand beside it.
bool foreign_drop(const ir::Program& program) {
  return std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
}

void add_foreign_drop(netfilter::Model& model, const ir::Program& program) {
  netfilter::Chain chain;
  chain.table = "foreign";
  chain.name = "FORWARD";
  chain.ipv4 = program.family == net::Family::ipv4;
  chain.ipv6 = !chain.ipv4;
  chain.base = netfilter::BaseHook{netfilter::ChainType::filter, netfilter::Hook::forward, 0, true};
  model.chains.push_back(std::move(chain));
}

// iptables has one FORWARD chain a table: the foreign policy is that chain's.
void set_forward_policy_drop(netfilter::Model& model, const ir::Program& program) {
  for (netfilter::Chain& chain : model.chains) {
    const bool forward = chain.base && chain.base->hook == netfilter::Hook::forward;
    if (forward && chain.table.ends_with("filter")) {
      chain.base->policy_drop = true;
      return;
    }
  }
  add_foreign_drop(model, program);
}

}  // namespace

netfilter::Model nftables_model(const std::string& text, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("nftables.nft", text), sources, diagnostics);
  if (!ruleset) throw base::InternalError("our own nftables text cannot be read: " + first_error(diagnostics));
  if (nftables::print(*ruleset) != text)
    throw base::InternalError("our own nftables text is printed otherwise when read back");
  netfilter::Model model = nftables::model(*ruleset, std::span(&program, 1));
  if (foreign_drop(program)) add_foreign_drop(model, program);
  return model;
}

netfilter::Model iptables_model(const IptablesText& text, const ir::Program& program) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = iptables::read(
      sources.add(program.family == net::Family::ipv6 ? "ip6tables.rules" : "iptables.rules", text.rules + text.jumps),
      sources, diagnostics);
  if (!ruleset) throw base::InternalError("our own iptables text cannot be read: " + first_error(diagnostics));
  netfilter::Model model = iptables::model(*ruleset, &program);
  if (foreign_drop(program)) set_forward_policy_drop(model, program);
  return model;
}

Engine nftables_engine(const std::string& text, const ir::Program& program) {
  return engine_of("nftables", evaluated(nftables_model(text, program), program));
}
Engine iptables_engine(const IptablesText& text, const ir::Program& program) {
  return engine_of("iptables", evaluated(iptables_model(text, program), program));
}
std::string ebpf_text(std::span<const ir::Program> programs) {
  base::Diagnostics diagnostics;
  return ebpf::print(ebpf::lower(programs, std::string(64, '0'), diagnostics));
}

ebpf::Tables ebpf_tables(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  auto tables = ebpf::read(sources.add("node.pcl", text), sources, diagnostics);
  if (!tables) throw base::InternalError("our own tables cannot be read: " + first_error(diagnostics));
  if (ebpf::print(*tables) != text) throw base::InternalError("our own tables are printed otherwise when read back");
  return std::move(*tables);
}

Engine ebpf_engine(const std::string& text, const ir::Program& program) {
  struct Read {
    ebpf::Tables tables;
    std::unique_ptr<ebpf::Evaluator> evaluator;
  };
  auto read = std::make_shared<Read>(Read{ebpf_tables(text), nullptr});
  read->evaluator = std::make_unique<ebpf::Evaluator>(read->tables, ebpf::beside(program));
  return {"ebpf", [read](const net::Packet& p, const ir::Memory& m) { return read->evaluator->fate(p, m); }, false};
}

Costing nftables_costing(const std::string& text, const ir::Program& program) {
  return costing_of(evaluated(nftables_model(text, program), program));
}
Costing iptables_costing(const IptablesText& text, const ir::Program& program) {
  return costing_of(evaluated(iptables_model(text, program), program));
}

std::vector<Engine> engines(const ir::Program& program) {
  auto interpreter = std::make_shared<ir::Interpreter>(program);
  std::vector<Engine> all;
  all.push_back({"interpreter",
                 [interpreter](const net::Packet& p, const ir::Memory& m) { return interpreter->fate(p, m); }, true});
  // Our accept cannot undo a foreign drop in nftables and eBPF: the backends refuse such a program of dialect iptables
  // (PC5002).
  if (program.dialect == ir::Dialect::nftables || !foreign_drop(program)) {
    all.push_back(nftables_engine(nftables_text(program), program));
    all.push_back(ebpf_engine(ebpf_text(std::span(&program, 1)), program));
  }
  all.push_back(iptables_engine(iptables_text(program), program));
  return all;
}

}  // namespace portcullis::engines

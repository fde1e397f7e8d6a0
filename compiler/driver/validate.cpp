#include "compiler/driver/validate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/surroundings.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/driver/dead_rules.hpp"
#include "compiler/driver/proofs.hpp"
#include "verifier/bytecode/prove.hpp"
#include "verifier/obligations/tables.hpp"
#include "verifier/obligations/translation.hpp"

namespace portcullis::driver {

namespace {

using verdict::Proof;

const netfilter::File& file(const netfilter::Artefact& artefact, std::string_view name) {
  const auto found = std::ranges::find(artefact.files, name, &netfilter::File::name);
  if (found == artefact.files.end()) throw base::InternalError("no file " + std::string(name));
  return *found;
}

std::string proof_name(std::string_view target, const ir::Program& program) {
  return fmt::format("translation.{}.{}.{}", target, program.node,
                     program.family == net::Family::ipv4 ? "ipv4" : "ipv6");
}

Proof prove(std::string_view target, const ir::Program& program, const netfilter::Model& model,
            const ProofOptions& options) {
  const netfilter::NodeFacts node = netfilter::facts(program);
  const std::string name = proof_name(target, program);
  Solver solver(options, name);
  return obligations::prove_translation(name, program, model, node, solver.session, method(options));
}

std::vector<Proof> validate_nftables(const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact,
                                     const ProofOptions& options) {
  const std::string& text = file(artefact, "nftables.nft").text;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("nftables.nft", text), sources, diagnostics);
  if (!ruleset || nftables::print(*ruleset) != text)
    throw base::InternalError("nftables.nft is not read back as it was written");
  const netfilter::Model ours = nftables::model(*ruleset, programs);
  std::vector<Proof> proofs;
  for (const ir::Program& program : programs) {
    const bool foreign = std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
    if (!foreign) {
      proofs.push_back(prove("nftables", program, ours, options));
      continue;
    }
    netfilter::Model model = ours;
    netfilter::add_foreign_checks(model, program);
    proofs.push_back(prove("nftables", program, model, options));
  }
  if (options.explain && !proofs.empty()) proofs.back().dead = dead_rules(programs, ours, sources);
  return proofs;
}

std::vector<Proof> validate_iptables(const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact,
                                     const ProofOptions& options) {
  const std::string& jumps = file(artefact, "jumps.rules").text;
  std::vector<Proof> proofs;
  for (const ir::Program& program : programs) {
    const std::string name = program.family == net::Family::ipv4 ? "iptables.rules" : "ip6tables.rules";
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    const auto ruleset = iptables::read(sources.add(name, file(artefact, name).text + jumps), sources, diagnostics);
    if (!ruleset) throw base::InternalError(name + " cannot be read back");
    netfilter::Model model = iptables::model(*ruleset, &program);
    netfilter::set_foreign_policies(model, program);
    proofs.push_back(prove("iptables", program, model, options));
    if (options.explain) proofs.back().dead = dead_rules(std::span(&program, 1), model, sources);
  }
  return proofs;
}

std::vector<Proof> validate_ebpf(const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact,
                                 const ProofOptions& options) {
  const std::string& text = file(artefact, "node.pcl").text;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto tables = ebpf::read(sources.add("node.pcl", text), sources, diagnostics);
  if (!tables || ebpf::print(*tables) != text) throw base::InternalError("node.pcl is not read back as it was written");
  std::vector<Proof> proofs;
  for (const ir::Program& program : programs) {
    const std::string name = proof_name("ebpf", program);
    Solver solver(options, name);
    proofs.push_back(obligations::prove_tables(name, program, *tables, solver.session, method(options)));
  }
  return proofs;
}

}  // namespace

std::vector<Proof> validate(Target target, const std::vector<ir::Program>& programs,
                            const netfilter::Artefact& artefact, const ProofOptions& options) {
  switch (target) {
    case Target::nftables:
      return validate_nftables(programs, artefact, options);
    case Target::iptables:
      return validate_iptables(programs, artefact, options);
    case Target::ebpf:
      return validate_ebpf(programs, artefact, options);
    case Target::haproxy:
    case Target::ir:
      return {};
  }
  return {};
}

std::vector<Proof> validate_program(Target target, const ProofOptions& options) {
  std::vector<Proof> proofs;
  if (target != Target::ebpf) return proofs;
  Solver solver(options, "program.ebpf");
  for (bytecode::Theorem& theorem : bytecode::prove_program(ebpf::program(), ebpf::program_digest(), solver.session))
    proofs.push_back(std::move(theorem.proof));
  return proofs;
}

}  // namespace portcullis::driver

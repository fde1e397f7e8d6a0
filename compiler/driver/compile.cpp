// `compile`: manifests to the ruleset of a node.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <thread>
#include <tuple>

#include <fmt/format.h>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/compile_haproxy.hpp"
#include "compiler/driver/destination.hpp"
#include "compiler/driver/emit.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/driver/validate.hpp"
#include "compiler/report/proofs.hpp"

namespace portcullis::driver {

namespace {

bool write_artefact(const netfilter::Artefact& artefact, const std::string& directory) {
  if (!make_directory(directory)) return false;
  return std::ranges::all_of(artefact.files, [&](const netfilter::File& file) {
    return write_path(directory + "/" + file.name, file.text, file.executable);
  });
}

// Several nodes share most of what is to be said about them.
void merge_once(base::Diagnostics& all, const base::Diagnostics& more) {
  for (const base::Diagnostic& d : more.all()) {
    const bool known = std::ranges::any_of(all.all(), [&](const base::Diagnostic& other) {
      return std::tie(d.code, d.message, d.span) == std::tie(other.code, other.message, other.span);
    });
    if (!known) all.add(d);
  }
}

struct NodeOutcome {
  base::Diagnostics findings;
  std::vector<verdict::Proof> proofs;
  bool written = true;
  std::exception_ptr failure;
};

class Compilation {
 public:
  Compilation(const CompileCommand& command, const Destination& destination, Session& session, const Loaded& loaded)
      : command_(command), destination_(destination), session_(session), cluster_(loaded.resolved.cluster) {
    if (command.to == Target::ir) routers_ = routers_text(loaded.routers, session.sources);
  }

  int one(const cluster::Node& node) {
    const std::vector<ir::Program> all =
        session_.timed("build", [&] { return programs(cluster_, node, command_.family); });
    if (all.empty()) {
      complain(fmt::format("node `{}` has no address of the family", node.name));
      return exit_input;
    }
    if (command_.to == Target::iptables && all.size() > 1 && destination_.place != Place::directory) {
      return usage("this node has both families: give -o a directory, or choose one with --family");
    }
    base::Diagnostics own;
    netfilter::Artefact artefact = session_.timed("emit", [&] { return emit(command_.to, all, own); });
    add_routers(artefact, routers_);
    const bool refused = own.has_errors();
    session_.diagnostics.merge(std::move(own));
    if (refused) return exit_input;
    if (command_.validate) {
      const std::vector<verdict::Proof> proofs =
          session_.timed("prove", [&] { return validate(command_.to, all, artefact, command_.proof); });
      session_.progress.done();
      if (const int status = say(proofs); status != exit_done) return status;
      if (const int status = program_is_proved(); status != exit_done) return status;
    }
    session_.progress.done();
    const bool written = session_.timed("write", [&] { return write(artefact); });
    return written ? exit_done : exit_input;
  }

  int every() {
    std::vector<NodeOutcome> outcomes(cluster_.nodes.size());
    for (const cluster::Node& node : cluster_.nodes) {
      if (is_file_name(node.name)) continue;
      complain(fmt::format("the name of node `{}` cannot be that of a directory", node.name));
      return exit_input;
    }
    session_.progress.stage("emit");
    if (command_.validate) {
      if (const int status = program_is_proved(); status != exit_done) return status;
    }
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < outcomes.size(); i = next++) every_one(cluster_.nodes[i], outcomes[i]);
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < std::min<std::size_t>(session_.jobs(), outcomes.size()); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    session_.progress.done();
    int status = exit_done;
    for (const NodeOutcome& outcome : outcomes) {
      if (outcome.failure) std::rethrow_exception(outcome.failure);
      if (const int proved = say(outcome.proofs); proved != exit_done) return proved;
      merge_once(session_.diagnostics, outcome.findings);
      if (!outcome.written) status = exit_input;
    }
    return status;
  }

 private:
  void every_one(const cluster::Node& node, NodeOutcome& outcome) {
    try {
      const std::vector<ir::Program> all = programs(cluster_, node, command_.family);
      netfilter::Artefact artefact = emit(command_.to, all, outcome.findings);
      add_routers(artefact, routers_);
      if (command_.validate && !outcome.findings.has_errors())
        outcome.proofs = validate(command_.to, all, artefact, command_.proof);
      if (status_of(outcome.proofs) != exit_done) return;
      outcome.written = !outcome.findings.has_errors() && write_artefact(artefact, destination_.path + "/" + node.name);
    } catch (...) {
      outcome.failure = std::current_exception();
    }
  }

  // What is the same on every node, once.
  [[nodiscard]] int program_is_proved() {
    return say(session_.timed("prove program", [&] { return validate_program(command_.to, command_.proof); }));
  }

  // A ruleset that does not mean its program is a mistake of portcullis.
  [[nodiscard]] int say(const std::vector<verdict::Proof>& proofs) const {
    const int status = status_of(proofs);
    if (status != exit_done || command_.proof.explain)
      std::fputs(report::proofs_text(proofs, command_.proof.explain).c_str(), stderr);
    if (status == exit_findings)
      complain("the ruleset is not written: this is a mistake of portcullis, please report it");
    if (status == exit_unknown)
      complain("the ruleset is not written: it is not proved; --no-validate writes it all the same");
    return status == exit_findings ? exit_internal : status;
  }

  bool write(const netfilter::Artefact& artefact) {
    switch (destination_.place) {
      case Place::standard_output:
        return write_stdout(main_text(command_.to, artefact));
      case Place::file:
        return write_path(destination_.path, main_text(command_.to, artefact));
      case Place::directory:
        return write_artefact(artefact, destination_.path);
    }
    return false;
  }

  const CompileCommand& command_;
  const Destination& destination_;
  Session& session_;
  const cluster::Cluster& cluster_;
  std::string routers_;  // target ir: their text
};

int compile_loaded(const CompileCommand& command, const Destination& destination, Session& session,
                   const Loaded& loaded) {
  if (session.unreadable || any_stops(session.diagnostics)) return exit_input;
  const cluster::Cluster& cluster = loaded.resolved.cluster;
  Compilation compilation(command, destination, session, loaded);
  int status = exit_done;
  if (command.to == Target::haproxy) {
    status = compile_haproxy(command, destination, session, cluster);
  } else if (command.all_nodes) {
    status = compilation.every();
  } else {
    const cluster::Node* node = choose_node(cluster, command.node);
    if (node == nullptr) return exit_usage;
    status = compilation.one(*node);
  }
  if (status == exit_done && command.write_lock && !write_lock_file(session, loaded.resolved.lock)) return exit_input;
  return status;
}

// What is wrong with the line; nullptr: nothing.
const char* wrong_for_haproxy(const CompileCommand& command, const Destination& destination) {
  if (command.to != Target::haproxy) {
    if (command.klass) return "--class is for haproxy: packets know no IngressClass";
    return command.upstreams != Upstreams::endpoints ? "--upstreams is for haproxy" : nullptr;
  }
  if (command.all_nodes || command.node) return "--to haproxy knows no nodes: its files are the same on every one";
  if (command.validate && command.proof.by == ProveBy::plain)
    return "--prove plain is for nftables and iptables: routers have no rules that could be written down plainly";
  if (command.family) return "--family is not for haproxy: it listens on both";
  if (destination.place != Place::directory)
    return "--to haproxy needs -o with a directory: a node takes several files";
  return nullptr;
}

}  // namespace

int run(const CompileCommand& command) {
  const std::optional<Unit> unit = single_unit(command.common);
  const std::optional<CompileOutputs> outputs = parse_compile_outputs(command.common.outputs);
  if (!unit || !outputs) return exit_usage;
  if (command.all_nodes && outputs->result.place != Place::directory)
    return usage("--all-nodes needs -o with a directory");
  if (command.family && (command.to == Target::nftables || command.to == Target::ebpf))
    return usage("--family is for iptables and ir: files of nftables and eBPF hold both");
  if (command.to == Target::ebpf && outputs->result.place != Place::directory)
    return usage("--to ebpf needs -o with a directory: a node takes several files");
  if (const char* wrong = wrong_for_haproxy(command, outputs->result); wrong != nullptr) return usage(wrong);
  if (command.to == Target::ebpf && command.validate && command.proof.by == ProveBy::plain)
    return usage("--prove plain is for nftables and iptables: tables have no rules that could be written down plainly");
  Session session(command.common);
  const Loaded loaded = load(session, *unit, command.write_lock);
  int status = compile_loaded(command, outputs->result, session, loaded);
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_findings(session, outputs->findings) && status == exit_done) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver

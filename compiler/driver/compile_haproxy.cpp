#include "compiler/driver/compile_haproxy.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "backends/haproxy/haproxy.hpp"
#include "backends/haproxy/limits.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/proofs.hpp"
#include "compiler/driver/upstreams.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/report/proofs.hpp"
#include "verifier/obligations/routes/equal.hpp"

namespace portcullis::driver {

namespace {

// Objects of routes are needed here, too: one that the API server would refuse leaves no router that anybody would
// have.
bool stops_routes(const base::Diagnostic& finding) {
  return finding.severity == base::Severity::error && finding.object.kind.starts_with("Ingress") &&
         (finding.code.starts_with("PC1") || finding.reason != base::Reason::none);
}

// The router of the class; without one, the only one.
ir::l7::Router* choose(std::vector<ir::l7::Router>& routers, const std::optional<std::string>& wanted) {
  std::vector<std::string> names;
  for (const ir::l7::Router& router : routers) names.push_back(fmt::format("`{}`", base::printable(router.name)));
  const std::string known = names.empty() ? "there is none" : "there is " + base::list_text(names);
  if (wanted) {
    const auto found = std::ranges::find(routers, *wanted, &ir::l7::Router::name);
    if (found != routers.end()) return &*found;
    complain(fmt::format("no ingress controller has the class `{}`: {}", *wanted, known));
    return nullptr;
  }
  if (routers.size() == 1) return routers.data();
  complain(routers.empty()
               ? "the input has no Ingress that some controller would serve"
               : fmt::format("the input has several ingress controllers, choose one with --class: {}", known));
  return nullptr;
}

// What was written is read back, and proved to answer every request as the router does.
verdict::Proof prove(const ir::l7::Router& router, const haproxy::Files& files, const ProofOptions& options) {
  const auto read = haproxy::read(files);
  if (const auto* error = std::get_if<haproxy::ReadError>(&read)) {
    throw base::InternalError(
        fmt::format("{}:{}: not read back as it was written: {}", error->file, error->line, error->message));
  }
  verdict::Proof out;
  out.name = "translation.haproxy." + router.name;
  out.statement = fmt::format("the configuration answers every request as the router of `{}` does", router.name);
  Solver solver(options, out.name);
  const routes::Comparison found =
      routes::equal_routers(haproxy::as_emitted(router), std::get<ir::l7::Router>(read), solver.session);
  out.standing = found.standing;
  out.assumptions = found.assumptions;
  out.decided =
      fmt::format("{} regions of names and paths compared, {} pairs of treatments judged", found.regions, found.judged);
  out.queries = found.queries;
  out.steps = found.steps;
  if (!found.differences.empty()) {
    const routes::Difference& first = found.differences.front();
    out.request = first.request;
    out.reason = fmt::format("{}: the router says {} {}, the configuration {} {}", first.where, text(first.before),
                             first.beside_before, text(first.after), first.beside_after);
  } else if (!found.open.empty()) {
    out.reason = found.open.front();
  }
  return out;
}

// A configuration that does not mean its router is a mistake of portcullis.
int say(const verdict::Proof& proof, const ProofOptions& options) {
  const std::vector<verdict::Proof> proofs{proof};
  const int status = status_of(proofs);
  if (status != exit_done || options.explain) std::fputs(report::proofs_text(proofs, options.explain).c_str(), stderr);
  if (status == exit_findings)
    complain("the configuration is not written: this is a mistake of portcullis, please report it");
  if (status == exit_unknown)
    complain("the configuration is not written: it is not proved; --no-validate writes it all the same");
  return status == exit_findings ? exit_internal : status;
}

bool write(const haproxy::Files& files, const std::string& directory) {
  return std::ranges::all_of(files, [&](const auto& file) {
    const std::string path = directory + "/" + file.first;
    return make_directory(std::filesystem::path(path).parent_path().string()) &&
           write_path(path, file.second, file.first.ends_with(".sh"));
  });
}

}  // namespace

int compile_haproxy(const CompileCommand& command, const Destination& destination, Session& session,
                    const cluster::Cluster& cluster) {
  if (std::ranges::any_of(session.diagnostics.all(), stops_routes)) return exit_input;
  std::vector<ir::l7::Router> routers =
      session.timed("build", [&] { return ir::l7::build_routers(cluster, session.diagnostics); });
  if (any_stops(session.diagnostics)) return exit_input;
  ir::l7::Router* router = choose(routers, command.klass);
  if (router == nullptr) return exit_input;
  if (comes_by_node_ports(*router)) {
    through_node_ports(*router, cluster);
  } else if (command.upstreams == Upstreams::cluster_ip) {
    through_cluster_ips(*router, cluster);
  }

  base::Diagnostics own;
  const std::optional<haproxy::Files> files = session.timed("emit", [&] { return haproxy::emit(*router, own); });
  session.diagnostics.merge(std::move(own));
  if (!files) return exit_input;
  if (command.validate) {
    const verdict::Proof proof = session.timed("prove", [&] { return prove(*router, *files, command.proof); });
    session.progress.done();
    if (const int status = say(proof, command.proof); status != exit_done) return status;
  }
  session.progress.done();
  return session.timed("write", [&] { return write(*files, destination.path); }) ? exit_done : exit_input;
}

}  // namespace portcullis::driver

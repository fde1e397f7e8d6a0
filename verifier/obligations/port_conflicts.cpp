// Services, pods and nodes that want one packet: claims, groups, meetings, Proofs.
#include <algorithm>

#include <fmt/format.h>

#include "verifier/obligations/conflicts.hpp"
#include "verifier/obligations/meetings.hpp"
#include "verifier/obligations/port_claims.hpp"
#include "verifier/obligations/port_findings.hpp"

namespace portcullis::obligations {

namespace {

// One of the two statements, and what is against it.
struct Statement {
  std::string_view name, text;
  std::vector<std::string> assumptions;
  std::vector<Proof> refuted;
  std::size_t conflicts = 0;
  std::string unknown;

  Statement(std::string_view its_name, std::string_view its_text) : name(its_name), text(its_text) {}

  void refute(const Meeting& meeting) {
    if (++conflicts > most_conflicts) return;
    Proof& proof = refuted.emplace_back();
    proof.name = name;
    proof.statement = text;
    proof.standing = Standing::refuted;
    std::vector<std::string> claimants;
    for (const PortClaim* claim : meeting.claims) {
      claimants.push_back(claim->text());
      proof.related.push_back({claimants.back(), claim->span});
      if (claim->workload != nullptr) proof.placement.emplace_back(claim->who(), meeting.node->name);
    }
    proof.reason =
        fmt::format("{} on {} is claimed by {}", meeting.packet.text(), meeting.node->name, fmt::join(claimants, ", "));
    proof.witness = meeting.packet;
    proof.node = meeting.node->name;
  }

  std::vector<Proof> proofs(const std::string& decided, std::uint64_t queries, std::uint64_t steps) {
    if (refuted.empty()) {
      Proof& proof = refuted.emplace_back();
      proof.name = name;
      proof.statement = text;
      proof.standing = unknown.empty() ? Standing::proved : Standing::unknown;
      proof.reason = unknown;
    }
    if (conflicts > most_conflicts)
      refuted.back().reason += fmt::format("; {} more conflicts are not listed", conflicts - most_conflicts);
    for (Proof& proof : refuted) {
      proof.assumptions = assumptions;
      proof.decided = decided;
    }
    refuted.front().queries = queries;
    refuted.front().steps = steps;
    return std::move(refuted);
  }
};

std::vector<std::string> assumptions_about_nodes(const cluster::Cluster& cluster, const PortClaims& claims) {
  std::vector<std::string> out;
  const auto some = [&](const auto& is) { return std::ranges::any_of(claims.claims, is); };
  if (some([](const PortClaim& c) { return c.want != nullptr && c.want->host_network && !c.address; }))
    out.emplace_back("a pod on the host network listens on every address of its node, at the ports that it declares");
  if (some([](const PortClaim& c) { return c.of_node_component(); }))
    out.emplace_back("a host network pod in kube-system on a reserved port is what the port is reserved for");
  if (!cluster.profile.nodes_given && !cluster.nodes.empty())
    out.emplace_back("no nodes are given: three are made up, and their addresses are nobody else's");
  for (const cluster::HostPortWorkload& workload : cluster.host_port_workloads) {
    if (workload.nodes_unknown)
      out.push_back(fmt::format("the labels that {} asks for may be on any node", workload.workload.text()));
  }
  return out;
}

}  // namespace

std::vector<Proof> prove_ports_apart(const cluster::Cluster& cluster, smt::Session& session,
                                     base::Diagnostics& diagnostics) {
  const std::uint64_t queries = session.queries(), steps = session.steps();
  const PortClaims claims = collect_port_claims(cluster);
  Statement services{"no-conflicts.services",
                     "no two Services answer for one address, protocol and port with different fates"};
  Statement nodes{
      "no-conflicts.nodes",
      "no port that a Service answers for on a node, or that a node needs itself, is wanted there by another"};
  nodes.assumptions = assumptions_about_nodes(cluster, claims);
  base::Diagnostics findings;
  for (const std::vector<const PortClaim*>& group : claims.groups) {
    const Meetings meetings = find_meetings(cluster, group, session);
    for (const Meeting& meeting : meetings.found) {
      if (services_meet(meeting.claims)) services.refute(meeting);
      if (node_is_met(meeting.claims)) nodes.refute(meeting);
      report_meeting(meeting, findings);
    }
    if (!meetings.unknown.empty()) services.unknown = nodes.unknown = meetings.unknown;
  }
  diagnostics.merge(std::move(findings));
  const std::string decided =
      fmt::format("{} claims compared, {} groups judged", claims.claims.size(), claims.groups.size());
  std::vector<Proof> proofs;
  if (!cluster.services.empty())
    proofs = services.proofs(decided, session.queries() - queries, session.steps() - steps);
  // The two statements share the questions; the first one has been billed.
  const bool billed = !proofs.empty();
  std::ranges::move(
      nodes.proofs(decided, billed ? 0 : session.queries() - queries, billed ? 0 : session.steps() - steps),
      std::back_inserter(proofs));
  return proofs;
}

}  // namespace portcullis::obligations

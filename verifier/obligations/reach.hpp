// The questions of a policy, answered.
//
// The network around the nodes is the narrator's (compiler/trace): a pod's packet meets its pod's node first, a node's
// its own output hooks, and one from outside the node that has the address, or any node behind the balancer whose
// address it is (with a health check port: any that answers it). To a cluster IP or an external IP no device answers,
// so a static route is needed; the input names none, so every node is tried, and the route is taken to stay with its
// node when that is lost. Behind a node's rules the packet goes on to the node that has the translated address, as the
// rules left it: masqueraded packets come from the node's primary address.
//
// `surviving any K nodes`: a lost node carries no packet, is no entry, and sends nothing; its pods are gone. The rules
// are taken as compiled anew without those endpoints, balancers as having noticed, clients of a node port as trying
// another node. Which nodes are lost is the witness: PC6006.
//
// Every refutation has been played through with the interpreter, node by node, when it is returned.
#pragma once

#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/policy/bound.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

// One Proof for each obligation, in their order. `cluster` is what they were bound to. Throws verdict::ReplayDisagrees
// where the solver's witness does not hold when it is played through.
[[nodiscard]] std::vector<verdict::Proof> prove(const policy::Bound& bound, const cluster::Cluster& cluster,
                                                smt::Session& session, Method method = Method::shapes);

// What nobody has to ask for:
//
//   liveness.frontends   each frontend of a Service has a way to an endpoint, for some sender
//   liveness.same-fate   the frontends of a Service whose traffic policies are Cluster have the same fate
//
// One Proof each if it holds, else one for each frontend or pair that fails. A Service port without an endpoint to use
// fails nothing: it is listed in `except` (PC3001, PC3002 say why it has none). Nothing for a cluster without Services.
[[nodiscard]] std::vector<verdict::Proof> prove_liveness(const cluster::Cluster& cluster, smt::Session& session,
                                                         Method method = Method::shapes);

}  // namespace portcullis::obligations

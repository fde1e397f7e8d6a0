// The way of one HTTP request: from the client's address through balancer and rules to the router, through its routes
// to a Service and a pod. It asks `serve` and the tracer of packets; it decides nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/l7/serve.hpp"
#include "compiler/trace/trace.hpp"

namespace portcullis::trace {

struct RequestTrace {
  ir::l7::Request asked;
  std::optional<net::Address> seen_source;  // the source that the router sees, if anybody knows
  std::string router;
  ir::l7::Decision decision;
  std::vector<Hop> hops;  // not empty
};

struct RequestQuestion {
  ir::l7::Request request;
  // The request's source is the client's own address: the way to the router decides what the router sees. Otherwise it
  // is what the router sees.
  bool from_client = false;
};

// `server` serves a router of `cluster`.
[[nodiscard]] RequestTrace trace_request(const cluster::Cluster& cluster, Tracer& tracer, const ir::l7::Server& server,
                                         const RequestQuestion& question);

}  // namespace portcullis::trace

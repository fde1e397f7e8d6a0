// What a real HAProxy does with a request, held against `serve`.
#pragma once

#include <string>

#include "compiler/ir/l7/serve.hpp"
#include "tests/haproxy/proxy.hpp"

namespace portcullis::proxied {

// Ports of the endpoints of a router.
[[nodiscard]] std::set<std::uint16_t> ports(const ir::l7::Router& router);

struct Compared {
  std::string difference;  // empty: alike
  bool left_out = false;   // nothing to compare: the model says nothing, or the request cannot be sent
};
// As many times as it takes to see each share of the decision.
[[nodiscard]] Compared compare(const kernel::Fd& netns, const ir::l7::Server& server, const ir::l7::Request& request);

}  // namespace portcullis::proxied

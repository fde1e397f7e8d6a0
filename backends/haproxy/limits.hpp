// What HAProxy cannot be told of a router.
#pragma once

#include <span>
#include <string_view>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

enum class Support : std::uint8_t {
  refused,  // an error: nothing is emitted
  closed,   // a warning: fewer requests get through than the manifests say
  open,     // a warning: more requests get through, or they get another page
  noted,    // requests out of the ordinary fare otherwise
};
[[nodiscard]] std::string_view to_string(Support support);
struct Limit {
  std::string_view what;
  Support support;
  std::string_view code;
  std::string_view why;
};
// The whole table, as docs/haproxy.md has it.
[[nodiscard]] std::span<const Limit> limits();

// False: the router cannot be emitted, and the findings say why.
[[nodiscard]] bool check_limits(const ir::l7::Router& router, base::Diagnostics& diagnostics);

// The router without what the table says is open: what the configuration is proved to be.
[[nodiscard]] ir::l7::Router as_emitted(ir::l7::Router router);

}  // namespace portcullis::haproxy

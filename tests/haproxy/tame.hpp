// Random routers that HAProxy can be told.
#pragma once

#include "compiler/ir/l7/router.hpp"

namespace portcullis::proxied {

// What the limits refuse, and what no namespace can play (names of servers, other protocols than HTTP), is replaced.
[[nodiscard]] ir::l7::Router tame(ir::l7::Router router);

}  // namespace portcullis::proxied

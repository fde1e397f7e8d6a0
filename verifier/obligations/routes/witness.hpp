// Requests of a region, as somebody would send them: the same name, path and rest in several spellings, for answers
// that repeat what was sent.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

// `filled` has everything but the name, the path and the server name. The plainest spelling is first; empty: no request
// is known to be in the region.
[[nodiscard]] std::vector<ir::l7::Request> spellings(const Regions& regions, const HostClass& host,
                                                     const std::string& path, const ir::l7::Request& filled);

// Plain requests of a client outside; over TLS where requests without it are only sent there. Empty: as above.
[[nodiscard]] std::vector<ir::l7::Request> client_requests(const Subject& subject, const Regions& regions,
                                                           const HostClass& host, const std::string& path);

}  // namespace portcullis::routes

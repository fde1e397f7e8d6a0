// Names that belong to one namespace by their spelling, and are answered by another one.
#pragma once

#include "verifier/obligations/routes/audit.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

// PC3205: a host and a wildcard of different namespaces that share names. Either the wildcard's rules answer at the
// host, too, or its paths are lost there, or a wildcard takes all names of another.
void find_captures(const Subject& subject, const Regions& regions, Audit& audit);

}  // namespace portcullis::routes

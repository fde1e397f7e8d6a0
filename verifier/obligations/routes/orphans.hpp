// Rules that lead to nobody.
#pragma once

#include "verifier/obligations/routes/audit.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

// PC6013: a rule whose requests, or a share of them, go to a Service of the input that has no endpoint. The last of the
// finding's related places is the Service. `regions` are of this subject alone.
void find_orphans(const Subject& subject, const Regions& regions, Audit& audit);

}  // namespace portcullis::routes

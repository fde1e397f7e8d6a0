// Rules that no request reaches, and patterns of two objects that want the same requests.
#pragma once

#include "verifier/obligations/routes/audit.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

// PC3204, PC3203. `regions` are of this subject alone.
void find_unreached(const Subject& subject, const Regions& regions, Audit& audit);

}  // namespace portcullis::routes

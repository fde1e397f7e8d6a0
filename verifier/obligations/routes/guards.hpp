// Guards that another spelling of the path or another host gets around.
#pragma once

#include "verifier/obligations/routes/audit.hpp"
#include "verifier/obligations/routes/regions.hpp"

namespace portcullis::routes {

// A rule that refuses requests because of who sends them, and forwards others to a Service; and a request that it
// refuses, which gets to that Service all the same: at another host of the router (PC6012), or with the path spelled in
// a way that the Service may read as the same (PC6011). Found is what is played through; that nothing is found proves
// nothing about spellings.
void find_gaps(const Subject& subject, const Regions& regions, smt::Session& session, Audit& audit);

}  // namespace portcullis::routes

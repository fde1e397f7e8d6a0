// The findings of a meeting: one a pair of claimants, at the one that has to give way.
#pragma once

#include "compiler/base/diagnostic.hpp"
#include "verifier/obligations/meetings.hpp"

namespace portcullis::obligations {

// PC3103, PC3506, PC3507; what `diagnostics` holds already is not said again. Two Services that fight for one address
// or node port have been reported while resolving.
void report_meeting(const Meeting& meeting, base::Diagnostics& diagnostics);

}  // namespace portcullis::obligations

// The numbers of session affinity's memories: one a Service port, the same in every artefact of it, so that an update
// does not forget (unless two names of one artefact have one hash).
#pragma once

#include <vector>

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

// Fills Pool::memory of every sticky pool: a hash of the pool's name; where two names have one hash, the next free
// number goes to the one that sorts later.
void name_memories(std::vector<Pool>& pools);

}  // namespace portcullis::ebpf

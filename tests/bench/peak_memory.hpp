// The most resident memory that this process had.
#pragma once

namespace portcullis::bench {

// Gives back what is free and begins to count anew. Throws InternalError where the kernel has no such counter.
void forget_peak_memory();
// Since then.
[[nodiscard]] double peak_megabytes();

}  // namespace portcullis::bench

// Conntrack entries over netlink. Throws CannotDo.
#pragma once

#include <cstddef>
#include <vector>

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf::loader {

// Deletes UDP entries to these destinations that do not answer from an endpoint that is kept; a destination that keeps
// none has nothing deleted (Services without serving endpoints). Returns how many.
std::size_t forget_stale_flows(const std::vector<ir::UdpCleanup>& cleanup);

// How many flows have their destination translated, by whomever.
[[nodiscard]] std::size_t translated_flows();

}  // namespace portcullis::ebpf::loader

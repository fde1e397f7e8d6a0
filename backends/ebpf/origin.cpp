#include "backends/ebpf/origin.hpp"

#include <fmt/format.h>

namespace portcullis::ebpf {

Origin origin_of(const Tables& tables, const std::string& digest) {
  Origin out{};
  digest.copy(out.artefact, sizeof out.artefact);
  if (const auto& pods = tables.pod_interface) {
    pods->name.copy(out.pod_interface, sizeof out.pod_interface - 1);
    out.is_prefix = pods->is_prefix ? 1 : 0;
  }
  return out;
}

std::string version_of(const std::string& program) {
  constexpr std::size_t digits = 32;
  return fmt::format("{}-{}", static_cast<int>(PCL_LAYOUT), program.substr(0, digits));
}

}  // namespace portcullis::ebpf

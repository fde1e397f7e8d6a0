#include "backends/haproxy/apply_script.hpp"
#include "backends/haproxy/haproxy.hpp"

namespace portcullis::haproxy {

std::optional<Files> emit(const ir::l7::Router& router, base::Diagnostics& diagnostics) {
  const std::optional<Configuration> configuration = lower(router, diagnostics);
  if (!configuration) return std::nullopt;
  Files files = print(*configuration);
  files["apply.sh"] = apply_script(*configuration);
  return files;
}

}  // namespace portcullis::haproxy

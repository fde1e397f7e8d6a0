#include "backends/ebpf/loader/failure.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace portcullis::ebpf::loader {

void cannot(std::string_view what, int error) {
  const std::string_view advice =
      error == EPERM || error == EACCES ? ": run this as root, outside of containers that restrict bpf()" : "";
  throw CannotDo(fmt::format("cannot {}: {}{}", what, std::generic_category().message(error), advice));
}

}  // namespace portcullis::ebpf::loader

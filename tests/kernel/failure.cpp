#include "tests/kernel/failure.hpp"

#include <cerrno>
#include <system_error>

namespace portcullis::kernel {

void fail_with_errno(std::string_view what) {
  const int code = errno;
  throw Failure(std::string(what) + ": " + std::generic_category().message(code));
}

}  // namespace portcullis::kernel

// Whether this machine lets the tests do what they must.
#pragma once

#include <string>

#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// True when namespaces with packet filters can be made here. Otherwise says why in one line that starts with `SKIPPED:`
// (ctest then shows the test as skipped), unless PORTCULLIS_KERNEL=require: then the running Catch2 test fails. Call it
// first in a kernel test:
//   if (!permitted()) return;
[[nodiscard]] bool permitted();

// False, with a line that starts with `SKIPPED:`, when the reference data is not beside this tree. Never a failure: a
// clone alone lacks it.
[[nodiscard]] bool reference_is_here();

// Nothing when this kernel takes rules from the variant's tools, otherwise why not.
[[nodiscard]] std::string why_not(IptablesVariant variant);

}  // namespace portcullis::kernel

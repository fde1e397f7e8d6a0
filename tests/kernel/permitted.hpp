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

// The same for what one test needs beside: prints or fails with `why`.
void skip(const std::string& why);

// Nothing when this kernel takes rules from the variant's tools, otherwise why not.
[[nodiscard]] std::string why_not(IptablesVariant variant);

}  // namespace portcullis::kernel

// The catalogue as people read it.
#pragma once

#include <string>

#include "compiler/base/catalogue.hpp"

namespace portcullis::report {

// `explain CODE`: when it is reported, an example, what is right instead, what to do.
[[nodiscard]] std::string explain(const base::Rule& rule, bool colour);

// The page docs/findings.md: every rule that this version reports, then the codes that are kept for later.
[[nodiscard]] std::string findings_page();

}  // namespace portcullis::report

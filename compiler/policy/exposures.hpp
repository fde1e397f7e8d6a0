// Who has what `forbid` is about.
#pragma once

#include <vector>

#include "compiler/policy/bound.hpp"
#include "compiler/policy/objects.hpp"

namespace portcullis::policy {

// Workloads and Services, in the order of the cluster; one entry a port or address.
[[nodiscard]] std::vector<ForbiddenQuestion::Offender> offenders(const Objects& objects, Exposure exposure);

}  // namespace portcullis::policy

// Secrets as TLS looks at them.
#pragma once

#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"

namespace portcullis::cluster {

[[nodiscard]] std::vector<Secret> resolve_secrets(const Inventory& inventory);

}  // namespace portcullis::cluster

// Services with every default filled in, before anything is allocated or joined.
#pragma once

#include <vector>

#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"

namespace portcullis::cluster {

// One a Service of the inventory, in its order. Values that the API refuses fall back to the default where there is one
// and are left out where there is none (an address that is none, a port 0): validation has named them.
[[nodiscard]] std::vector<Service> resolve_services(const Inventory& inventory, const Profile& profile);

}  // namespace portcullis::cluster

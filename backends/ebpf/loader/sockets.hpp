// The hooks for processes of this node: programs at the tree of control groups, by links that stay pinned. Throws
// CannotDo.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "backends/ebpf/loader/object.hpp"
#include "backends/ebpf/loader/pins.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ebpf::loader {

// Where the cgroup v2 hierarchy is mounted. Throws CannotDo where it is not.
[[nodiscard]] std::string cgroup_root();

// Every hook of the object at this control group, or in the place of another version's. Does nothing where all is so
// already.
void attach_hooks(const Object& object, const std::string& cgroup, const Pins& pins);
// What apply.sh has attached without links; `cgroup` may be empty, as in Options.
void detach_unlinked_hooks(const std::string& cgroup, const Pins& pins);
// Names of hooks that are not attached, or not with this object's program.
[[nodiscard]] std::vector<std::string> missing_hooks(const Object& object, const Pins& pins);

// Deletes what UDP sockets remember of frontends whose endpoint is not kept: within their time the program does not ask
// the tables. Returns how many.
std::size_t forget_stale_sockets(const Object& object, const std::vector<ir::UdpCleanup>& cleanup);

}  // namespace portcullis::ebpf::loader

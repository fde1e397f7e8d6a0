// The hooks for processes of this node: programs at the tree of control groups, by links that stay pinned. Throws
// CannotDo.
#pragma once

#include <string>
#include <vector>

#include "backends/ebpf/loader/object.hpp"
#include "backends/ebpf/loader/pins.hpp"

namespace portcullis::ebpf::loader {

// Where the cgroup v2 hierarchy is mounted. Throws CannotDo where it is not.
[[nodiscard]] std::string cgroup_root();

// Every hook of the object at this control group, or in the place of another version's. Does nothing where all is so
// already.
void attach_hooks(const Object& object, const std::string& cgroup, const Pins& pins);
// Names of hooks that are not attached, or not with this object's program.
[[nodiscard]] std::vector<std::string> missing_hooks(const Object& object, const Pins& pins);

}  // namespace portcullis::ebpf::loader

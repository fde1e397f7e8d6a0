// The program at the ingress of an interface: a filter of clsact with a handle and priority of its own, beside whatever
// else is there. Throws CannotDo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backends/ebpf/loader/interfaces.hpp"
#include "backends/ebpf/loader/pins.hpp"

namespace portcullis::ebpf::loader {

// The kernel's number of our program at this interface; nothing where it has none.
[[nodiscard]] std::optional<std::uint32_t> filter_program(const Interface& interface);
// Puts the program there, or in the place of another version of it. Does nothing where it is there already. False where
// the interface is gone.
[[nodiscard]] bool attach_filter(const Interface& interface, int program, const Pins& pins);
// Leaves nothing of ours at the interface: the clsact goes too if we made it and nobody else uses it.
void detach_filter(const Interface& interface, const Pins& pins);

// Forgets which clsact we made at interfaces that are gone: their numbers may be given to others.
void forget_markers(const Node& node, const Pins& pins);

[[nodiscard]] std::uint32_t program_id(int program);

}  // namespace portcullis::ebpf::loader

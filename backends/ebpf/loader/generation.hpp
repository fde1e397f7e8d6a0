// Generations of tables: filled beside the active one, and made active by one write. Throws CannotDo.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "backends/ebpf/loader/object.hpp"

namespace portcullis::ebpf::loader {

// Called before each thing that is done, with a word for it: tests end the process there.
using Step = std::function<void(std::string_view)>;

[[nodiscard]] std::uint32_t active_generation(const Object& object);
// What is in the slot; nothing unless all of its tables are there.
[[nodiscard]] std::optional<Entries> read_generation(const Object& object, std::uint32_t slot);
[[nodiscard]] bool is_frozen_generation(const Object& object, std::uint32_t slot);

// The tables of a generation by TableId, filled and frozen, in no slot yet; one that is not open has not been made.
using Made = std::array<Fd, all_tables.size()>;
[[nodiscard]] Made make_tables(const Entries& entries);

// Fills the slot behind the active one, with tables that are made already where they are, and reads it back. Returns
// the slot. Nothing changes for packets.
[[nodiscard]] std::uint32_t fill_generation(const Object& object, const Pins& pins, const Entries& entries,
                                            const Origin& origin, Made made, const Step& step);
// One write. From it on packets meet the tables of this slot.
void switch_to(const Object& object, std::uint32_t slot);
// The generation that was active before the active one came, if its tables are still there.
[[nodiscard]] std::optional<std::uint32_t> previous_generation(const Object& object);

}  // namespace portcullis::ebpf::loader

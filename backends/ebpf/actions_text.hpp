// The sixteen actions of a frontend as text: a list of classes, the first that fits decides.
//
//   pod dnat | self no-pod dnat.1 masquerade | * drop
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/ebpf/tables.hpp"
#include "compiler/ir/form/words.hpp"

namespace portcullis::ebpf {

// As in struct pcl_frontend.
[[nodiscard]] std::uint8_t encoded(const Action& action);

void append_actions(std::string& out, const Actions& actions);
// Up to the end of the line. Every class has to be decided.
[[nodiscard]] Actions read_actions(ir::form::Cursor& cursor);

// `none`, `dnat`, `reject`, `drop`.
[[nodiscard]] std::string_view to_string(Verdict verdict);
// The next word; fails if it is none of them.
[[nodiscard]] Verdict read_verdict(ir::form::Cursor& cursor);

}  // namespace portcullis::ebpf

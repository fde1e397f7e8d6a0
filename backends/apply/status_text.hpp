// What the commands say, as text for people and as JSON.
#pragma once

#include <string>

#include "backends/ebpf/loader/loader.hpp"
#include "backends/ebpf/loader/probe.hpp"
#include "backends/ebpf/loader/status.hpp"

namespace portcullis::apply {

[[nodiscard]] std::string applied_text(const ebpf::loader::Applied& applied);
[[nodiscard]] std::string status_text(const ebpf::loader::Status& status);
[[nodiscard]] std::string status_json(const ebpf::loader::Status& status);
[[nodiscard]] std::string probe_text(const ebpf::loader::Probe& probe);
[[nodiscard]] std::string probe_json(const ebpf::loader::Probe& probe);

}  // namespace portcullis::apply

// What a node keeps beside the tables: what a generation was made of, and how a program is called.
#pragma once

#include <cstdint>
#include <string>

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

// What a generation was made of, as a row of the map `origins`.
struct Origin {
  char artefact[64];        // SHA-256 of its text, in hexadecimal digits
  char pod_interface[16];   // of Tables::pod_interface; empty: none
  std::uint32_t is_prefix;  // … whether names begin so
  std::uint32_t zero;
};

// `digest`: of the text that the tables come from.
[[nodiscard]] Origin origin_of(const Tables& tables, const std::string& digest);

// How a program with this digest is called among the pins: `1-3f9c…`, layout and digest.
[[nodiscard]] std::string version_of(const std::string& program);

}  // namespace portcullis::ebpf

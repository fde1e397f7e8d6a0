// Look-ups in tables, as the kernel's maps answer them.
#pragma once

#include "backends/ebpf/tables.hpp"

namespace portcullis::ebpf {

// Null where there is none.
[[nodiscard]] const Frontend* find_frontend(const Tables& tables, const FrontendKey& key);
[[nodiscard]] const Local* find_local(const Tables& tables, const net::Address& address);

// The entry of Tables::locals for an IPv4 loopback destination, as a source of that range (true) or another one sees
// it.
[[nodiscard]] net::Address loopback_entry(const net::Address& destination, bool from_loopback);

[[nodiscard]] bool is_loopback4(const net::Address& address);

}  // namespace portcullis::ebpf

// One packet in words and as JSON: the same everywhere.
#pragma once

#include <string>

#include "compiler/net/packet.hpp"
#include "compiler/report/json.hpp"

namespace portcullis::report {

// `tcp from 192.0.2.7 to 10.96.0.20:80, from outside via eth0`.
[[nodiscard]] std::string packet_line(const net::Packet& packet);
// The words of a packets file (docs/formats.md).
[[nodiscard]] Json packet_value(const net::Packet& packet);

}  // namespace portcullis::report

// Lines of packets.txt: `tcp from 192.0.2.7 to 10.96.0.20:80 => dnat 10.244.0.5:8080*`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/driver/packet_request.hpp"

namespace portcullis::golden {

struct PacketRow {
  std::string line;
  driver::PacketRequest request;
  std::string fate;  // as ir::text
};
// Blank lines and those that begin with `#` are passed over. Throws std::runtime_error for a line that is none.
[[nodiscard]] std::vector<PacketRow> read_packets(const std::filesystem::path& path);

}  // namespace portcullis::golden

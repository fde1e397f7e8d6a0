// A list of packets, as YAML or JSON:
//
//   - {from: pod, src: 10.244.1.5, dst: 10.96.0.20, dport: 80}
//   - {src: 192.0.2.7, dst: 192.168.0.1, proto: UDP, dport: 30053, ct_state: new}
//
// Keys: from, src, dst, proto (TCP if left out; UDP, SCTP, ICMP), dport, sport, iif, ct_state; `sticky` is passed over.
// A row with a `url` is a request: url, method, headers (a text, null or a list each), target, version, sni, src, body,
// ingress, class, authorised, overRate. A row that makes no sense spoils no other one.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/driver/packet_request.hpp"
#include "compiler/driver/request_asked.hpp"

namespace portcullis::driver {

struct BadPacket {
  std::string given;  // as JSON text
  std::string error;
};
using PacketEntry = std::variant<PacketRequest, RequestAsked, BadPacket>;

struct PacketsFile {
  std::vector<PacketEntry> packets;
  bool readable = true;  // false: no list of packets; that is among the findings
};

// `path`: a file, or `-`.
[[nodiscard]] PacketsFile read_packets(const std::string& path, base::SourceMap& sources,
                                       base::Diagnostics& diagnostics);
[[nodiscard]] PacketsFile read_packets_text(std::string name, std::string text, base::SourceMap& sources,
                                            base::Diagnostics& diagnostics);

}  // namespace portcullis::driver

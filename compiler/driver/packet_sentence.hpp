// A packet as a sentence:
//
//   PROTOCOL from [pod|remote-pod|node|external] SOURCE[:PORT] to DESTINATION:PORT [new|established|related|invalid]
//   [via INTERFACE]
//
//   tcp from 192.0.2.7 to 10.3.241.152:80
//   udp from pod fd40::1 to [fd96::20]:53 via cni0
//   icmp from 192.0.2.7 to 10.96.0.20            no ports
//
// An IPv6 address stands in brackets when a port follows.
#pragma once

#include <string_view>
#include <variant>

#include "compiler/driver/packet_request.hpp"
#include "compiler/driver/sentence.hpp"

namespace portcullis::driver {

[[nodiscard]] std::variant<PacketRequest, SentenceError> parse_packet_sentence(std::string_view sentence);

}  // namespace portcullis::driver

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

#include <string>
#include <string_view>
#include <variant>

#include "compiler/driver/packet_request.hpp"

namespace portcullis::driver {

// What is wrong, and at which bytes of the sentence.
struct SentenceError {
  std::string message;
  std::string hint;  // may be empty
  std::size_t begin = 0, end = 0;
};

[[nodiscard]] std::variant<PacketRequest, SentenceError> parse_packet_sentence(std::string_view sentence);

// The error with the sentence and carets under the place; several lines.
[[nodiscard]] std::string show(const SentenceError& error, std::string_view sentence, bool colour);

}  // namespace portcullis::driver

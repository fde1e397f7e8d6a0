// Messages of netfilter's netlink subsystems, as much as the harness needs (linux/netfilter/nfnetlink.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {

// One request under construction: netlink header, nfgenmsg, attributes.
class NetfilterRequest {
 public:
  // `subsystem` NFNL_SUBSYS_…, `message` its message number, `resource` in host order (a log group).
  NetfilterRequest(std::uint8_t subsystem, std::uint8_t message, std::uint8_t family, std::uint16_t resource);
  void attribute(std::uint16_t type, std::span<const std::uint8_t> value);
  void attribute_be32(std::uint16_t type, std::uint32_t value);
  void attribute_be16(std::uint16_t type, std::uint16_t value);
  // The finished bytes.
  [[nodiscard]] std::span<const std::uint8_t> bytes();

 private:
  std::vector<std::uint8_t> bytes_;
};

// A NETLINK_NETFILTER socket of the namespace that the thread is in. Throws Failure.
[[nodiscard]] Fd netfilter_socket();
// Sends and waits for the kernel's acknowledgement; throws Failure `<what>: …` on a refusal.
void request(const Fd& socket, NetfilterRequest& message, const char* what);

}  // namespace portcullis::kernel

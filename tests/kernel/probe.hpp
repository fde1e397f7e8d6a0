// Sees packets where no rule can touch them any more: an nftables table of its own whose chains run last at input and
// postrouting (and first at prerouting, for markers only) and copy each packet to a log group that we read. The kernel
// writes the copy in the context that handles the packet, so what has passed is there to be read.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {

enum class Hook : std::uint8_t { prerouting = 0, input = 1, postrouting = 4 };  // enum nf_inet_hooks

struct Logged {
  Hook hook = Hook::input;
  int out = 0;                           // output interface index; 0 at input
  std::span<const std::uint8_t> packet;  // from the IP header on; cut after 256 bytes
};

class Probe {
 public:
  Probe();  // inside the namespace; installs nothing yet; throws Failure
  // Puts the table in place, or puts it back after a ruleset that flushed everything.
  static void install();
  // Calls `see` for each logged packet in order until it returns false. Waits for more until then; throws Failure when
  // the kernel lost some or nothing comes for five seconds (which no working kernel shows).
  void read(const std::function<bool(const Logged&)>& see);

 private:
  Fd socket_;
  std::uint32_t next_sequence_ = 0;
  bool first_ = true;
  std::vector<std::uint8_t> buffer_;
  bool take(std::span<const std::uint8_t> message, const std::function<bool(const Logged&)>& see);
};

}  // namespace portcullis::kernel

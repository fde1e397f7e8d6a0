// A process with a network namespace of its own that has one ruleset loaded and sends first packets when it is told to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace portcullis::bench {

class PacketSubject {
 public:
  // Returns when `load` (for a shell; empty: nothing to load) and a round to warm up are done. `destinations` are IPv4
  // addresses in host order. Throws InternalError.
  PacketSubject(std::string name, const std::string& load, const std::vector<std::uint32_t>& destinations);
  PacketSubject(const PacketSubject&) = delete;
  PacketSubject& operator=(const PacketSubject&) = delete;
  ~PacketSubject();

  // Sends TCP SYNs through OUTPUT (new conntrack entry, translation, postrouting) to a TUN that nobody reads. Each is a
  // flow that never was before, so nothing has to be forgotten between rounds.
  void round();

  [[nodiscard]] const std::string& name() const { return name_; }
  // Nanoseconds of CPU time a packet, by round.
  [[nodiscard]] const std::vector<double>& nanoseconds() const { return nanoseconds_; }

 private:
  [[nodiscard]] double answer() const;

  std::string name_;
  int socket_ = -1;
  pid_t child_ = -1;
  std::vector<double> nanoseconds_;
};

}  // namespace portcullis::bench

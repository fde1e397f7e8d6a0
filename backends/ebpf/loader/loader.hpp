// What is done to a node: apply, attach, roll back, remove. Each takes the lock, and each may die at any step: the next
// apply makes good. Throws CannotDo.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/ebpf/loader/generation.hpp"
#include "backends/ebpf/loader/interfaces.hpp"
#include "backends/ebpf/loader/pins.hpp"

namespace portcullis::ebpf::loader {

struct Options {
  std::string pins = default_pins;
  std::vector<std::string> interfaces;  // empty: all that packets enter by
  std::string cgroup;                   // empty: the root of the cgroup2 hierarchy
  Step step = [](std::string_view) {};
};

// What the node has to set: `net.ipv4.ip_forward`, `1`.
struct Sysctl {
  std::string name, value;
};

struct Artefact {
  Tables tables;
  std::string companion;  // path of companion.nft
  std::string digest;     // SHA-256 of the text that the tables come from
  std::vector<Sysctl> sysctls;
};

struct Applied {
  std::uint32_t generation = 0;
  bool changed = false;  // false: these very tables were active already
  std::vector<std::string> interfaces;
  std::vector<std::string> skipped;  // interfaces whose packets the program cannot read
  std::size_t forgotten = 0;         // stale UDP flows
  std::vector<std::string> unset;    // sentences about sysctls
  std::vector<net::Address> absent;  // addresses of the artefact that the node has not
  std::chrono::nanoseconds switching{0};
};

[[nodiscard]] Applied apply(const Artefact& artefact, const Options& options);
// The program for these interfaces, which have come after apply.
void attach(const std::vector<std::string>& interfaces, const Options& options);
// False where there is no generation before the active one.
[[nodiscard]] bool roll_back(const Options& options);

struct Removed {
  bool was_loaded = false;
  bool companion_kept = false;
  std::size_t flows = 0;  // translated flows for which the companion was kept
};
// `now`: the companion too, which breaks flows that are translated.
[[nodiscard]] Removed remove(bool now, const Options& options);

// The interfaces that options name, or all that packets enter by.
[[nodiscard]] std::vector<const Interface*> chosen(const Node& node, const std::vector<std::string>& names);
// A sentence for each that the node has otherwise.
[[nodiscard]] std::vector<std::string> unset(const std::vector<Sysctl>& sysctls);
[[nodiscard]] std::optional<PodInterface> pod_interface_of(const Origin& origin);

}  // namespace portcullis::ebpf::loader

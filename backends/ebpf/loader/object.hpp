// The program in the kernel: loaded once, its maps and programs pinned, found again by the next command.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/entries.hpp"
#include "backends/ebpf/loader/fd.hpp"
#include "backends/ebpf/loader/pins.hpp"
#include "backends/ebpf/origin.hpp"

namespace portcullis::ebpf::loader {

// From now on libbpf prints nothing: what it says is part of our own messages.
void listen_to_libbpf();

// A program for sockets, and where it is attached in a control group.
struct Hook {
  std::string name;
  std::uint32_t attach_type = 0;
};

// The embedded object's, in the order of its sections.
[[nodiscard]] std::vector<Hook> hooks();

// How the program of this command is called among the pins: layout and digest.
[[nodiscard]] std::string version();
// Of a folder below prog/: `1-3f9c…`.
[[nodiscard]] bool has_our_layout(const std::string& version);

// Nothing is attached or changed: whether this kernel takes the object. The verifier's or libbpf's last words if not.
[[nodiscard]] std::string why_not_loadable();

class Object {
 public:
  // Loads the program unless this version is loaded already; maps of another version of the same layout are taken over.
  // Throws CannotDo, also where another version with another layout is loaded.
  [[nodiscard]] static Object load(const Pins& pins);
  // What is loaded; throws CannotDo where nothing is, or where it is another layout.
  [[nodiscard]] static Object open(const Pins& pins);

  [[nodiscard]] int map(const std::string& name) const;
  [[nodiscard]] int table(TableId table) const;
  [[nodiscard]] int program(const std::string& name) const;
  [[nodiscard]] const std::string& loaded_version() const { return version_; }

 private:
  std::string version_;
  std::map<std::string, Fd> maps_, programs_;
};

// Everything that load() has pinned, and what was pinned beside it. Refuses a folder that is none of ours.
void unload(const Pins& pins);
// Versions that are loaded whole; more than one only between two steps of taking over.
[[nodiscard]] std::vector<std::string> loaded_versions(const Pins& pins);
// Programs of versions other than this command's.
void forget_other_versions(const Pins& pins);

}  // namespace portcullis::ebpf::loader

// What the program needs of a kernel, and whether this one has it. Modules are loaded; nothing is attached or changed.
// Throws CannotDo where one may not ask.
#pragma once

#include <string>
#include <vector>

namespace portcullis::ebpf::loader {

struct Feature {
  std::string name;
  std::string since;  // the first Linux that has it
  bool present = false;
  bool needed = true;   // without it the program is refused
  std::string without;  // what happens then
};

struct Probe {
  std::string kernel;  // as uname says
  std::vector<Feature> features;
  std::string refusal;  // why the kernel does not take the program; empty where it does
  [[nodiscard]] bool fine() const;
};

[[nodiscard]] Probe probe();

}  // namespace portcullis::ebpf::loader

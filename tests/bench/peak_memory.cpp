#include "tests/bench/peak_memory.hpp"

#include <fstream>
#include <string>

#include <malloc.h>

#include "compiler/base/error.hpp"

namespace portcullis::bench {

void forget_peak_memory() {
  ::malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  if (!(file << 5 << std::flush)) throw base::InternalError("/proc/self/clear_refs cannot be written");
}

double peak_megabytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && file >> kilobytes) return kilobytes / 1024;
  }
  throw base::InternalError("/proc/self/status has no VmHWM");
}

}  // namespace portcullis::bench

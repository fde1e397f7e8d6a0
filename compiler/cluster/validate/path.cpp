#include "compiler/cluster/validate/path.hpp"

namespace portcullis::cluster {

std::string Path::text() const {
  std::string out;
  for (std::size_t i = 0; i < size_; ++i) {
    const Step& step = steps_[i];
    if (i > 0) out += '.';
    out += step.name;
    if (step.index != none) {
      out += '[';
      out += std::to_string(step.index);
      out += ']';
    } else if (!step.key.empty()) {
      out += '[';
      out += step.key;
      out += ']';
    }
  }
  return out;
}

}  // namespace portcullis::cluster

#include "tests/unit/ebpf/object.hpp"

#include <stdexcept>

#include "backends/ebpf/program.hpp"

namespace portcullis::tests {

void CloseObject::operator()(bpf_object* object) const {
  bpf_object__close(object);
}

Object open_program() {
  const auto bytes = ebpf::program();
  bpf_object* object = bpf_object__open_mem(bytes.data(), bytes.size(), nullptr);
  if (object == nullptr) throw std::runtime_error("libbpf does not open the program");
  return Object(object);
}

}  // namespace portcullis::tests

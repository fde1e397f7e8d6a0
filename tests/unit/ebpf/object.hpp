// The embedded program as libbpf sees it before it is loaded.
#pragma once

#include <memory>

#include <bpf/libbpf.h>

namespace portcullis::tests {

struct CloseObject {
  void operator()(bpf_object* object) const;
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

// Throws if libbpf can't read it.
Object open_program();

}  // namespace portcullis::tests

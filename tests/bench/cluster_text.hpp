// Clusters of any size as manifest text: what the benchmarks read.
#pragma once

#include <cstddef>
#include <string>

namespace portcullis::bench {

struct Size {
  std::size_t services = 100;
  std::size_t endpoints = 10;  // of each Service, spread over the nodes
  std::size_t nodes = 10;      // `node-0` … ; given by a ClusterProfile in the text
};

// One Service (one TCP port; every 20th of type NodePort while the range lasts) and one EndpointSlice each, block style
// as kubectl prints.
[[nodiscard]] std::string yaml_text(const Size& size);
// The same objects as one JSON `List`, as `kubectl get -o json` prints.
[[nodiscard]] std::string json_text(const Size& size);

}  // namespace portcullis::bench

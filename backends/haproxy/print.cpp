#include "backends/haproxy/frontend.hpp"
#include "backends/haproxy/haproxy.hpp"
#include "backends/haproxy/sections.hpp"

namespace portcullis::haproxy {

Files print(const Configuration& configuration) {
  Files files;
  files["haproxy.cfg"] =
      print_head(configuration) + print_frontend(configuration) + print_sections(configuration.treatments);
  print_maps(configuration, files);
  return files;
}

}  // namespace portcullis::haproxy

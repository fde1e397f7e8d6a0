#include "compiler/driver/packet_request.hpp"

#include <catch2/catch.hpp>

namespace cluster = portcullis::cluster;
using portcullis::driver::interface_for;

TEST_CASE("the interface that a packet comes through is chosen where the detector looks at interfaces") {
  using enum cluster::DetectMode;
  for (const cluster::DetectMode mode : {cluster_cidr, node_cidr, none}) {
    CHECK(interface_for({mode, {}, "cni0"}, true).empty());
    CHECK(interface_for({mode, {}, "cni0"}, false).empty());
  }
  for (const char* name : {"cni0", "eth0", "wan0", "net0"}) {
    INFO(name);
    CHECK(interface_for({bridge_interface, {}, name}, true) == name);
    CHECK(interface_for({bridge_interface, {}, name}, false) != name);
    CHECK_FALSE(interface_for({bridge_interface, {}, name}, false).empty());
  }
  for (const char* prefix : {"veth", "e", "eth", "w", "n", "eth0"}) {
    INFO(prefix);
    CHECK(interface_for({interface_name_prefix, {}, prefix}, true).starts_with(prefix));
    CHECK_FALSE(interface_for({interface_name_prefix, {}, prefix}, false).starts_with(prefix));
  }
}

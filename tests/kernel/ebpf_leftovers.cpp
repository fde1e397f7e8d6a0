// A file of its own: benchmarks use a node too, and have no Catch2.
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/kernel/ebpf_node.hpp"

namespace portcullis::kernel {

void check_no_leftovers(EbpfNode& node) {
  CHECK_FALSE(std::filesystem::exists(node.pins()));
  for (const char* interface : {"eth0", "veth-a", "veth-b"}) {
    CHECK(filters(node, interface).empty());
    CHECK_FALSE(has(node.net().run("node", {"tc", "qdisc", "show", "dev", interface}), "clsact"));
  }
  CHECK(node.net().run("node", {"nft", "list", "tables"}).empty());
  CHECK(node.answer("node", 500).empty());  // no hook is left either
}

}  // namespace portcullis::kernel

// The rulesets that benchmarks compare ours with (tests/bench/kube_proxy_shape.hpp) do what kube-proxy would do: real
// packets meet the interpreter's fates. So a comparison of speed is one of rulesets that mean the same.
#include <memory>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/agreement/generator.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/kernel/fates.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/programs.hpp"

namespace {

using namespace portcullis;

struct Shape {
  const char *name, *dialect;
  std::optional<kernel::IptablesVariant> variant;
};
constexpr Shape shapes[] = {{"nftables", "nftables", {}},
                            {"iptables legacy", "iptables", kernel::IptablesVariant::legacy},
                            {"iptables nf_tables", "iptables", kernel::IptablesVariant::nft}};

kernel::Rulesets rulesets(const Shape& shape, const ir::Program& program) {
  if (!shape.variant) return {.nft = {bench::kube_proxy_nftables(program)}, .iptables = {}, .ip6tables = {}};
  return {.nft = {},
          .iptables = {bench::kube_proxy_iptables(program)},
          .ip6tables = {},
          .variant = *shape.variant,
          .noflush = true};
}

std::unique_ptr<kernel::NodePrograms> compile(const Shape& shape, const bench::Size& size) {
  const std::string profile =
      fmt::format("---\napiVersion: portcullis.dev/v1\nkind: ClusterProfile\nspec:\n  dialect: {}\n", shape.dialect);
  return kernel::compile("bench", bench::yaml_text(size) + profile, "node-0");
}

std::vector<kernel::Foretold> packets_of(const kernel::NodePrograms& node) {
  std::vector<kernel::Foretold> out;
  for (const net::Packet& p : agreement::boundary_packets(node.cluster(), node.program(net::Family::ipv4)))
    out.push_back({p, node.fate(p)});
  return out;
}

}  // namespace

TEST_CASE("kube-proxy's shapes give boundary packets the interpreter's fates") {
  if (!kernel::permitted()) return;
  // The second is past the number of endpoints at which kube-proxy leaves out comments.
  const bench::Size sizes[] = {{.services = 25, .endpoints = 3, .nodes = 3},
                               {.services = 101, .endpoints = 10, .nodes = 4}};
  for (const Shape& shape : shapes) {
    if (shape.variant && !kernel::why_not(*shape.variant).empty()) {
      fmt::print("{} is left out: {}\n", shape.name, kernel::why_not(*shape.variant));
      continue;
    }
    for (const bench::Size& size : sizes) {
      INFO(shape.name << ", " << size.services << " Services");
      const auto compiled = compile(shape, size);
      kernel::Namespace node(compiled->setup());
      node.load(rulesets(shape, compiled->program(net::Family::ipv4)));
      const auto foretold = packets_of(*compiled);
      CHECK(foretold.size() > 20 * size.services);
      for (const auto& line : kernel::check(node, foretold)) FAIL_CHECK(line);
    }
  }
}

// A comparison that sees nothing would agree here too.
TEST_CASE("kube-proxy's shape of another cluster is noticed") {
  if (!kernel::permitted()) return;
  for (const Shape& shape : shapes) {
    if (shape.variant && !kernel::why_not(*shape.variant).empty()) continue;
    INFO(shape.name);
    const auto compiled = compile(shape, {.services = 25, .endpoints = 3, .nodes = 3});
    const auto other = compile(shape, {.services = 25, .endpoints = 4, .nodes = 3});
    kernel::Namespace node(compiled->setup());
    node.load(rulesets(shape, other->program(net::Family::ipv4)));
    CHECK_FALSE(kernel::check(node, packets_of(*compiled)).empty());
  }
}

// Our interpreter says of kube-proxy's own objects what kube-proxy's own rulesets do in the kernel: the objects,
// its configuration and a profile of the node's addresses are read as a user would hand them over, and boundary packets
// go through the dump. Nothing that we emit takes part.
#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/profile.hpp"
#include "tests/agreement/generator.hpp"
#include "tests/kernel/dumps.hpp"
#include "tests/kernel/fates.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/kernel/tally.hpp"

namespace {

using namespace portcullis;
using agreement::Coverage;

// What the objects of a dump leave open. The addresses on the node's interfaces are more than its Node object has.
std::string profile(const std::vector<net::Address>& addresses) {
  std::string list;
  for (const auto& address : addresses) list += fmt::format("{}'{}'", list.empty() ? "" : ", ", address.text());
  return fmt::format(R"(apiVersion: portcullis.dev/v1
kind: ClusterProfile
metadata: {{name: dump}}
spec:
  serviceCIDRs: [10.96.0.0/16, 'fd96::/112']
  nodes:
  - {{name: n1, zone: za, addresses: [{}], primary: [192.168.50.10, 'fd50::10']}}
)",
                     list);
}

std::string manifests(const kernel::Dump& dump, const std::string& mode, const std::vector<net::Address>& addresses) {
  std::string text = kernel::text_of(dump.folder / "objects.yaml");
  for (const auto& part : {kernel::text_of(dump.folder / "node.yaml"),
                           kernel::text_of(dump.folder / ("kube-proxy-config." + mode + ".yaml")), profile(addresses)})
    text += "\n---\n" + part;
  return text;
}

// Boundary packets, at most `each` of a row of the reference × origin × protocol.
std::vector<kernel::Foretold> packets_of(const kernel::NodePrograms& node, net::Family family, std::size_t each) {
  std::vector<kernel::Foretold> result;
  Coverage coverage;
  for (const auto& packet : agreement::boundary_packets(node.cluster(), node.program(family))) {
    ir::Trail trail;
    const auto fate = node.fate(packet, {}, &trail);
    if (fate.kind == ir::Fate::Kind::conflict) continue;
    const auto row = agreement::row(node.program(family), packet, fate, trail);
    if (coverage.of(row, packet) >= each) continue;
    coverage.count(row, packet);
    result.push_back({packet, fate});
  }
  return result;
}

std::unique_ptr<kernel::NodePrograms> compile(const kernel::Dump& dump, const cases::CaseFile& file,
                                              cases::Dialect dialect) {
  const auto* item = file.find(dump.case_id.empty() ? "A1" : dump.case_id);
  INFO("dump " << dump.name);
  REQUIRE(item != nullptr);
  const auto mode = std::string(cases::name(dialect));
  auto compiled = kernel::compile(dump.name, manifests(dump, mode, item->environment.addresses), "n1");
  REQUIRE(compiled->cluster().profile.dialect == dialect);
  REQUIRE_FALSE(compiled->cluster().services.empty());
  return compiled;
}

cases::CaseFile service_cases() {
  return cases::read((kernel::reference() / "service-cases.yaml").string());
}

}  // namespace

TEST_CASE("kube-proxy's own rulesets give boundary packets our interpreter's fates") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const auto file = service_cases();
  kernel::Tally tally;
  for (const auto& backend : kernel::dump_backends()) {
    if (const auto why = backend.why_not(); !why.empty()) {
      tally.skipped(backend.name, why);
      continue;
    }
    std::size_t sent = 0;
    for (const auto& dump : kernel::dumps()) {
      const auto compiled = compile(dump, file, backend.dialect);
      kernel::Namespace node(compiled->setup());
      node.load(backend.rules(dump));
      for (const auto family : net::all_families) {
        const auto foretold = packets_of(*compiled, family, dump.case_id.empty() ? 60 : 12);
        const auto lines = kernel::check(node, foretold);
        for (const auto& line : lines) FAIL_CHECK(backend.name << " of dump " << dump.name << ", " << line);
        for (std::size_t i = 0; i < foretold.size(); ++i)
          tally.ran(backend.name, backend.dialect, family, i >= lines.size());
        sent += foretold.size();
      }
    }
    CHECK(sent > 5000);
  }
  tally.print("kube-proxy's rulesets against our interpreter, by backend:");
}

// Each dump under the ruleset of another cluster: a comparison that sees nothing would agree here too.
TEST_CASE("the ruleset of another cluster is noticed") {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const auto file = service_cases();
  const auto all = kernel::dumps();
  for (const auto& backend : kernel::dump_backends()) {
    if (!backend.why_not().empty()) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& other = all[(i + 1) % all.size()];
      INFO(backend.name << ", objects of " << all[i].name << ", rules of " << other.name);
      const auto compiled = compile(all[i], file, backend.dialect);
      kernel::Namespace node(compiled->setup());
      node.load(backend.rules(other));
      CHECK_FALSE(kernel::check(node, packets_of(*compiled, net::Family::ipv4, 4), 2).empty());
    }
  }
}

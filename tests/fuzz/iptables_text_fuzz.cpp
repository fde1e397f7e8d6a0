// iptables-save text, ours and other people's, of both families: read or refused; what is read has a model that can be
// indexed, and prints and reads back the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using portcullis::iptables::Ruleset;

// Chains of the ruleset's own, then the jumps to them: a dump holds both.
std::string printed(const Ruleset& ruleset) {
  return print(ruleset) + print_jumps(ruleset);
}

void build_model(const Ruleset& ruleset) {
  const auto model = portcullis::iptables::model(ruleset);
  const portcullis::netfilter::Evaluator evaluator(model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace portcullis;
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  for (const char* name : {"iptables.rules", "ip6tables.rules"}) {
    const auto ruleset = fuzz::read(&iptables::read, name, bytes);
    if (!ruleset) continue;
    build_model(*ruleset);
    const std::string text = printed(*ruleset);
    // Printed text is named for its family, as emit() names it.
    const auto again =
        fuzz::read(&iptables::read, ruleset->family == net::Family::ipv6 ? "ip6tables.rules" : "iptables.rules", text);
    fuzz::hold(again.has_value(), "what was printed cannot be read");
    fuzz::hold(printed(*again) == text, "what was printed is printed otherwise when read back");
  }
  return 0;
}

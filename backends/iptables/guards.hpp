// Guards of a route as rules: an ordered list of guarded outcomes becomes the content of a chain.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "backends/iptables/builder.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

// Which packets a test lets through.
enum class Passes : std::uint8_t { none, some, all };

// Narrows `rule` to packets that the detector takes for a pod's (`pods`), or to all others. `none` and `all`: the test
// is decided without looking at the packet, and `rule` is as before.
[[nodiscard]] Passes narrow_by_detector(Rule& rule, const ir::Detector& detector, bool pods);

// The outcomes that some packet can reach: without guards that never hold, up to the first that always does.
[[nodiscard]] std::vector<ir::GuardedOutcome> reachable(const ir::Program& program,
                                                        std::span<const ir::GuardedOutcome> outcomes);

// What an outcome is to do here: the target of the rules that reach it.
using Meaning = std::function<Target(const ir::Outcome&)>;

class GuardChains {
 public:
  GuardChains(const ir::Program& program, TableBuilder& table) : program_(program), table_(table) {}
  // Fills `chain`. `outcomes` as reachable() returns them. An outcome that means Return at the end has no rule.
  void fill(ChainId chain, std::span<const ir::GuardedOutcome> outcomes, const Meaning& meaning,
            const std::string& comment);

 private:
  void branch_on_ranges(ChainId chain, std::span<const ir::GuardedOutcome> outcomes, const Meaning& meaning,
                        const std::string& comment);

  const ir::Program& program_;
  TableBuilder& table_;
};

// A chain in which a packet from `ranges` returns and every other one meets `verdict`.
[[nodiscard]] ChainId add_range_chain(TableBuilder& table, net::Family family, const ir::Ranges& ranges,
                                      Target verdict);

}  // namespace portcullis::iptables

#include "compiler/driver/dead_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/driver/excerpt.hpp"
#include "verifier/obligations/dead_rules.hpp"

namespace portcullis::driver {

namespace {

constexpr std::size_t most_told = 20;

class Dead {
 public:
  Dead(const netfilter::Model& model, const specialise::Reached& reached, std::span<const ir::Program> programs,
       const base::SourceMap& sources)
      : model_(model), reached_(reached), programs_(programs), sources_(sources) {}

  std::vector<std::string> run() {
    for (netfilter::ChainId c = 0; c < model_.chains.size(); ++c) chain(c);
    if (count_ > told_.size()) told_.push_back(fmt::format("{} more", count_ - told_.size()));
    for (netfilter::SetId s = 0; s < model_.sets.size(); ++s) set(s);
    return std::move(told_);
  }

 private:
  [[nodiscard]] bool has(net::Family family) const {
    return std::ranges::find(programs_, family, &ir::Program::family) != programs_.end();
  }
  [[nodiscard]] bool seen(bool ipv4, bool ipv6) const {
    return (!ipv4 || has(net::Family::ipv4)) && (!ipv6 || has(net::Family::ipv6));
  }

  void chain(netfilter::ChainId id) {
    const netfilter::Chain& chain = model_.chains[id];
    if (!seen(chain.ipv4, chain.ipv6)) return;
    for (std::uint32_t r = 0; r < chain.rules.size(); ++r) {
      if (reached_.rule(id, r)) continue;
      if (++count_ <= most_told) told_.push_back(text(chain, r));
    }
  }

  [[nodiscard]] std::string text(const netfilter::Chain& chain, std::uint32_t number) const {
    const base::SourceSpan span = chain.rules[number].span;
    std::string rule = fmt::format("rule {} of {} {}", number + 1, chain.table, chain.name);
    if (!span.known()) return rule;
    return fmt::format("{} ({}:{}): {}", rule, sources_.name(span.file), sources_.begin(span).line,
                       excerpt(sources_.text(span)));
  }

  void set(netfilter::SetId id) {
    const netfilter::Set& set = model_.sets[id];
    const bool ipv6_only = set.table.starts_with("ip6 "), ipv4_only = set.table.starts_with("ip ");
    if (!seen(!ipv6_only, !ipv4_only) || set.dynamic || set.name.empty()) return;
    std::size_t dead = 0;
    for (std::uint32_t e = 0; e < set.size(); ++e) dead += reached_.element(id, e) ? 0 : 1;
    if (dead > 0) told_.push_back(fmt::format("{} of {} elements of {} {}", dead, set.size(), set.table, set.name));
  }

  const netfilter::Model& model_;
  const specialise::Reached& reached_;
  std::span<const ir::Program> programs_;
  const base::SourceMap& sources_;
  std::vector<std::string> told_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<std::string> dead_rules(std::span<const ir::Program> programs, const netfilter::Model& model,
                                    const base::SourceMap& sources) {
  const specialise::Reached reached = obligations::reached_rules(programs, model);
  if (!reached.complete()) return {"not known: packets reach a rule that has no model"};
  return Dead(model, reached, programs, sources).run();
}

}  // namespace portcullis::driver

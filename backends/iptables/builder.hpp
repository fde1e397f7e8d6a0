// A table under construction: new chains with unique names, rules without a chain left over.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "backends/iptables/names.hpp"
#include "backends/iptables/ruleset.hpp"

namespace portcullis::iptables {

class TableBuilder {
 public:
  explicit TableBuilder(TableName name) { table_.name = name; }

  // A chain of this name, or of this name, `.` and a number if it is taken; a hash if that is too long.
  ChainId chain(const std::string& name);
  ChainId chain(const std::string& stem, Kind kind) { return chain(stem + static_cast<char>(kind)); }
  // The jump from a built-in chain; it goes into the text of the jumps.
  void jump_from(std::string_view built_in, std::vector<Match> matches, ChainId to);

  // The reference lives until the next chain is added.
  std::vector<Rule>& rules(ChainId chain) { return table_.chains[chain].rules; }
  void add(ChainId chain, Rule rule) { table_.chains[chain].rules.push_back(std::move(rule)); }
  [[nodiscard]] const std::string& name(ChainId chain) const { return table_.chains[chain].name; }

  [[nodiscard]] bool empty() const { return table_.chains.empty(); }
  // Built-in chains first, then every chain that they lead to, each behind those that it names (names.hpp says why).
  [[nodiscard]] Table take();

 private:
  void visit(ChainId chain, std::vector<ChainId>& order, std::vector<char>& seen) const;

  Table table_;
  std::unordered_map<std::string, std::uint32_t> taken_;  // and the last number that was given to the name
};

// Rules that are written often.
[[nodiscard]] inline Rule to_target(Target target) {
  Rule r;
  r.target = std::move(target);
  return r;
}
[[nodiscard]] inline Rule jump_to(ChainId chain) {
  return to_target(Jump{chain, false});
}
[[nodiscard]] inline Rule go_to(ChainId chain) {
  return to_target(Jump{chain, true});
}

}  // namespace portcullis::iptables

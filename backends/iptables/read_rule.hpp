// One rule of iptables-save text, after its chain: matches and target (read.cpp does everything around it).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "backends/iptables/ruleset.hpp"
#include "backends/iptables/tokens.hpp"

namespace portcullis::iptables {

// What a rule needs to know of its surroundings, and what it finds out about them.
struct RuleContext {
  const std::unordered_map<std::string_view, ChainId>& chains;  // of the table
  std::optional<net::Family>& family;                           // the first address or ICMP word decides
};

// What is wrong, and with which token.
struct RuleError {
  std::string message;
  Token token;
};

// `words` follow `-A chain`. A match that this reader does not know is kept as it stands; any other option or target
// that it does not know is an error: leaving it out would change what the rule means. A REJECT without a type has an
// empty `with`: the family may be known only later.
[[nodiscard]] std::optional<RuleError> read_rule(std::span<const Token> words, const RuleContext& context, Rule& rule);

}  // namespace portcullis::iptables

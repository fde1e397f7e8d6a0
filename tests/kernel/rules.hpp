// Loading rulesets with the tools that a node would use, and finding what they remember.
#pragma once

#include <string>
#include <vector>

#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// Inside the namespace. Throws Failure with the tool's words.
void load_rules(const Rulesets& rulesets);

// The affinity memory of what is loaded, looked up at the first use.
class AffinityMemory {
 public:
  // Inside the namespace: empties nftables sets and maps with the flag `dynamic`, and iptables' `recent` lists.
  void forget();

 private:
  bool known_ = false;
  std::string flush_;  // for `nft -f`
};

}  // namespace portcullis::kernel

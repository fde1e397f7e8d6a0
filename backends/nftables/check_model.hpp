// What can be said of a ruleset only once all of it has been read.
#pragma once

#include <map>
#include <string>

#include "backends/nftables/ruleset.hpp"

namespace portcullis::nftables {

// Sets that rules fill become memories; rules that use a set without a model become Unmodelled; the widths of keys and
// data are compared with what is looked up. Returns what does not fit, or nothing.
[[nodiscard]] std::string complete(Ruleset& ruleset, const std::map<netfilter::SetId, std::string>& unmodelled_sets);

}  // namespace portcullis::nftables

// Which requests change between two versions of the routers: every request that is answered otherwise is in a group,
// and each group has a request that shows it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/obligations/routes/equal.hpp"

namespace portcullis::routes {

enum class Change : std::uint8_t {
  allowed,    // reaches a Service now, and did not
  refused,    // reached a Service, and gets a status of the router now
  elsewhere,  // reaches other Services, or the same ones in other shares
  sent,       // reaches the same Services, with another target, Host or protocol
  otherwise,  // another answer of the router
  settings,   // the same answer; what decisions do not show changed
};
// `newly allowed`, `newly refused`, `goes elsewhere`, `sent otherwise`, `other answer`, `other settings`.
[[nodiscard]] std::string_view to_string(Change change);

struct Group {
  Change change{};
  std::string router;
  std::size_t more = 0;  // regions beside `witness.where` that change in the same way, by the same lines
  Difference witness;
};

struct RouterDifferences {
  std::vector<Group> groups;         // by router, change, and where
  std::vector<std::string> unknown;  // what could not be followed, and why
  std::uint64_t queries = 0;
};

// Routers are compared by their names; one that only one version has with one that answers 404. Not looked at are the
// endpoints behind Services: packets tell of those.
[[nodiscard]] RouterDifferences differences(std::span<const Router> before, std::span<const Router> after,
                                            smt::Session& session);

}  // namespace portcullis::routes

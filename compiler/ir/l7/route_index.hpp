// The first route of a host entry that matches a path, without a walk over the routes; regular expressions are tried
// one by one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/ir/l7/regex_table.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

class RouteIndex {
 public:
  RouteIndex(const HostEntry& entry, RegexTable& regexes);

  struct Found {
    const Route* route = nullptr;
    const Route* unsupported = nullptr;  // had to be tried and is outside of the dialect: `route` is empty
  };
  [[nodiscard]] Found find(std::string_view path) const;

 private:
  // Texts of one letter case, with the first route of each.
  struct Texts {
    using First = std::unordered_map<std::string, std::uint32_t>;
    First exact;
    std::map<std::size_t, First> prefixes;  // by length
    [[nodiscard]] bool empty() const { return exact.empty() && prefixes.empty(); }
    [[nodiscard]] std::uint32_t first_match(std::string_view path) const;
  };

  const HostEntry& entry_;
  Texts as_written_, folded_;
  std::vector<std::pair<std::uint32_t, const Regex*>> regexes_;  // in order
};

}  // namespace portcullis::ir::l7

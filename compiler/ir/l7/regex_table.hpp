// The regular expressions of a router, each compiled once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "compiler/base/error.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::ir::l7 {

class RegexTable {
 public:
  // The reference stays valid for as long as the table.
  const Regex& add(std::string_view pattern, bool fold, bool anchored) {
    std::tuple key(std::string(pattern), fold, anchored);
    const auto found = table_.find(key);
    if (found != table_.end()) return found->second;
    return table_.emplace(std::move(key), Regex(pattern, fold, anchored)).first->second;
  }
  // One that was added.
  [[nodiscard]] const Regex& at(std::string_view pattern, bool fold, bool anchored) const {
    const auto found = table_.find(std::tuple(pattern, fold, anchored));
    if (found == table_.end()) throw base::InternalError("a regular expression of the router was not compiled");
    return found->second;
  }

 private:
  std::map<std::tuple<std::string, bool, bool>, Regex, std::less<>> table_;
};

}  // namespace portcullis::ir::l7

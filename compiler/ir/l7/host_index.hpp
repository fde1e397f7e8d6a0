// Which host entry a name belongs to, without a walk over the entries; regular expressions are tried one by one.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/ir/l7/regex_table.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

class HostIndex {
 public:
  HostIndex(const Router& router, RegexTable& regexes);

  struct Found {
    std::uint32_t entry = 0;  // index into Router::hosts; meaningless without pattern
    const HostPattern* pattern = nullptr;
    const HostPattern* unsupported = nullptr;  // had to be tried and is outside of the dialect: the rest is empty
  };
  [[nodiscard]] Found find(std::string_view name) const;

 private:
  // A pattern by its place in the router.
  struct Place {
    std::uint32_t entry = 0, name = 0;
    auto operator<=>(const Place&) const = default;
  };
  using Names = std::unordered_map<std::string, Place>;

  [[nodiscard]] std::optional<Place> find_many_labels(std::string_view name) const;
  [[nodiscard]] std::optional<Place> find_one_label(std::string_view name) const;
  [[nodiscard]] Found found(std::optional<Place> place) const;

  const Router& router_;
  Names exact_, many_labels_, one_label_;
  std::vector<std::pair<Place, const Regex*>> regexes_;  // in order
  std::optional<Place> any_;
};

}  // namespace portcullis::ir::l7

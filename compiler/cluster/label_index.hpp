// Finds what a selector selects without looking at every pod of a namespace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/cluster/labels.hpp"

namespace portcullis::cluster {

class LabelIndex {
 public:
  void add(std::string_view ns, const Labels& labels, std::uint32_t id);

  // The ids that carry the rarest of the pairs, in the order in which they were added; nullptr if some pair is carried
  // by none. Without a pair: everything of the namespace. The caller checks the rest of the selector.
  [[nodiscard]] const std::vector<std::uint32_t>* candidates(std::string_view ns,
                                                             const manifest::StringMap& pairs) const;

 private:
  [[nodiscard]] static std::string key(std::string_view ns, std::string_view name, std::string_view value);

  std::unordered_map<std::string, std::vector<std::uint32_t>> of_pair_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> of_namespace_;
};

}  // namespace portcullis::cluster

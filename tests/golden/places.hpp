// Where a field of an object stands in a text, as yaml-cpp reads it: independent of our own reader.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "compiler/base/diagnostic.hpp"

namespace portcullis::golden {

class DocumentPlaces {
 public:
  // Documents that cannot be read, or hold template actions, are left out.
  explicit DocumentPlaces(std::string_view text);

  // The places that a finding about `field` of `object` may have, in every document that holds such an object:
  // - the field is there, perhaps by a merge key or an alias: its value or its key; of a map or list also what stands
  //   directly in it;
  // - it is not: the key, the value or a direct child of what holds it, or the object's name.
  // Without a field: every scalar of the object. Empty when no document holds the object.
  [[nodiscard]] std::set<base::Position> of(const base::ObjectRef& object, std::string_view field) const;

 private:
  struct Document {
    YAML::Node root;
    std::string text;
    std::uint32_t first_line = 0;  // lines of the file before it
  };
  std::vector<Document> documents_;
};

}  // namespace portcullis::golden

// Small configuration files of ours (the lock file): a YAML mapping of scalars and of mappings of scalars, two levels
// and no more.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::manifest {

// One key of the top level: a scalar (`value`, no entries) or a mapping (`is_mapping`). Values are the scalars' texts,
// whatever their type.
struct ConfigSection {
  Text key;
  bool is_mapping = false;
  Text value;
  std::vector<KeyValue> entries;
};

// In document order. What does not have this form is a finding (PC1001 for what cannot be parsed, PC1003 for a repeated
// key, of which the last counts, PC1005 for a value of another shape) and left out. An empty file has no section.
[[nodiscard]] std::vector<ConfigSection> read_config(std::string name, std::string text, base::SourceMap& sources,
                                                     base::Diagnostics& diagnostics);

}  // namespace portcullis::manifest

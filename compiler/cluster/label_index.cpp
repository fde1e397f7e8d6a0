#include "compiler/cluster/label_index.hpp"

namespace portcullis::cluster {

std::string LabelIndex::key(std::string_view ns, std::string_view name, std::string_view value) {
  std::string key;
  key.reserve(ns.size() + name.size() + value.size() + 2);
  // NUL stands in no name, label key or label value that reading lets through.
  key.append(ns).append(1, '\0').append(name).append(1, '\0').append(value);
  return key;
}

void LabelIndex::add(std::string_view ns, const Labels& labels, std::uint32_t id) {
  of_namespace_[std::string(ns)].push_back(id);
  if (labels.written != nullptr) {
    for (const manifest::KeyValue& pair : labels.written->entries)
      of_pair_[key(ns, pair.key.value, pair.value.value)].push_back(id);
  }
  for (const auto& [name, value] : labels.added) of_pair_[key(ns, name, value)].push_back(id);
}

const std::vector<std::uint32_t>* LabelIndex::candidates(std::string_view ns, const manifest::StringMap& pairs) const {
  const auto whole = of_namespace_.find(std::string(ns));
  if (whole == of_namespace_.end()) return nullptr;
  const std::vector<std::uint32_t>* rarest = &whole->second;
  for (const manifest::KeyValue& pair : pairs.entries) {
    const auto found = of_pair_.find(key(ns, pair.key.value, pair.value.value));
    if (found == of_pair_.end()) return nullptr;
    if (found->second.size() < rarest->size()) rarest = &found->second;
  }
  return rarest;
}

}  // namespace portcullis::cluster

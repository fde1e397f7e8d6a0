#include "compiler/ir/l7/host_index.hpp"

#include "compiler/ir/l7/forms.hpp"

namespace portcullis::ir::l7 {

HostIndex::HostIndex(const Router& router, RegexTable& regexes) : router_(router) {
  // The first of equal patterns counts.
  for (std::uint32_t entry = 0; entry < router.hosts.size(); ++entry) {
    const std::vector<HostPattern>& names = router.hosts[entry].names;
    for (std::uint32_t name = 0; name < names.size(); ++name) {
      const HostPattern& pattern = names[name];
      const Place place{entry, name};
      switch (pattern.kind) {
        case HostPattern::Kind::exact:
          exact_.emplace(pattern.text, place);
          break;
        case HostPattern::Kind::many_labels:
          many_labels_.emplace(pattern.text, place);
          break;
        case HostPattern::Kind::one_label:
          one_label_.emplace(pattern.text, place);
          break;
        case HostPattern::Kind::regex:
          regexes_.emplace_back(place, &regexes.add(pattern.text, true, false));
          break;
        case HostPattern::Kind::any:
          if (!any_) any_ = place;
          break;
      }
    }
  }
}

HostIndex::Found HostIndex::find(std::string_view name) const {
  if (name.empty()) return found(any_);
  if (const auto exact = exact_.find(std::string(name)); exact != exact_.end()) return found(exact->second);
  if (const auto place = find_many_labels(name)) return found(place);
  const std::optional<Place> one_label = find_one_label(name);
  for (const auto& [place, regex] : regexes_) {
    if (one_label && *one_label < place) break;
    if (!regex->valid()) return {0, nullptr, &router_.hosts[place.entry].names[place.name]};
    if (regex->search(name)) return found(place);
  }
  return found(one_label ? one_label : any_);
}

// From the longest end of the name to the shortest.
std::optional<HostIndex::Place> HostIndex::find_many_labels(std::string_view name) const {
  if (many_labels_.empty()) return {};
  for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const auto place = many_labels_.find(std::string(name.substr(dot + 1)));
    if (place != many_labels_.end()) return place->second;
  }
  return {};
}

std::optional<HostIndex::Place> HostIndex::find_one_label(std::string_view name) const {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || !is_label(name.substr(0, dot), router_.host_form)) return {};
  const auto place = one_label_.find(std::string(name.substr(dot + 1)));
  if (place == one_label_.end()) return {};
  return place->second;
}

HostIndex::Found HostIndex::found(std::optional<Place> place) const {
  if (!place) return {};
  return {place->entry, &router_.hosts[place->entry].names[place->name], nullptr};
}

}  // namespace portcullis::ir::l7

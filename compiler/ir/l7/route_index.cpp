#include "compiler/ir/l7/route_index.hpp"

#include <algorithm>

#include "compiler/ir/l7/letters.hpp"

namespace portcullis::ir::l7 {

namespace {

constexpr std::uint32_t none = UINT32_MAX;

}  // namespace

RouteIndex::RouteIndex(const HostEntry& entry, RegexTable& regexes) : entry_(entry) {
  for (std::uint32_t i = 0; i < entry.routes.size(); ++i) {
    const PathMatch& match = entry.routes[i].match;
    Texts& texts = match.fold ? folded_ : as_written_;
    std::string text = match.fold ? folded(match.text) : match.text;
    switch (match.kind) {
      case PathMatch::Kind::exact:
        texts.exact.emplace(std::move(text), i);
        break;
      case PathMatch::Kind::prefix:
        texts.prefixes[text.size()].emplace(std::move(text), i);
        break;
      case PathMatch::Kind::regex:
        regexes_.emplace_back(i, &regexes.add(match.text, match.fold, true));
        break;
    }
  }
}

std::uint32_t RouteIndex::Texts::first_match(std::string_view path) const {
  std::uint32_t first = none;
  if (const auto found = exact.find(std::string(path)); found != exact.end()) first = found->second;
  for (const auto& [length, texts] : prefixes) {
    if (length > path.size()) break;
    const auto found = texts.find(std::string(path.substr(0, length)));
    if (found != texts.end()) first = std::min(first, found->second);
  }
  return first;
}

RouteIndex::Found RouteIndex::find(std::string_view path) const {
  std::uint32_t first = as_written_.first_match(path);
  if (!folded_.empty()) first = std::min(first, folded_.first_match(folded(path)));
  for (const auto& [i, regex] : regexes_) {
    if (i > first) break;
    if (!regex->valid()) return {nullptr, &entry_.routes[i]};
    if (!regex->search(path)) continue;
    first = i;
    break;
  }
  if (first == none) return {};
  return {&entry_.routes[first], nullptr};
}

}  // namespace portcullis::ir::l7

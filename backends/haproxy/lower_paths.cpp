#include "backends/haproxy/lower_paths.hpp"

#include <algorithm>
#include <tuple>

#include "backends/haproxy/plain_patterns.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::PathMatch;

PathMatch comparable(PathMatch match) {
  if (match.fold && match.kind != PathMatch::Kind::regex) match.text = lower_case(match.text);
  return match;
}

void sort(std::vector<PathLine>& lines) {
  std::ranges::sort(lines, {}, [](const PathLine& line) { return std::tie(line.entry, line.text); });
}

}  // namespace

// ---- what some earlier route takes

bool PathTexts::covered(std::string_view text) const {
  for (const auto& [length, texts] : prefixes_) {
    if (length > text.size()) return false;
    if (texts.contains(std::string(text.substr(0, length)))) return true;
  }
  return false;
}

bool PathTexts::add(const PathMatch& match) {
  if (covered(match.text)) return false;
  return match.kind == PathMatch::Kind::exact ? exact_.insert(match.text).second
                                              : prefixes_[match.text.size()].insert(match.text).second;
}

void PathTexts::clear() {
  exact_.clear();
  prefixes_.clear();
}

// ---- tables

void PathTables::begin(const ir::l7::HostEntry& host) {
  entry_ = entries_++;
  reachable_.assign(host.routes.size(), {});
  as_written_.clear();
  folded_.clear();
  std::set<std::pair<std::string, bool>> regexes;
  for (std::size_t i = 0; i < host.routes.size(); ++i) {
    for (const PathMatch& written : plain_patterns(host.routes[i].match)) {
      const PathMatch match = comparable(written);
      const bool fresh = match.kind == PathMatch::Kind::regex ? regexes.emplace(match.text, match.fold).second
                                                              : (match.fold ? folded_ : as_written_).add(match);
      if (fresh) reachable_[i].push_back(match);
    }
  }
}

void PathTables::add(std::size_t route, std::uint32_t treatment) {
  for (const PathMatch& match : reachable_[route]) {
    const auto slot = static_cast<std::uint32_t>(out_.slots.size());
    out_.slots.push_back(treatment);
    if (match.kind == PathMatch::Kind::regex) {
      if (out_.regexes.empty() || out_.regexes.back().entry != entry_) out_.regexes.push_back({entry_, {}});
      out_.regexes.back().lines.push_back({match.text, match.fold, slot});
      continue;
    }
    const bool exact = match.kind == PathMatch::Kind::exact;
    std::vector<PathLine>& lines =
        match.fold ? (exact ? out_.fold_exact : out_.fold_prefix) : (exact ? out_.exact : out_.prefix);
    lines.push_back({entry_, match.text, slot});
  }
}

void PathTables::finish() {
  out_.ranked = !out_.fold_exact.empty() || !out_.fold_prefix.empty() || !out_.regexes.empty();
  if (!out_.ranked) {
    for (auto* lines : {&out_.exact, &out_.prefix})
      for (PathLine& line : *lines) line.value = out_.slots[line.value];
    out_.slots.clear();
  }
  for (auto* lines : {&out_.exact, &out_.prefix, &out_.fold_exact, &out_.fold_prefix}) sort(*lines);
}

}  // namespace portcullis::haproxy

// Routes of host entries to the maps of paths.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// Texts of one kind and one letter case with the first route of each; a route that is in order behind one which takes
// all of its paths is not there.
class PathTexts {
 public:
  // Exact texts and prefixes, in the order of the routes.
  void add(const ir::l7::PathMatch& match, std::size_t route);
  [[nodiscard]] bool contains(std::size_t route) const { return reachable_.contains(route); }
  void clear();

 private:
  // The first route whose prefix the text begins with.
  [[nodiscard]] bool covered(std::string_view text) const;

  std::set<std::string> exact_;
  std::map<std::size_t, std::set<std::string>> prefixes_;  // by length
  std::set<std::size_t> reachable_;
};

class PathTables {
 public:
  explicit PathTables(Configuration& out) : out_(out) {}

  // The routes of the next entry.
  void begin(const ir::l7::HostEntry& host);
  [[nodiscard]] bool reachable(std::size_t route) const;
  void add(std::size_t route, std::uint32_t treatment);
  // Call last: without letter case and regular expressions, slots become treatments.
  void finish();

 private:
  Configuration& out_;
  const ir::l7::HostEntry* host_ = nullptr;
  std::uint32_t entry_ = 0, entries_ = 0;
  PathTexts as_written_, folded_;
  std::set<std::size_t> regexes_;
};

}  // namespace portcullis::haproxy

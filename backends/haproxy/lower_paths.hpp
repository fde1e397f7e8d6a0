// Routes of host entries to the maps of paths.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// Texts of one letter case, in the order of the routes.
class PathTexts {
 public:
  // False: an earlier one takes all of its paths.
  [[nodiscard]] bool add(const ir::l7::PathMatch& match);
  void clear();

 private:
  // Whether a prefix before it is one of the text.
  [[nodiscard]] bool covered(std::string_view text) const;

  std::set<std::string> exact_;
  std::map<std::size_t, std::set<std::string>> prefixes_;  // by length
};

class PathTables {
 public:
  explicit PathTables(Configuration& out) : out_(out) {}

  // The routes of the next entry.
  void begin(const ir::l7::HostEntry& host);
  [[nodiscard]] bool reachable(std::size_t route) const { return !reachable_[route].empty(); }
  void add(std::size_t route, std::uint32_t treatment);
  // Call last: without letter case and regular expressions, slots become treatments.
  void finish();

 private:
  Configuration& out_;
  std::uint32_t entry_ = 0, entries_ = 0;
  std::vector<std::vector<ir::l7::PathMatch>> reachable_;  // by route
  PathTexts as_written_, folded_;
};

}  // namespace portcullis::haproxy

#include "backends/nftables/differences.hpp"

#include <algorithm>
#include <iterator>

namespace portcullis::nftables {

namespace {

std::vector<std::string> sorted_lines(const Ruleset& ruleset, TableFamily family) {
  const auto table =
      std::ranges::find_if(ruleset.tables, [&](const Table& t) { return t.family == family && t.name == table_name; });
  if (table == ruleset.tables.end()) return {};
  std::vector<std::string> all = lines(ruleset, *table);
  std::ranges::sort(all);
  return all;
}

}  // namespace

std::vector<std::string> differences(const Ruleset& wanted, const Ruleset& live) {
  std::vector<std::string> out;
  for (const TableFamily family : {TableFamily::ip, TableFamily::ip6}) {
    const std::vector<std::string> ours = sorted_lines(wanted, family), theirs = sorted_lines(live, family);
    const auto add = [&](const char* what, const std::vector<std::string>& a, const std::vector<std::string>& b) {
      std::vector<std::string> only;
      std::ranges::set_difference(a, b, std::back_inserter(only));
      for (const std::string& line : only) {
        out.push_back(std::string(what) + " " + std::string(to_string(family)) + " " + line);
      }
    };
    add("missing", ours, theirs);
    add("unknown", theirs, ours);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace portcullis::nftables

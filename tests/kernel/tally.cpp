#include "tests/kernel/tally.hpp"

#include <fmt/format.h>

namespace portcullis::kernel {

void Tally::ran(const std::string& backend, cases::Dialect dialect, net::Family family, bool agreed) {
  auto& count = rows_[{backend, std::string(cases::name(dialect)), std::string(net::to_string(family))}];
  ++(agreed ? count.agreed : count.disagreed);
}

void Tally::skipped(const std::string& backend, const std::string& why) {
  ++skips_[{backend, why}];
}

void Tally::print(const std::string& title) const {
  fmt::print("{}\n", title);
  for (const auto& [key, count] : rows_) {
    const auto& [backend, dialect, family] = key;
    fmt::print("  {:<16} dialect {:<9} {}: {} rows agreed, {} disagreed\n", backend, dialect, family, count.agreed,
               count.disagreed);
  }
  for (const auto& [key, count] : skips_) fmt::print("  {:<16} skipped {} rows: {}\n", key.first, count, key.second);
}

}  // namespace portcullis::kernel

// Counts rows, and prints the table that closes a run: what ran, where, and what did not.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "tests/cases/cases.hpp"

namespace portcullis::kernel {

class Tally {
 public:
  void ran(const std::string& backend, cases::Dialect dialect, net::Family family, bool agreed);
  void skipped(const std::string& backend, const std::string& why);
  // One line each; to standard output.
  void print(const std::string& title) const;

 private:
  struct Count {
    unsigned agreed = 0, disagreed = 0;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Count> rows_;
  std::map<std::pair<std::string, std::string>, unsigned> skips_;
};

}  // namespace portcullis::kernel

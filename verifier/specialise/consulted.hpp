// Which tests of the destination a run asked. A test is known by its *cuts*: the addresses, and at one address and
// protocol the ports, at which its answer can change. Destinations that no cut of a run tells apart have the same run,
// and so the same diagram.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::specialise {

// A single address that is like no other.
constexpr std::uint32_t like_no_other = 0;

// Where the address of a destination matters: `low` to `high`, inclusive, against everything else. A single address has
// low == high, and a kind: addresses of one kind get the same answer from the test at all ports but those that are an
// address's own.
struct AddressCut {
  net::Address low, high;
  std::uint32_t kind = like_no_other;
  auto operator<=>(const AddressCut&) const = default;
};
// Of one address. One of several ports is never its own.
struct PortCut {  // inclusive
  std::uint16_t low = 0, high = 0;
  bool own = false;  // the test asks for the port together with this very address
  auto operator<=>(const PortCut&) const = default;
};

// The tests that one run asked, by number; each is noted once a run.
class Consulted {
 public:
  explicit Consulted(std::size_t tests = 0) : seen_in_(tests, 0) {}
  void begin() {
    ++run_;
    asked_.clear();
  }
  void note(std::uint32_t test) {
    ++count_;
    if (seen_in_[test] == run_) return;
    seen_in_[test] = run_;
    asked_.push_back(test);
  }
  [[nodiscard]] const std::vector<std::uint32_t>& asked() const { return asked_; }
  // Grows with every question: two equal readings enclose a stretch that asked nothing.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint32_t> seen_in_;
  std::vector<std::uint32_t> asked_;
  std::uint32_t run_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace portcullis::specialise

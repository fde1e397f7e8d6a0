// Random routers and requests that have much in common.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "kit.hpp"

namespace portcullis::routes::test {

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Router router();
  // With a few changes, most of which do not matter.
  Router changed(Router router);
  Request request();

 private:
  unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_); }
  bool chance(unsigned of) { return below(of) == 0; }
  const std::string& pick(const std::vector<std::string>& list) {
    return list[below(static_cast<unsigned>(list.size()))];
  }
  Route route();
  void fill(HostEntry& entry, Router& router);
  Condition condition();
  Answer answer(Router& router);
  Steps steps(Router& router);

  std::mt19937 random_;
};

}  // namespace portcullis::routes::test

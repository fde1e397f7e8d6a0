// What is said of our own mistakes.
#include <new>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "compiler/base/error.hpp"
#include "compiler/driver/driver.hpp"
#include "verifier/verdict/replay.hpp"

namespace driver = portcullis::driver;

TEST_CASE("a counterexample that is none has a code of its own") {
  const portcullis::verdict::ReplayDisagrees disagrees("tcp from 203.0.113.7 to 10.96.0.80:80: delivered");
  CHECK(driver::mistake_text(disagrees) ==
        "error[PC6008]: a counterexample that is none when it is played through: "
        "tcp from 203.0.113.7 to 10.96.0.80:80: delivered");
  CHECK(driver::mistake_text(portcullis::base::InternalError("a route without an outcome")) ==
        "internal error: a route without an outcome");
  CHECK(driver::mistake_text(std::bad_alloc()) == "internal error: out of memory");
  CHECK(driver::mistake_text(std::runtime_error("else")) == "internal error: else");
}

// The line of progress on a real (pseudo) terminal.
#include "compiler/driver/progress.hpp"

#include <array>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "compiler/driver/output.hpp"

using namespace portcullis::driver;

namespace {

// Standard error is this terminal while the object lives.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)), before_(::dup(STDERR_FILENO)) {
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    const int terminal = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    ::dup2(terminal, STDERR_FILENO);
    ::close(terminal);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::close(master_);
  }

  // What was written, up to and with `end`.
  std::string until(const std::string& end) const {
    std::string text;
    std::array<char, 256> bytes{};
    while (text.find(end) == std::string::npos) {
      const auto size = ::read(master_, bytes.data(), bytes.size());
      if (size <= 0) return text;
      text.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  int master_, before_;
};

}  // namespace

TEST_CASE("a complaint does not stand behind the line of progress") {
  std::string shown, complaint, last;
  {
    Terminal terminal;
    Progress progress;
    progress.stage("emit");
    shown = terminal.until("…");
    complain("cannot write x");
    complaint = terminal.until("\n");
    progress.stage("write");
    last = terminal.until("…");
    progress.done();
    last += terminal.until("\x1b[K");
  }
  CHECK(shown == "\r\x1b[Kportcullis: emit …");
  CHECK(complaint == "\r\x1b[Kportcullis: cannot write x\r\n");
  CHECK(last == "\r\x1b[Kportcullis: write …\r\x1b[K");
}

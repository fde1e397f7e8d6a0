#include "compiler/driver/driver.hpp"

#include <new>
#include <stdexcept>
#include <string>
#include <variant>

#include "compiler/driver/command_line.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/output.hpp"
#include "verifier/verdict/replay.hpp"

namespace portcullis::driver {

std::string mistake_text(const std::exception& mistake) {
  if (dynamic_cast<const verdict::ReplayDisagrees*>(&mistake) != nullptr)
    return std::string("error[PC6008]: a counterexample that is none when it is played through: ") + mistake.what();
  if (dynamic_cast<const std::bad_alloc*>(&mistake) != nullptr) return "internal error: out of memory";
  return std::string("internal error: ") + mistake.what();
}

namespace {

int report_mistake(const std::exception& mistake) {
  complain(mistake_text(mistake));
  complain(
      "please report this, with the command line and, if you can, the input that shows it; "
      "version " PORTCULLIS_VERSION);
  return exit_internal;
}

}  // namespace

int run(int argc, const char* const* argv) {
  try {
    const Parsed parsed = parse_command_line(argc, argv);
    if (!parsed.command) return parsed.status;
    return std::visit([](const auto& command) { return run(command); }, *parsed.command);
  } catch (const std::exception& error) {
    return report_mistake(error);
  } catch (...) {
    return report_mistake(std::runtime_error("unknown exception"));
  }
}

}  // namespace portcullis::driver

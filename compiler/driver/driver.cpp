#include "compiler/driver/driver.hpp"

#include <exception>
#include <new>
#include <variant>

#include "compiler/base/error.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/driver/commands.hpp"
#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

int report_mistake(const char* what) {
  complain(std::string("internal error: ") + what);
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
  } catch (const base::InternalError& error) {
    return report_mistake(error.what());
  } catch (const std::bad_alloc&) {
    return report_mistake("out of memory");
  } catch (const std::exception& error) {
    return report_mistake(error.what());
  } catch (...) {
    return report_mistake("unknown exception");
  }
}

}  // namespace portcullis::driver

// portcullis-node: the commands of a node in one static program, for machines that have nothing of what compiling and
// proving needs.
#include <exception>
#include <memory>
#include <string>

#include "compiler/driver/command_line.hpp"
#include "compiler/driver/node_command_line.hpp"
#include "compiler/driver/output.hpp"

namespace {

namespace driver = portcullis::driver;

int run(int argc, const char* const* argv) {
  CLI::App app{"portcullis-node loads what portcullis has compiled for a node, and says what is loaded.",
               "portcullis-node"};
  app.formatter(std::make_shared<driver::Help>());
  app.set_version_flag("--version", "portcullis-node " PORTCULLIS_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done, or all is as it should be; 1 status differs, or there is nothing to roll back to; 2 it "
      "cannot\nbe done; 64 usage; 70 a mistake of portcullis.");
  const driver::NodeCommandLine commands(app, "portcullis-node");
  if (const std::string problem = driver::unknown_command(app, argc, argv); !problem.empty())
    return driver::usage(problem);
  if (const auto status = driver::parse(app, argc, argv)) return *status;
  return driver::run(commands.parsed().value());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    driver::complain(std::string("internal error: ") + error.what());
    return driver::exit_internal;
  }
}

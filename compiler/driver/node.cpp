// The commands of a node.
#include "backends/apply/commands.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/driver/node_options.hpp"
#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

apply::Options options_of(const NodePlaces& places) {
  apply::Options out;
  out.pins = places.pins;
  out.interfaces = places.interfaces;
  out.cgroup = places.cgroup;
  return out;
}

apply::Result result_of(const ApplyCommand& command) {
  return apply::apply(command.folder, options_of(command.places));
}

apply::Result result_of(const AttachCommand& command) {
  return apply::attach(command.interfaces, options_of(command.places));
}

apply::Result result_of(const StatusCommand& command) {
  return command.probe ? apply::probe(command.json)
                       : apply::status(command.folder, command.json, options_of(command.places));
}

apply::Result result_of(const RollbackCommand& command) {
  return apply::roll_back(options_of(command.places));
}

apply::Result result_of(const RemoveCommand& command) {
  return apply::remove(command.now, options_of(command.places));
}

}  // namespace

int run(const NodeCommand& command) {
  const apply::Result result = std::visit([](const auto& one) { return result_of(one); }, command);
  for (const std::string& complaint : result.complaints) complain(complaint);
  if (!result.out.empty() && !write_stdout(result.out)) return exit_input;
  return result.status;
}

}  // namespace portcullis::driver

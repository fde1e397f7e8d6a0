// Options of a node's commands to values: for `portcullis`, and for `portcullis-node`, which has no other commands.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "compiler/driver/node_options.hpp"

namespace portcullis::driver {

// Keeps lines of the footer apart as they are written.
class Help : public CLI::Formatter {
 public:
  std::string make_footer(const CLI::App* app) const override;
};

class NodeCommandLine {
 public:
  // Adds the subcommands. `program` is what the examples call it.
  NodeCommandLine(CLI::App& app, const std::string& program);
  NodeCommandLine(const NodeCommandLine&) = delete;
  NodeCommandLine& operator=(const NodeCommandLine&) = delete;
  ~NodeCommandLine() = default;
  // What was asked for, once the line has been parsed.
  [[nodiscard]] std::optional<NodeCommand> parsed() const;

 private:
  ApplyCommand apply_;
  AttachCommand attach_;
  StatusCommand status_;
  RollbackCommand rollback_;
  RemoveCommand remove_;
  CLI::App *apply_app_, *attach_app_, *status_app_, *rollback_app_, *remove_app_;
};

// Of `argv`: the message of what is wrong with the subcommand's name, or nothing.
[[nodiscard]] std::string unknown_command(const CLI::App& app, int argc, const char* const* argv);
// Parses; nothing when that was all there is to do (help, version, or a mistake, which have been said): then the exit
// status.
[[nodiscard]] std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

}  // namespace portcullis::driver

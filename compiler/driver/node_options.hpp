// The command lines of a node's commands, as values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace portcullis::driver {

// Where a node keeps what is loaded, and what is attached to.
struct NodePlaces {
  std::optional<std::string> pins;      // --pins DIR
  std::vector<std::string> interfaces;  // --interface NAME
  std::optional<std::string> cgroup;    // --cgroup DIR
};

struct ApplyCommand {
  NodePlaces places;
  std::string folder;
};
struct AttachCommand {
  NodePlaces places;
  std::vector<std::string> interfaces;
};
struct StatusCommand {
  NodePlaces places;
  std::optional<std::string> folder;
  bool probe = false;
  bool json = false;  // -o json
};
struct RollbackCommand {
  NodePlaces places;
};
struct RemoveCommand {
  NodePlaces places;
  bool now = false;
};
using NodeCommand = std::variant<ApplyCommand, AttachCommand, StatusCommand, RollbackCommand, RemoveCommand>;

// Does it and prints. Returns the exit status.
[[nodiscard]] int run(const NodeCommand& command);

}  // namespace portcullis::driver

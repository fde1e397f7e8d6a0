// Programs of nodes with their interpreters, built when they are first asked for.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::trace {

class Programs {
 public:
  explicit Programs(const cluster::Cluster& cluster) : cluster_(cluster) {}
  [[nodiscard]] const ir::Interpreter& of(const cluster::Node& node, net::Family family);

 private:
  struct Entry {
    explicit Entry(ir::Program p) : program(std::move(p)), interpreter(program) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ir::Program program;
    ir::Interpreter interpreter;  // points into `program`, so an entry never moves: std::map's do not
  };
  const cluster::Cluster& cluster_;
  std::map<std::pair<std::string, net::Family>, Entry> entries_;
};

}  // namespace portcullis::trace

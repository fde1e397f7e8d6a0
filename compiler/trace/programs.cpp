#include "compiler/trace/programs.hpp"

#include "compiler/ir/l4/build.hpp"

namespace portcullis::trace {

const ir::Interpreter& Programs::of(const cluster::Node& node, net::Family family) {
  const std::pair key{node.name, family};
  auto found = entries_.find(key);
  if (found == entries_.end()) found = entries_.try_emplace(key, ir::build(cluster_, node, family)).first;
  return found->second.interpreter;
}

}  // namespace portcullis::trace

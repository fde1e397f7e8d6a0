#include "tests/bench/pipeline.hpp"

#include "compiler/base/error.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l4/build.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::bench {

ir::Program program_of(const std::string& text, bool json, ir::Dialect dialect) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("bench", text, json, {}, sources, diagnostics);
  cluster::Resolved resolved = cluster::resolve(input, {}, diagnostics);
  if (diagnostics.has_errors())
    throw base::InternalError("the benchmark's input has errors: " + diagnostics.all().front().message);
  resolved.cluster.profile.dialect = dialect;
  const cluster::Node* node = resolved.cluster.node("node-0");
  if (node == nullptr) throw base::InternalError("the benchmark's input has no node-0");
  return ir::build(resolved.cluster, *node, net::Family::ipv4);
}

}  // namespace portcullis::bench

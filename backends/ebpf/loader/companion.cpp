#include "backends/ebpf/loader/companion.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/tool.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::ebpf::loader {

namespace {

std::string one_line(const std::string& output) {
  return std::string(base::trim(output.substr(0, output.find('\n'))));
}

[[noreturn]] void without_nft() {
  throw CannotDo("there is no program nft: install nftables, which loads the companion ruleset");
}

}  // namespace

void load_companion(const std::string& file) {
  const ToolResult result = run_tool({"nft", "-f", file});
  if (result.status == 127) without_nft();
  if (result.status != 0) throw CannotDo(fmt::format("nft does not load {}: {}", file, one_line(result.output)));
}

bool has_companion() {
  const ToolResult result = run_tool({"nft", "-t", "list", "table", "inet", std::string(companion_table)});
  if (result.status == 127) without_nft();
  return result.status == 0;
}

void delete_companion() {
  if (!has_companion()) return;
  const ToolResult result = run_tool({"nft", "delete", "table", "inet", std::string(companion_table)});
  if (result.status != 0)
    throw CannotDo(fmt::format("nft does not delete table inet {}: {}", companion_table, one_line(result.output)));
}

// What is built in, or what this machine does not have as a module either, shows when the program is loaded.
void load_modules() {
  for (const char* module : {"nf_conntrack", "nf_nat", "nf_conntrack_netlink", "sch_ingress", "cls_bpf"}) {
    if (!std::filesystem::exists(fmt::format("/sys/module/{}", module)))
      static_cast<void>(run_tool({"modprobe", "-q", module}));
  }
}

}  // namespace portcullis::ebpf::loader

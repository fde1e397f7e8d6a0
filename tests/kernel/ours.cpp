#include "tests/kernel/ours.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/permitted.hpp"

namespace portcullis::kernel {
namespace {

// The findings of lowering are limits that the tests meet as fates.
std::vector<std::string> iptables_texts(const ir::Program& program) {
  base::Diagnostics diagnostics;
  const auto ruleset = iptables::lower(program, diagnostics);
  return {iptables::print(ruleset), iptables::print_jumps(ruleset)};
}

}  // namespace

std::string Backend::why_not() const {
  return variant ? kernel::why_not(*variant) : std::string();
}

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all{{"nftables", std::nullopt, false},
                                        {"iptables-legacy", IptablesVariant::legacy, false},
                                        {"iptables-nft", IptablesVariant::nft, false}};
  return all;
}

const Backend& backend(const std::string& name) {
  static const Backend ebpf{"ebpf", std::nullopt, true};
  if (name == ebpf.name) return ebpf;
  const auto found = std::ranges::find(backends(), name, &Backend::name);
  if (found == backends().end()) throw Failure("there is no backend " + name);
  return *found;
}

namespace {

NodeSetup setup_for(const Backend& backend, const NodePrograms& programs) {
  NodeSetup setup = programs.setup();
  setup.by_sockets = backend.programs;
  return setup;
}

}  // namespace

LoadedNode::LoadedNode(const Backend& backend, const NodePrograms& programs, bool forward_drop)
    : node_(setup_for(backend, programs)) {
  if (forward_drop) node_.load(foreign_forward_drop(backend));
  if (backend.programs) {
    ebpf_ = std::make_unique<TablesOnNode>(node_);
    (void)ebpf_->apply(programs.both());
  } else {
    node_.load(rulesets(backend, programs));
  }
}

Rulesets rulesets(const Backend& backend, const NodePrograms& node) {
  if (!backend.variant) {
    base::Diagnostics diagnostics;
    return {.nft = {nftables::print(nftables::lower(node.both(), diagnostics))}, .iptables = {}, .ip6tables = {}};
  }
  return {.nft = {},
          .iptables = iptables_texts(node.program(net::Family::ipv4)),
          .ip6tables = iptables_texts(node.program(net::Family::ipv6)),
          .variant = *backend.variant,
          .noflush = true};
}

netfilter::Artefact artefact(const Backend& backend, const NodePrograms& node) {
  base::Diagnostics diagnostics;
  return backend.variant ? iptables::emit(node.both(), diagnostics) : nftables::emit(node.both(), diagnostics);
}

const std::string& text_of(const netfilter::Artefact& artefact, const std::string& file) {
  const auto found = std::ranges::find(artefact.files, file, &netfilter::File::name);
  if (found == artefact.files.end()) throw Failure("nothing was emitted under the name " + file);
  return found->text;
}

Folder::Folder(const Backend& backend, const netfilter::Artefact& artefact) {
  std::string name = (std::filesystem::temp_directory_path() / "portcullis-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail_with_errno("make a folder");
  path_ = name;
  for (const auto& file : artefact.files) std::ofstream(path_ / file.name) << file.text;
  if (!backend.variant) return;
  std::filesystem::create_directory(path_ / "bin");
  const std::string variant = *backend.variant == IptablesVariant::legacy ? "legacy" : "nft";
  for (const std::string family : {"iptables", "ip6tables"}) {
    for (const std::string tool : {"", "-restore", "-save"}) {
      std::ofstream(path_ / "bin" / (family + tool))
          << fmt::format("#!/bin/sh\nexec {}-{}{} \"$@\"\n", family, variant, tool);
      std::filesystem::permissions(path_ / "bin" / (family + tool), std::filesystem::perms::owner_all);
    }
  }
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> Folder::apply() const {
  return {"sh", "-c", fmt::format("PATH={0}/bin:$PATH exec sh {0}/apply.sh", path_.string())};
}

void for_each_ruleset(const std::function<void(const Backend&, cases::Dialect)>& test) {
  if (!permitted()) return;
  for (const auto& backend : backends()) {
    if (const auto why = backend.why_not(); !why.empty()) {
      fmt::print("{} is left out: {}\n", backend.name, why);
      continue;
    }
    for (const auto dialect : cases::all_dialects) {
      INFO(backend.name << " in dialect " << cases::name(dialect));
      test(backend, dialect);
    }
  }
}

Rulesets foreign_forward_drop(const Backend& backend) {
  return backend.variant ? foreign_forward_drop_iptables(*backend.variant) : foreign_forward_drop_nftables();
}

}  // namespace portcullis::kernel

// Our backends as the owner of a node uses them: the emitted text, loaded with the tool that it is written for.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/netfilter/artefact.hpp"
#include "tests/cases/cases.hpp"
#include "tests/kernel/harness.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/kernel/tables_on_node.hpp"

namespace portcullis::kernel {

struct Backend {
  std::string name;                        // `nftables`, `iptables-legacy`, `iptables-nft`
  std::optional<IptablesVariant> variant;  // none: nftables or eBPF
  bool programs = false;                   // eBPF: loaded by TablesOnNode, not as a ruleset
  // Empty where this kernel can, otherwise why not.
  [[nodiscard]] std::string why_not() const;
};
// The three that are rulesets.
[[nodiscard]] const std::vector<Backend>& backends();
// One of them, or `ebpf`.
[[nodiscard]] const Backend& backend(const std::string& name);

// A node with what the backend makes of the programs.
class LoadedNode {
 public:
  // `forward_drop`: beside somebody's FORWARD policy DROP.
  LoadedNode(const Backend& backend, const NodePrograms& programs, bool forward_drop = false);
  [[nodiscard]] Namespace& node() { return node_; }

 private:
  Namespace node_;
  std::unique_ptr<TablesOnNode> ebpf_;
};

// nftables: one file of both families. iptables: for each family the chains, then the jumps, both with --noflush.
[[nodiscard]] Rulesets rulesets(const Backend& backend, const NodePrograms& node);
// The files that `compile` writes.
[[nodiscard]] netfilter::Artefact artefact(const Backend& backend, const NodePrograms& node);
// Text of one of them. Throws Failure when there is no such file.
[[nodiscard]] const std::string& text_of(const netfilter::Artefact& artefact, const std::string& file);

// The artefact's files in a folder, which goes with the object.
class Folder {
 public:
  Folder(const Backend& backend, const netfilter::Artefact& artefact);
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  // Runs its apply.sh, with this backend's variant under the names `iptables`, `iptables-restore`, …
  [[nodiscard]] std::vector<std::string> apply() const;

 private:
  std::filesystem::path path_;
};

// Calls `test` for every backend that this kernel has (a line says which it has not), in both dialects, with both named
// in Catch2's messages. Nothing happens where kernel tests are not permitted.
void for_each_ruleset(const std::function<void(const Backend&, cases::Dialect)>& test);

// A foreign FORWARD policy DROP in the same backend.
[[nodiscard]] Rulesets foreign_forward_drop(const Backend& backend);

}  // namespace portcullis::kernel

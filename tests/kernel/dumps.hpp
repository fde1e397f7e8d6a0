// Rulesets that a real kube-proxy made, with the objects that it made them from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cases/cases.hpp"
#include "tests/kernel/harness.hpp"

namespace portcullis::kernel {

// The reference data beside this tree; see reference_is_here().
[[nodiscard]] const std::filesystem::path& reference();
// A whole file. Throws Failure.
[[nodiscard]] std::string text_of(const std::filesystem::path& path);

struct Dump {
  std::string name;
  std::string case_id;  // of service-cases.yaml; empty: generated, no case of its own
  std::filesystem::path folder;
};
// All of them, by name.
[[nodiscard]] std::vector<Dump> dumps();

// How a dump is loaded: by which tool, from which of kube-proxy's modes.
struct DumpBackend {
  std::string name;
  cases::Dialect dialect{};
  Rulesets (*rules)(const Dump&) = nullptr;
  std::string (*why_not)() = nullptr;  // empty where this kernel can
};
// nftables, iptables-nft, iptables-legacy.
[[nodiscard]] const std::vector<DumpBackend>& dump_backends();

}  // namespace portcullis::kernel

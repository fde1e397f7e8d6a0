// What a node has loaded, and where that differs from what it should be. Throws CannotDo.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backends/ebpf/loader/loader.hpp"

namespace portcullis::ebpf::loader {

struct Difference {
  std::string what;           // `missing`, `unknown`, `different`
  std::string wanted, found;  // lines of the artefact's text; empty: there is none
  bool operator==(const Difference&) const = default;
};

struct Status {
  bool loaded = false;
  std::string version;  // layout and digest of the program that is loaded
  std::uint32_t generation = 0;
  bool can_roll_back = false;
  std::string artefact;  // SHA-256 of the text that the active tables were made of
  std::size_t frontends = 0, pools = 0, endpoints = 0;
  std::vector<std::string> covered;     // interfaces with the program
  std::vector<std::string> problems;    // sentences: what is not as it should be, and what to do
  std::vector<std::string> warnings;    // what may be so
  std::vector<Difference> differences;  // to the artefact
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  [[nodiscard]] bool as_wanted() const { return loaded && problems.empty() && differences.empty(); }
};

// `wanted` may be null: then nothing is compared with an artefact.
[[nodiscard]] Status look(const Artefact* wanted, const Options& options);

// Lines of texts that say the same facts in the same order of keys.
[[nodiscard]] std::vector<Difference> differences(const std::string& wanted, const std::string& found);

}  // namespace portcullis::ebpf::loader

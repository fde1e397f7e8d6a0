// The files of the backend.
#include <fmt/format.h>

#include "backends/netfilter/conntrack_script.hpp"
#include "backends/nftables/nftables.hpp"

namespace portcullis::nftables {

namespace {

// Loads without a moment in between: one transaction. The memory of affinity survives unless its layout is another one.
std::string apply_script() {
  return fmt::format(R"sh(#!/bin/sh
# Checks the ruleset beside this script against the running kernel, loads it in one transaction, then forgets stale UDP flows.
set -eu
cd "$(dirname "$0")"
for family in ip ip6; do
  # A table of ours with another layout, or of somebody else with our name: its sets cannot be taken over.
  if loaded=$(nft -t list table "$family" {0} 2>/dev/null) && ! printf '%s\n' "$loaded" | grep -q 'comment "{1}"$'; then
    echo "apply: table $family {0} has another layout: it is deleted first, and session affinity is forgotten" >&2
    nft delete table "$family" {0}
  fi
done
nft -c -f nftables.nft
nft -f nftables.nft
sh ./conntrack.sh
)sh",
                     table_name, layout_comment);
}

}  // namespace

netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics) {
  netfilter::Artefact out;
  out.files.push_back({"nftables.nft", print(lower(programs, diagnostics)), false});
  out.files.push_back({"conntrack.sh", netfilter::conntrack_script(programs), true});
  out.files.push_back({"apply.sh", apply_script(), true});
  return out;
}

}  // namespace portcullis::nftables

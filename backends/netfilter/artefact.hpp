// What a backend hands over: files by name, to be written into one directory or printed.
#pragma once

#include <string>
#include <vector>

namespace portcullis::netfilter {

struct File {
  std::string name;  // `nftables.nft`, `iptables.rules`, `ip6tables.rules`, `jumps.rules`, `conntrack.sh`, `apply.sh`
  std::string text;
  bool executable = false;
};
struct Artefact {
  std::vector<File> files;  // in the order in which they are applied
};

}  // namespace portcullis::netfilter

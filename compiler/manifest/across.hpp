// Findings that need more than one document: the same object twice in a file, kinds that decide traffic and are not
// modelled, versions that only the profile's Kubernetes serves.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/manifest/document.hpp"

namespace portcullis::manifest {

// Finds objects that one file (or standard input) defines twice. Fed in input order.
class Duplicates {
 public:
  void add(const std::vector<Identity>& identities, const base::SourceMap& sources, base::Diagnostics& diagnostics);
  // A new file begins.
  void reset() { seen_.clear(); }

 private:
  std::unordered_map<std::string, base::SourceSpan> seen_;  // where each was first; only looked up, never listed
};

// What was said of one piece of the input, as it is for a cluster of Kubernetes 1.`minor`: an API version that such a
// cluster serves is not removed (PC1007), but portcullis does not read it (PC1014).
[[nodiscard]] base::Diagnostics as_of_version(unsigned minor, const Part& part);

// One finding for each kind and namespace, at the first such object.
void report_unmodelled(const std::vector<Unmodelled>& objects, base::Diagnostics& diagnostics);

}  // namespace portcullis::manifest

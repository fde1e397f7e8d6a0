// Findings that need more than one document: the same object twice in a file, kinds that decide traffic and are not
// modelled.
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

// One finding for each kind and namespace, at the first such object.
void report_unmodelled(const std::vector<Unmodelled>& objects, base::Diagnostics& diagnostics);

}  // namespace portcullis::manifest

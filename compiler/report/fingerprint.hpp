// The name of a finding that survives edits elsewhere in the file: code, object and field, never the line.
#pragma once

#include <map>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::report {

class Fingerprints {
 public:
  explicit Fingerprints(const base::SourceMap& sources) : sources_(&sources) {}
  // 16 hexadecimal digits, unique in one report: the second of two equal findings is numbered. A finding that tells of
  // nothing but a proof is known by what was to be proved.
  [[nodiscard]] std::string of(const base::Diagnostic& finding, const verdict::Proof* proof = nullptr);

 private:
  const base::SourceMap* sources_;
  std::map<std::string, int> seen_;
};

}  // namespace portcullis::report

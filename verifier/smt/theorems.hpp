// Theorems that were proved before, in a directory. Each is a file of its own: the query as SMT-LIB2 with the status
// `unsat`, so that any solver can judge the whole directory again. Only what is unsatisfiable is kept: a theorem stays
// one, whatever changes around it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portcullis::smt {

class Theorems {
 public:
  // `prover` names who proves, with versions: what another one has proved is asked anew. The directory exists.
  Theorems(std::string directory, std::string prover);

  // The steps that the proof of `script` took; absent if it is not there. Files are found by a digest and compared byte
  // by byte; one that says anything else is as good as none.
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view script) const;
  // A file that cannot be written is a theorem that is asked again.
  void keep(std::string_view script, std::uint64_t steps) const;

 private:
  [[nodiscard]] std::string path(std::string_view script) const;
  std::string directory_, prover_;
};

// The script with its shared terms numbered from 1 in their order: the names that Z3 gives them depend on what was
// asked before.
[[nodiscard]] std::string renumbered(std::string_view script);

}  // namespace portcullis::smt

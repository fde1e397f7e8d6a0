// Where the result of `compile` goes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/findings_output.hpp"

namespace portcullis::driver {

enum class Place { standard_output, file, directory };
struct Destination {
  Place place = Place::standard_output;
  std::string path;
};

struct CompileOutputs {
  Destination result;
  std::vector<FindingsOutput> findings;  // each into a file
};
// Tells `-o out/` from `-o sarif=FILE`. A directory exists as one, ends in `/`, or does not exist and has no dot in its
// last part. Nothing if the options contradict each other, which has been said.
[[nodiscard]] std::optional<CompileOutputs> parse_compile_outputs(const std::vector<std::string>& outputs);

}  // namespace portcullis::driver

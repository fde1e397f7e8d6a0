// The command line: what `main` calls.
#pragma once

#include <exception>
#include <string>

namespace portcullis::driver {

// Runs the command of `argv` and returns the exit status (design of the command line: 0 done, 1 an error finding, 2
// input that could not be read or has no meaning, 64 usage, 70 our own mistake). Throws nothing.
[[nodiscard]] int run(int argc, const char* const* argv);

// What is said of a mistake of ours, on one line. That solver and interpreter disagree has a code of its own (PC6008).
[[nodiscard]] std::string mistake_text(const std::exception& mistake);

}  // namespace portcullis::driver

// One function a command; each returns the exit status.
#pragma once

#include "compiler/driver/command_line.hpp"

namespace portcullis::driver {

[[nodiscard]] int run(const LintCommand& command);
[[nodiscard]] int run(const CheckCommand& command);
[[nodiscard]] int run(const CompileCommand& command);
[[nodiscard]] int run(const ResolveCommand& command);
[[nodiscard]] int run(const TraceCommand& command);
[[nodiscard]] int run(const VerifyCommand& command);
[[nodiscard]] int run(const DiffCommand& command);
[[nodiscard]] int run(const ExplainCommand& command);

}  // namespace portcullis::driver

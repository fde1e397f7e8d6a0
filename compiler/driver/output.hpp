// Where text goes: standard output, files, and what is said on standard error.
#pragma once

#include <string>
#include <string_view>

#include "compiler/driver/command_line.hpp"

namespace portcullis::driver {

// `portcullis: message` on standard error. `message` may hold words of the input: they are made printable.
void complain(std::string_view message);
// The same, and the exit status of a line that makes no sense.
[[nodiscard]] int usage(std::string_view message);

enum class Stream { out, err };
// Whether to colour what goes there: a terminal, no NO_COLOR, not a `dumb` one; --color overrides.
[[nodiscard]] bool coloured(Color color, Stream stream);

// Each is false, with a complaint, if the text could not be written whole.
[[nodiscard]] bool write_stdout(std::string_view text);
// A regular file is replaced atomically; what is none (a device, a pipe) is written to.
[[nodiscard]] bool write_path(const std::string& path, std::string_view text, bool executable = false);
[[nodiscard]] bool make_directory(const std::string& path);

}  // namespace portcullis::driver

// Files, read whole and written atomically.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace portcullis::base {

// The reason why not, as a person reads it (`No such file or directory`), or nothing when it worked.
using FileError = std::optional<std::string>;

// Reads a whole file, or standard input for `-`. More than `limit` bytes is an error.
[[nodiscard]] FileError read_file(const std::string& path, std::string& text, std::size_t limit = std::size_t{1} << 30);

// Writes to a temporary file beside `path`, syncs, renames: a reader sees the old text or the new one, never a part.
// `mode` as in chmod.
[[nodiscard]] FileError write_file(const std::string& path, std::string_view text, unsigned mode = 0644);

}  // namespace portcullis::base

#include "compiler/driver/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/driver/progress.hpp"

namespace portcullis::driver {

namespace {

bool put(std::FILE* stream, std::string_view text, const std::string& name) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (!written) complain(fmt::format("cannot write {}: {}", name, std::generic_category().message(errno)));
  return written;
}

}  // namespace

void complain(std::string_view message) {
  Progress::clear_line();
  fmt::print(stderr, "portcullis: {}\n", base::printable(message));
}

int usage(std::string_view message) {
  complain(message);
  return exit_usage;
}

bool coloured(Color color, Stream stream) {
  switch (color) {
    case Color::always:
      return true;
    case Color::never:
      return false;
    case Color::automatic:
      break;
  }
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;  // no-color.org: present and not empty
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return ::isatty(stream == Stream::out ? STDOUT_FILENO : STDERR_FILENO) == 1;
}

bool write_stdout(std::string_view text) {
  return put(stdout, text, "standard output");
}

bool write_path(const std::string& path, std::string_view text, bool executable) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  // Renaming over a device would replace the device.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
      !std::filesystem::is_directory(status)) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), &std::fclose);
    if (!file) {
      complain(fmt::format("cannot write {}: {}", path, std::generic_category().message(errno)));
      return false;
    }
    return put(file.get(), text, path);
  }
  const base::FileError error = base::write_file(path, text, executable ? 0755U : 0644U);
  if (error) complain(fmt::format("cannot write {}: {}", path, *error));
  return !error;
}

bool make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  // An existing directory is no error, a file in its place is.
  if (!error && !std::filesystem::is_directory(path)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) complain(fmt::format("cannot make directory {}: {}", path, error.message()));
  return !error;
}

}  // namespace portcullis::driver

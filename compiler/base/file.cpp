#include "compiler/base/file.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace portcullis::base {

namespace {

std::string errno_text() {
  return std::generic_category().message(errno);
}

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

FileError write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno_text();
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

FileError read_file(const std::string& path, std::string& text, std::size_t limit) {
  const Descriptor file(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno_text();
  struct stat status{};
  if (::fstat(file.get(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return "Is a directory";
    if (S_ISREG(status.st_mode)) {
      if (static_cast<std::size_t>(status.st_size) > limit) return fmt::format("larger than {} bytes", limit);
      text.reserve(static_cast<std::size_t>(status.st_size) + 1);
    }
  }
  text.clear();
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n == 0) return {};
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno_text();
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) return fmt::format("larger than {} bytes", limit);
  }
}

FileError write_file(const std::string& path, std::string_view text, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return errno_text();
  FileError error;
  {
    const Descriptor file(fd);
    error = write_all(fd, text);
    if (!error && ::fchmod(fd, mode) != 0) error = errno_text();
    if (!error && ::fsync(fd) != 0) error = errno_text();
  }
  if (!error && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno_text();
  if (error) ::unlink(temporary.c_str());
  return error;
}

}  // namespace portcullis::base

#include "backends/ebpf/loader/pins.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/object.hpp"

namespace portcullis::ebpf::loader {

namespace {

namespace fs = std::filesystem;

std::string parent_of(const std::string& root) {
  return fs::path(root).parent_path().string();
}

void check_file_system(const std::string& folder) {
  struct statfs about{};
  if (::statfs(folder.c_str(), &about) != 0) {
    if (errno != ENOENT) cannot(fmt::format("look at {}", folder), errno);
    throw CannotDo(fmt::format("there is no {}: mount a BPF file system there (mount -t bpf bpf {})", folder, folder));
  }
  if (about.f_type != BPF_FS_MAGIC)
    throw CannotDo(fmt::format("{} is no BPF file system: mount one there (mount -t bpf bpf {})", folder, folder));
}

void make_one(const std::string& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) cannot(fmt::format("make {}", folder), error.value());
}

void remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) cannot(fmt::format("remove {}", path), error.value());
}

}  // namespace

// Without a slash at its end the path has the folder above it as its parent.
Pins::Pins(const std::string& root) : root_(fs::absolute(root).lexically_normal().string()) {
  while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

bool Pins::exist() const {
  std::error_code ignored;
  return fs::is_directory(root_, ignored);
}

void Pins::make() const {
  check_file_system(parent_of(root_));
  make_one(root_);
}

void Pins::make_folder(std::string_view below) const {
  make_one(path(below));
}

std::vector<std::string> Pins::list(std::string_view below) const {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(path(below), error), end; !error && it != end; it.increment(error))
    out.push_back(it->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory)
    cannot(fmt::format("list {}", path(below)), error.value());
  std::ranges::sort(out);
  return out;
}

void Pins::remove(std::string_view below) const {
  remove_tree(path(below));
}

void Pins::remove_root() const {
  std::error_code error;
  fs::remove(root_, error);
  if (error) cannot(fmt::format("remove {}", root_), error.value());
}

// On the folder above the pins: it outlives them, and a lock needs no file.
Lock::Lock(const Pins& pins) : folder_() {
  listen_to_libbpf();
  const std::string parent = parent_of(pins.root());
  check_file_system(parent);
  folder_ = Fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_.open()) cannot(fmt::format("open {}", parent), errno);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (::flock(folder_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) cannot(fmt::format("lock {}", parent), errno);
    if (std::chrono::steady_clock::now() > deadline)
      throw CannotDo("another portcullis has been at work on this node for half a minute: wait for it, or end it");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace portcullis::ebpf::loader

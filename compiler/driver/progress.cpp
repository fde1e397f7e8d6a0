#include "compiler/driver/progress.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace portcullis::driver {

namespace {

// Standard error is one for the whole process, and so is the line on it.
std::atomic<bool> line_shown = false;

}  // namespace

Progress::~Progress() {
  done();
}

void Progress::stage(std::string name) {
  const std::scoped_lock lock(mutex_);
  stage_ = std::move(name);
  changed_.notify_all();
  if (!thread_.joinable() && !finished_ && ::isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

void Progress::done() {
  {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Progress::clear_line() {
  if (!line_shown.exchange(false)) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, std::chrono::seconds(1), [&] { return finished_; })) return;
  while (!finished_) {
    line_shown = true;
    fmt::print(stderr, "\r\x1b[Kportcullis: {} …", stage_);
    std::fflush(stderr);
    changed_.wait(lock);
  }
  clear_line();
}

}  // namespace portcullis::driver

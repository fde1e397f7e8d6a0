// What portcullis is doing, for somebody who waits: one line on standard error that is rewritten and then removed.
// Nothing unless standard error is a terminal and more than a second has passed.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace portcullis::driver {

class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // A new stage. The first one starts the clock.
  void stage(std::string name);
  // Removes the line, for good: before results are printed.
  void done();
  // Removes the line that is shown, if any, until the next stage: for whoever complains in between.
  static void clear_line();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string stage_;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace portcullis::driver

// A directory for one test, entered and removed again, and commands run in it.
#pragma once

#include <string>
#include <vector>

namespace portcullis::driver {

struct Run {
  int status = -1;
  std::string out;  // standard output
  std::string err;  // standard error
};

class Workspace {
 public:
  Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] bool exists(const std::string& name) const;
  // `portcullis ARGUMENTS…` in this process, with both streams caught.
  [[nodiscard]] Run run(const std::vector<std::string>& arguments, const std::string& input = {}) const;

 private:
  std::string path_;
  std::string before_;
};

}  // namespace portcullis::driver

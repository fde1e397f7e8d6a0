#include "tests/unit/driver/workspace.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include "compiler/driver/driver.hpp"

namespace portcullis::driver {

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Puts a file in the place of one of the process' streams for a while.
class Redirection {
 public:
  Redirection(int stream, const fs::path& path, int flags) : stream_(stream), saved_(::dup(stream)) {
    const int file = ::open(path.c_str(), flags, 0600);
    if (file < 0 || saved_ < 0 || ::dup2(file, stream_) < 0) throw std::runtime_error("cannot redirect");
    ::close(file);
  }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;
  ~Redirection() {
    ::dup2(saved_, stream_);
    ::close(saved_);
  }

 private:
  int stream_;
  int saved_;
};

}  // namespace

Workspace::Workspace() : before_(fs::current_path().string()) {
  std::string name = (fs::temp_directory_path() / "portcullis-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory");
  path_ = name;
  fs::create_directory(fs::path(path_) / "work");
  fs::current_path(fs::path(path_) / "work");
}

Workspace::~Workspace() {
  std::error_code ignored;
  fs::current_path(before_, ignored);
  fs::remove_all(path_, ignored);
}

void Workspace::write(const std::string& name, const std::string& text) const {
  const fs::path path(name);
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string Workspace::read(const std::string& name) const {
  return slurp(name);
}

bool Workspace::exists(const std::string& name) const {
  return fs::exists(name);
}

Run Workspace::run(const std::vector<std::string>& arguments, const std::string& input) const {
  std::vector<const char*> argv{"portcullis"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const fs::path in = fs::path(path_) / "in";
  const fs::path out = fs::path(path_) / "out";
  const fs::path err = fs::path(path_) / "err";
  std::ofstream(in, std::ios::binary) << input;
  Run result;
  std::fflush(nullptr);
  {
    const Redirection from(STDIN_FILENO, in, O_RDONLY);
    const Redirection to(STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC);
    const Redirection errors(STDERR_FILENO, err, O_WRONLY | O_CREAT | O_TRUNC);
    result.status = driver::run(static_cast<int>(argv.size()), argv.data());
    std::fflush(nullptr);
  }
  result.out = slurp(out);
  result.err = slurp(err);
  return result;
}

}  // namespace portcullis::driver

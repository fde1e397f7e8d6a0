#include "tests/kernel/process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/text.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/fd.hpp"

namespace portcullis::kernel {
namespace {

struct Pipe {
  Fd read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

// Reads what is there; closes at the end of the stream.
void pump_out(Fd& from, std::string& to) {
  std::array<char, 1 << 16> buffer{};
  const auto n = ::read(from.get(), buffer.data(), buffer.size());
  if (n > 0) to.append(buffer.data(), static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) from.reset();
}

void pump_in(Fd& to, std::string_view& rest) {
  const auto n = rest.empty() ? 0 : ::write(to.get(), rest.data(), rest.size());
  if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  // A child that has had enough closes its end (EPIPE): its own exit status says why.
  if (rest.empty() || (n < 0 && errno != EINTR && errno != EAGAIN)) to.reset();
}

void exchange(Fd& in, Fd& out, Fd& err, std::string_view input, Ran& ran, pid_t child, int seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (in.open() || out.open() || err.open()) {
    // poll() passes over descriptors of -1.
    std::array<pollfd, 3> fds{{{in.get(), POLLOUT, 0}, {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(fds.data(), fds.size(), static_cast<int>(left.count())) == 0) {
      ::kill(child, SIGKILL);
      return;
    }
    if (fds[0].revents != 0) pump_in(in, input);
    if (fds[1].revents != 0) pump_out(out, ran.out);
    if (fds[2].revents != 0) pump_out(err, ran.err);
  }
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  void connect(const Fd& fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd.get(), as); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Ran run(const std::vector<std::string>& words, std::string_view input, int seconds) {
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  FileActions actions;
  actions.connect(in.read, STDIN_FILENO);
  actions.connect(out.write, STDOUT_FILENO);
  actions.connect(err.write, STDERR_FILENO);
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (auto& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  Ran ran;
  const int error = ::posix_spawnp(&child, argv[0], actions.get(), nullptr, argv.data(), environ);
  if (error != 0) {
    ran.status = 127;
    ran.err = words.front() + " can't be started";
    return ran;
  }
  in.read.reset();
  out.write.reset();
  err.write.reset();
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  exchange(in.write, out.read, err.read, input, ran, child, seconds);
  ::sigaction(SIGPIPE, &before, nullptr);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

std::string run_or_fail(const std::vector<std::string>& words, std::string_view input, int seconds) {
  auto ran = run(words, input, seconds);
  if (ran.ok()) return std::move(ran.out);
  std::string command;
  for (const auto& word : words) command += (command.empty() ? "" : " ") + word;
  throw Failure(command + " ended with " + std::to_string(ran.status) + ": " + std::string(base::trim(ran.err)));
}

bool has_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path;
  for (const auto folder : base::split(folders, ':'))
    if (::access((std::string(folder) + "/" + std::string(name)).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace portcullis::kernel

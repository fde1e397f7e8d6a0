#include "backends/ebpf/loader/tool.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/fd.hpp"

namespace portcullis::ebpf::loader {

namespace {

std::string read_all(int fd) {
  std::string out;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t length = ::read(fd, buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) cannot("wait for a tool", errno);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ToolResult run_tool(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) cannot("make a pipe", errno);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  std::vector<std::string> copy = words;
  std::vector<char*> arguments;
  for (std::string& word : copy) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, to.get(), STDERR_FILENO);
  pid_t child = 0;
  int error = ::posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  // Tools of an administrator are not on the path of cron and udev.
  if (error == ENOENT)
    error = ::posix_spawn(&child, ("/usr/sbin/" + words.front()).c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return {127, "there is no program " + words.front()};
  to = Fd();
  ToolResult result;
  result.output = read_all(from.get());
  result.status = wait_for(child);
  return result;
}

}  // namespace portcullis::ebpf::loader

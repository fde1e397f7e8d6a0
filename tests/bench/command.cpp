#include "tests/bench/command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/error.hpp"

namespace portcullis::bench {

namespace {

pid_t start(const std::vector<std::string>& command, const std::string& input) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int in = ::open(input.empty() ? "/dev/null" : input.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (in >= 0) ::dup2(in, STDIN_FILENO);
  if (out >= 0) ::dup2(out, STDOUT_FILENO);
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  ::_exit(127);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

Cost timed(const std::vector<std::string>& command, const std::string& input) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = start(command, input);
  int status = 0;
  struct rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) < 0) throw base::InternalError("cannot run " + command.front());
  Cost cost;
  cost.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  cost.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  cost.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  cost.megabytes = static_cast<double>(usage.ru_maxrss) / 1024;
  return cost;
}

void empty_namespace() {
  for (const char* clear :
       {"nft flush ruleset", "iptables-legacy -t nat -F; iptables-legacy -t filter -F; iptables-legacy -t mangle -F"}) {
    static_cast<void>(timed({"sh", "-c", std::string(clear) + " 2>/dev/null"}, {}));
  }
}

}  // namespace

Cost run(const std::vector<std::string>& command, const std::string& input, bool in_namespace) {
  ::malloc_trim(0);  // a child's peak begins with what it has of ours before it becomes the command
  if (!in_namespace) return timed(command, input);
  void* shared = ::mmap(nullptr, sizeof(Cost), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw base::InternalError("no shared memory");
  auto* cost = new (shared) Cost;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNET) == 0) {
      *cost = timed(command, input);
      empty_namespace();
    }
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const Cost result = *cost;
  ::munmap(shared, sizeof(Cost));
  return result;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace portcullis::bench

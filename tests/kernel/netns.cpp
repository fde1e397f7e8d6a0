#include "tests/kernel/netns.hpp"

#include <cstring>
#include <exception>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {
namespace {

Fd current_netns() {
  Fd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd.open()) fail_with_errno("open the thread's network namespace");
  return fd;
}

void raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  if (!socket.open() || ::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) fail_with_errno("bring lo up");
}

}  // namespace

Inside::Inside(const Fd& netns) : before_(current_netns()) {
  if (::setns(netns.get(), CLONE_NEWNET) != 0) fail_with_errno("enter a network namespace");
}

// A thread that can't return would run other tests in the wrong namespace, possibly the machine's own packets with our
// rules: stop.
Inside::~Inside() {
  if (::setns(before_.get(), CLONE_NEWNET) != 0) std::terminate();
}

Fd make_netns() {
  const Fd before = current_netns();
  if (::unshare(CLONE_NEWNET) != 0) fail_with_errno("make a network namespace");
  Fd made;
  try {
    made = current_netns();
    raise_loopback();
  } catch (const Failure&) {
    if (::setns(before.get(), CLONE_NEWNET) != 0) std::terminate();
    throw;
  }
  if (::setns(before.get(), CLONE_NEWNET) != 0) std::terminate();
  return made;
}

bool try_sysctl(std::string_view name, std::string_view value) {
  const Fd file(::open(("/proc/sys/net/" + std::string(name)).c_str(), O_WRONLY | O_CLOEXEC));
  return file.open() && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

void set_sysctl(std::string_view name, std::string_view value) {
  if (!try_sysctl(name, value)) fail_with_errno("write sysctl net/" + std::string(name));
}

}  // namespace portcullis::kernel

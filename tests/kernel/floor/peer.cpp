// Both ends of a connection, in one program without libraries: a server that says who it is and whom it sees, and
// clients that say what became of their call.
//
//   peer serve NAME PORT              answers TCP and UDP of both families with `NAME ADDRESS`, then echoes
//   peer call tcp|udp ADDRESS PORT    prints the answer, or `refused`, or `nothing`, or the error
//   peer hold ADDRESS PORT            sends each line of its input over one connection and prints what comes back
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int patience = 5000;  // milliseconds: a refused SYN may be answered at its repetition only, after a second

struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr_in6& as_ipv6() const { return reinterpret_cast<const sockaddr_in6&>(storage); }
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "peer: " << what << ": " << std::strerror(errno) << "\n";
  std::exit(1);
}

Address address_of(const std::string& text, const std::string& port) {
  const auto number = htons(static_cast<std::uint16_t>(std::stoi(port)));
  Address out;
  if (text.find(':') == std::string::npos) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = number;
    if (::inet_pton(AF_INET, text.c_str(), &ipv4.sin_addr) != 1) fail("no address: " + text);
    out.length = sizeof ipv4;
    std::memcpy(&out.storage, &ipv4, sizeof ipv4);
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = number;
    if (::inet_pton(AF_INET6, text.c_str(), &ipv6.sin6_addr) != 1) fail("no address: " + text);
    out.length = sizeof ipv6;
    std::memcpy(&out.storage, &ipv6, sizeof ipv6);
  }
  return out;
}

// As the servers see it: their sockets are of both families.
std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(AF_INET6, &address.as_ipv6().sin6_addr, buffer.data(), buffer.size());
  const std::string_view text = buffer.data(), mapped = "::ffff:";
  return std::string(text.starts_with(mapped) ? text.substr(mapped.size()) : text);
}

int make_socket(int family, int type) {
  const int fd = ::socket(family, type, 0);
  if (fd < 0) fail("socket");
  return fd;
}

bool wait_for(int fd, short what) {
  pollfd polled{fd, what, 0};
  return ::poll(&polled, 1, patience) == 1;
}

// ---- serve

struct Served {
  int fd;
  enum class Kind : std::uint8_t { listener, datagrams, connection } kind;
  bool greeted;
};

void answer_datagram(int fd, const std::string& name) {
  std::array<char, 2048> buffer{};
  Address client;
  if (::recvfrom(fd, buffer.data(), buffer.size(), 0, client.get(), &client.length) < 0) return;
  const std::string answer = name + " " + text_of(client) + "\n";
  ::sendto(fd, answer.data(), answer.size(), 0, client.get(), client.length);
}

// False where the client has gone.
bool answer_stream(Served& served, const std::string& name) {
  std::array<char, 2048> buffer{};
  const auto n = ::recv(served.fd, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  std::string answer(buffer.data(), static_cast<std::size_t>(n));
  if (!std::exchange(served.greeted, true)) {
    Address client;
    if (::getpeername(served.fd, client.get(), &client.length) != 0) return false;
    answer = name + " " + text_of(client) + "\n";
  }
  return ::send(served.fd, answer.data(), answer.size(), MSG_NOSIGNAL) >= 0;
}

[[noreturn]] void serve(const std::string& name, const std::string& port) {
  std::vector<Served> all;
  for (const bool stream : {true, false}) {
    const int fd = make_socket(AF_INET6, stream ? SOCK_STREAM : SOCK_DGRAM), off = 0;
    if (::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) fail("both families");
    Address here = address_of("::", port);
    if (::bind(fd, here.get(), here.length) != 0 || (stream && ::listen(fd, 64) != 0)) fail("serve at " + port);
    all.push_back({fd, stream ? Served::Kind::listener : Served::Kind::datagrams, false});
  }
  for (;;) {
    std::vector<pollfd> polled;
    for (const Served& served : all) polled.push_back({served.fd, POLLIN, 0});
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      if (all[i].kind == Served::Kind::datagrams) {
        answer_datagram(all[i].fd, name);
      } else if (all[i].kind == Served::Kind::listener) {
        const int fd = ::accept(all[i].fd, nullptr, nullptr);
        if (fd >= 0) all.push_back({fd, Served::Kind::connection, false});
      } else if (!answer_stream(all[i], name)) {
        ::close(std::exchange(all[i].fd, -1));
      }
    }
    std::erase_if(all, [](const Served& served) { return served.fd < 0; });
  }
}

// ---- call and hold

// What a call comes to where no answer does.
std::string name_of_error(int error) {
  if (error == ECONNREFUSED) return "refused";
  if (error == ETIMEDOUT || error == EINPROGRESS || error == EAGAIN) return "nothing";
  return std::strerror(error);
}

int error_of(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// What a rule does with a datagram of this machine, sending it calls `not permitted`; the refusal comes behind.
int reason(int fd, int error) {
  if (error != EPERM || !wait_for(fd, POLLIN)) return error;
  const int behind = error_of(fd);
  return behind == 0 ? error : behind;
}

// Connects in time, or ends the program with the error's name.
int connect_to(Address to, int type) {
  const int fd = make_socket(to.storage.ss_family, type | SOCK_NONBLOCK);
  int error = ::connect(fd, to.get(), to.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS && wait_for(fd, POLLOUT)) error = error_of(fd);
  if (error == 0) return fd;
  std::cout << name_of_error(error) << "\n";
  std::exit(0);
}

std::string ask(int fd, const std::string& question) {
  if (::send(fd, question.data(), question.size(), MSG_NOSIGNAL) < 0) return name_of_error(reason(fd, errno)) + "\n";
  if (!wait_for(fd, POLLIN)) return "nothing\n";
  std::array<char, 2048> buffer{};
  const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n < 0) return name_of_error(errno) + "\n";
  return n == 0 ? "closed\n" : std::string(buffer.data(), static_cast<std::size_t>(n));
}

void hold(Address to) {
  const int fd = connect_to(to, SOCK_STREAM);
  for (std::string line; std::getline(std::cin, line);) std::cout << ask(fd, line + "\n") << std::flush;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> all(words + 1, words + count);
  if (all.size() == 3 && all[0] == "serve") serve(all[1], all[2]);
  if (all.size() == 4 && all[0] == "call") {
    const int fd = connect_to(address_of(all[2], all[3]), all[1] == "udp" ? SOCK_DGRAM : SOCK_STREAM);
    std::cout << ask(fd, "who\n");
    return 0;
  }
  if (all.size() == 3 && all[0] == "hold") {
    hold(address_of(all[1], all[2]));
    return 0;
  }
  std::cerr << "peer serve NAME PORT | call tcp|udp ADDRESS PORT | hold ADDRESS PORT\n";
  return 64;
}

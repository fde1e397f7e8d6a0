#include "tests/haproxy/upstreams.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "compiler/base/text.hpp"
#include "tests/haproxy/tls.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"

namespace portcullis::proxied {

namespace {

kernel::Fd listener(std::uint16_t port) {
  kernel::Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  const int no = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 4096) != 0)
    kernel::fail_with_errno("listen as an upstream");
  return fd;
}

// The address that the client connected to.
std::pair<net::Address, std::uint16_t> local(int socket) {
  sockaddr_in6 name{};
  socklen_t size = sizeof name;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size);
  std::array<std::uint8_t, 16> bytes{};
  std::copy(std::begin(name.sin6_addr.s6_addr), std::end(name.sin6_addr.s6_addr), bytes.begin());
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&name.sin6_addr);
  std::uint32_t last = 0;
  for (std::size_t i = 12; i < 16; ++i) last = last << 8U | bytes[i];
  const net::Address address = mapped ? net::Address::v4(last) : net::Address::v6(bytes);
  return {address, ntohs(name.sin6_port)};
}

std::string_view header(std::string_view head, std::string_view name) {
  for (const std::string_view line : base::split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != name.size()) continue;
    const bool same =
        std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) { return (a | 32) == (b | 32); });
    if (same) return base::trim(line.substr(colon + 1));
  }
  return {};
}

}  // namespace

Upstreams::Upstreams(const kernel::Fd& netns, const std::set<std::uint16_t>& ports) : tls_(server_context()) {
  const kernel::Inside inside(netns);
  for (const std::uint16_t port : ports) listeners_.push_back(listener(port));
  acceptor_ = std::thread([this] { accept_all(); });
}

Upstreams::~Upstreams() {
  done_ = true;
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  while (running_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  SSL_CTX_free(tls_);
}

void Upstreams::accept_all() {
  std::vector<pollfd> waiting;
  for (const kernel::Fd& fd : listeners_) waiting.push_back({fd.get(), POLLIN, 0});
  while (!done_) {
    if (::poll(waiting.data(), waiting.size(), 20) <= 0) continue;
    for (const pollfd& one : waiting) {
      if ((one.revents & POLLIN) == 0) continue;
      const int socket = ::accept4(one.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      const std::lock_guard lock(mutex_);
      open_.insert(socket);
      ++running_;
      std::thread([this, socket] {
        serve(socket);
        --running_;
      }).detach();
    }
  }
}

void Upstreams::serve(int socket) {
  Wire wire(socket);
  char first = 0;
  const bool speaks = ::recv(socket, &first, 1, MSG_PEEK) == 1;  // a health check says nothing
  const bool tls = speaks && first == 0x16;
  if (speaks && (!tls || wire.accept_tls(tls_))) {
    while (true) {
      const std::string head = wire.read_head();
      if (head.empty()) break;
      std::size_t body = 0;
      const std::string_view length = header(head, "content-length");
      std::from_chars(length.data(), length.data() + length.size(), body);
      if (!wire.skip(body)) break;
      const std::string_view line = std::string_view(head).substr(0, head.find('\r'));
      const std::vector<std::string_view> words = base::split(line, ' ');
      Seen seen;
      std::tie(seen.address, seen.port) = local(socket);
      seen.tls = tls;
      if (words.size() == 3) {
        seen.method = words[0];
        seen.target = words[1];
      }
      seen.host = header(head, "host");
      const std::string text = seen.text();
      const bool silent = seen.method == "HEAD";
      if (!wire.write(fmt::format("HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: {}\r\n\r\n{}", text.size(),
                                  silent ? "" : text)))
        break;
    }
  }
  const std::lock_guard lock(mutex_);
  open_.erase(socket);
}

std::string Seen::text() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", address.text(), port, tls ? "https" : "http", method, target, host);
}

Seen Seen::read(const std::string& text) {
  const std::vector<std::string_view> lines = base::split(text, '\n');
  if (lines.size() != 7) throw kernel::Failure("no answer of an upstream: " + text);
  Seen out;
  out.address = net::Address::parse(lines[0]).value();
  std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), out.port);
  out.tls = lines[2] == "https";
  out.method = lines[3];
  out.target = lines[4];
  out.host = lines[5];
  return out;
}

}  // namespace portcullis::proxied

#include "tests/kernel/link.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/socket_address.hpp"

namespace portcullis::kernel {
namespace {

ifreq request_for(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) throw Failure("an interface can't be named `" + name + "`");
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  return request;
}

// ioctl on an interface by name, through any socket of the namespace.
void configure(const Fd& socket, unsigned long what, ifreq& request, const char* doing) {
  if (::ioctl(socket.get(), what, &request) != 0) fail_with_errno(std::string(doing) + " " + request.ifr_name);
}

Fd raw_socket(int family, int type, int protocol, const char* what) {
  Fd fd(::socket(family, type | SOCK_CLOEXEC, protocol));
  if (!fd.open()) fail_with_errno(what);
  return fd;
}

// A batch waits in lo's queue or in a TUN's: the default of 212,992 bytes holds some 250 small packets.
void enlarge(const Fd& fd) {
  const int bytes = 16 << 20;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    fail_with_errno("enlarge a send buffer");
}

constexpr std::uint8_t experimental_protocol = 253;  // RFC 3692
// 20 bytes of IPv4 header, then the number.
using Marker = std::array<std::uint8_t, 24>;

Marker marker_packet(std::uint32_t number) {
  Marker bytes{0x45, 0, 0, sizeof(Marker), 0, 1, 0x40, 0, 1, experimental_protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1};
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  bytes[10] = static_cast<std::uint8_t>(~sum >> 8);
  bytes[11] = static_cast<std::uint8_t>(~sum);
  for (std::size_t i = 0; i < 4; ++i) bytes[20 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return bytes;
}

}  // namespace

Tun::Tun(const std::string& name) : name_(name), device_(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)) {
  if (!device_.open()) fail_with_errno("open /dev/net/tun");
  auto request = request_for(name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  configure(device_, TUNSETIFF, request, "make the TUN device");
  // A device that outlives its descriptor is taken down with the namespace, in the background. Otherwise closing it
  // would take 40 ms.
  if (::ioctl(device_.get(), TUNSETPERSIST, 1) != 0) fail_with_errno("leave the TUN device to its namespace");
  const Fd socket = raw_socket(AF_INET, SOCK_DGRAM, 0, "socket");
  // Nobody reads what leaves: it has been observed before. A queue of one packet keeps it from piling up.
  request = request_for(name);
  request.ifr_qlen = 1;
  configure(socket, SIOCSIFTXQLEN, request, "shorten the queue of");
  request = request_for(name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  configure(socket, SIOCSIFFLAGS, request, "bring up");
}

void Tun::send(std::span<const std::uint8_t> packet) const {
  if (::write(device_.get(), packet.data(), packet.size()) != static_cast<ssize_t>(packet.size()))
    fail_with_errno("write a packet to " + name_);
}

void Tun::receive(const std::function<void(std::span<const std::uint8_t>)>& see) const {
  std::array<std::uint8_t, 2048> bytes{};
  for (;;) {
    const auto n = ::read(device_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail_with_errno("read a packet from " + name_);
    see(std::span(bytes).first(static_cast<std::size_t>(n)));
  }
}

SocketSender::Outcome SocketSender::send(const net::Packet& packet, std::span<const std::uint8_t> payload) {
  const bool v4 = packet.family() == net::Family::ipv4, tcp = packet.protocol == net::Protocol::tcp;
  Fd socket(::socket(v4 ? AF_INET : AF_INET6, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.open()) fail_with_errno("socket");
  const int on = 1;
  if (::setsockopt(socket.get(), v4 ? SOL_IP : SOL_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND, &on, sizeof on) != 0 ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    fail_with_errno("set an option of a socket");
  const auto from = socket_address(packet.src, packet.sport), to = socket_address(packet.dst, packet.dport);
  if (::bind(socket.get(), from.get(), from.length) != 0) fail_with_errno("bind to " + packet.src.text());
  const bool sent = tcp ? ::connect(socket.get(), to.get(), to.length) == 0
                        : ::sendto(socket.get(), payload.data(), payload.size(), 0, to.get(), to.length) >= 0;
  const int error = sent ? 0 : errno;
  open_.push_back(std::move(socket));
  if (sent || error == EINPROGRESS) return Outcome::sent;
  return error == ECONNREFUSED ? Outcome::refused : Outcome::failed;
}

NodeSender::NodeSender()
    : v4_(raw_socket(AF_INET, SOCK_RAW, IPPROTO_RAW, "raw IPv4 socket")),
      v6_(raw_socket(AF_INET6, SOCK_RAW, IPPROTO_RAW, "raw IPv6 socket")) {
  enlarge(v4_);
  enlarge(v6_);
}

void NodeSender::send(std::span<const std::uint8_t> packet, const net::Address& to) const {
  const auto address = socket_address(to, 0);
  const auto& socket = to.family() == net::Family::ipv4 ? v4_ : v6_;
  if (::sendto(socket.get(), packet.data(), packet.size(), 0, address.get(), address.length) >= 0) return;
  // A rule of OUTPUT that drops or rejects answers EPERM at once, and EINVAL one that translates what came from
  // loopback to where loopback may not go (ip_route_me_harder): fates, not failures.
  if (errno != EPERM && (errno != EINVAL || !to.is_loopback())) fail_with_errno("send from the node to " + to.text());
}

LoopbackMarker::LoopbackMarker() : socket_(raw_socket(AF_PACKET, SOCK_DGRAM, 0, "packet socket")) {
  loopback_ = static_cast<int>(::if_nametoindex("lo"));
  if (loopback_ == 0) fail_with_errno("find lo");
}

void LoopbackMarker::send(std::uint32_t number) const {
  const auto bytes = marker_packet(number);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IP);
  address.sll_ifindex = loopback_;
  if (::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) < 0)
    fail_with_errno("send a marker");
}

bool LoopbackMarker::is_marker(std::span<const std::uint8_t> packet, std::uint32_t& number) {
  if (packet.size() != sizeof(Marker) || packet[0] != 0x45 || packet[9] != experimental_protocol) return false;
  number = 0;
  for (std::size_t i = 20; i < 24; ++i) number = number << 8 | packet[i];
  return true;
}

}  // namespace portcullis::kernel

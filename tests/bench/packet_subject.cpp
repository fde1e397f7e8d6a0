#include "tests/bench/packet_subject.hpp"

#include <array>
#include <ctime>
#include <random>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/error.hpp"
#include "tests/bench/command.hpp"

namespace portcullis::bench {

namespace {

constexpr std::size_t packets_per_round = 2000;
constexpr std::uint32_t first_source = 0x0A000002;  // 10.0.0.2
constexpr std::uint32_t flows_per_source = 60000;

// A packet as the raw socket takes it; the kernel fills in the IP checksum, and nobody looks at TCP's.
struct Syn {
  iphdr ip{};
  tcphdr tcp{};
};

Syn syn(std::uint32_t flow, std::uint32_t destination) {
  Syn s;
  s.ip.version = 4;
  s.ip.ihl = 5;
  s.ip.ttl = 64;
  s.ip.protocol = IPPROTO_TCP;
  s.ip.tot_len = htons(sizeof(Syn));
  s.ip.saddr = htonl(first_source + flow / flows_per_source);
  s.ip.daddr = htonl(destination);
  s.tcp.source = htons(static_cast<std::uint16_t>(1024 + flow % flows_per_source));
  s.tcp.dest = htons(80);
  s.tcp.doff = 5;
  s.tcp.syn = 1;
  s.tcp.window = htons(1024);
  return s;
}

// Of this thread alone: a packet's whole way through the kernel is walked in the call that sends it, and what other
// processes do at the time is not counted.
double own_nanoseconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

class Sender {
 public:
  explicit Sender(const std::vector<std::uint32_t>& destinations)
      : socket_(::socket(AF_INET, SOCK_RAW, IPPROTO_RAW)), destinations_(destinations) {}
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() { ::close(socket_); }

  // Nanoseconds a packet; each goes to a destination drawn at random.
  double round() {
    std::vector<Syn> batch;
    batch.reserve(packets_per_round);
    for (std::size_t i = 0; i < packets_per_round; ++i)
      batch.push_back(syn(flow_++, destinations_[random_() % destinations_.size()]));
    const double begin = own_nanoseconds();
    for (const Syn& s : batch) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr.s_addr = s.ip.daddr;
      static_cast<void>(::sendto(socket_, &s, sizeof s, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
    }
    return (own_nanoseconds() - begin) / packets_per_round;
  }

 private:
  int socket_;
  const std::vector<std::uint32_t>& destinations_;
  std::mt19937 random_{1};
  std::uint32_t flow_ = 0;
};

bool shell(const std::string& line) {
  return run({"sh", "-c", line}).status == 0;
}

// In the child: a round whenever a byte comes, until the other side is closed.
void serve(int socket, const std::string& load, const std::vector<std::uint32_t>& destinations) {
  if (::unshare(CLONE_NEWNET) != 0) return;
  if (!shell("ip link set lo up && ip tuntap add dev out mode tun && ip addr add 10.0.0.1/8 dev out && "
             "ip link set out up && ip route add default dev out"))
    return;
  if (!load.empty() && !shell(load)) return;
  Sender sender(destinations);
  char command = 0;
  do {
    const double value = sender.round();
    if (::write(socket, &value, sizeof value) != sizeof value) return;
  } while (::read(socket, &command, 1) == 1);
}

}  // namespace

PacketSubject::PacketSubject(std::string name, const std::string& load, const std::vector<std::uint32_t>& destinations)
    : name_(std::move(name)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw base::InternalError("no pair of sockets");
  child_ = ::fork();
  if (child_ == 0) {
    ::close(ends[0]);
    serve(ends[1], load, destinations);
    ::_exit(0);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  static_cast<void>(answer());
}

// Children that were started later hold copies of this end, so that closing it alone would tell the child nothing.
PacketSubject::~PacketSubject() {
  ::shutdown(socket_, SHUT_RDWR);
  ::close(socket_);
  ::waitpid(child_, nullptr, 0);
}

void PacketSubject::round() {
  const char go = 'g';
  if (::write(socket_, &go, 1) != 1) throw base::InternalError(name_ + ": is gone");
  nanoseconds_.push_back(answer());
}

double PacketSubject::answer() const {
  double value = 0;
  if (::read(socket_, &value, sizeof value) != sizeof value) throw base::InternalError(name_ + ": no answer");
  return value;
}

}  // namespace portcullis::bench

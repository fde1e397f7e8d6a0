#include "tests/kernel/harness.hpp"

#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include "compiler/base/error.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/link.hpp"
#include "tests/kernel/netlink.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/probe.hpp"
#include "tests/kernel/process.hpp"
#include "tests/kernel/rules.hpp"
#include "tests/kernel/setup.hpp"
#include "tests/kernel/wire.hpp"

namespace portcullis::kernel {
namespace {

// Packets between two markers: enough to make markers cheap, few enough for every queue on the way.
constexpr std::size_t batch_size = 256;
// Source ports of new flows, each used once until connection tracking is made to forget.
constexpr std::uint16_t first_port = 1024, last_port = 65535;

// Packets queued on lo are handled in order only as long as they are queued on one processor.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
    if (::sched_setaffinity(0, sizeof one, &one) != 0) fail_with_errno("stay on one processor");
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

// One packet on its way.
struct Trial {
  const net::Packet* packet = nullptr;
  std::size_t observation = 0;
  bool delivered = false, left = false, refused = false, met_postrouting = false;
  Seen last{};
};

void note(Trial& trial, const Seen& seen, const Logged& logged, int loopback) {
  if (seen.refusal) {
    trial.refused = true;
    return;
  }
  trial.last = seen;
  switch (logged.hook) {
    case Hook::input:
      trial.delivered = true;
      return;
    case Hook::postrouting:
      trial.met_postrouting = true;
      if (logged.out != loopback) trial.left = true;
      return;
    case Hook::prerouting:
      return;
  }
}

void conclude(const Trial& trial, std::uint16_t sport, Observation& observation) {
  if (!trial.delivered && !trial.left) {
    ++(trial.refused ? observation.refused : observation.dropped);
    return;
  }
  auto source = SourceFate::hidden;
  if (trial.met_postrouting) {
    const bool same = trial.last.src == trial.packet->src && trial.last.sport == sport;
    source = same ? SourceFate::kept : SourceFate::replaced;
  }
  ++observation.arrived[{trial.last.dst, trial.last.dport, source}];
}

// Masquerading to an address that the packet has already shows in the port alone, and once in 2^16 the random port is
// the old one. Seen beside others that were replaced, such a packet is one of them.
void merge_lookalikes(const net::Packet& packet, Observation& observation) {
  for (auto it = observation.arrived.begin(); it != observation.arrived.end();) {
    auto replaced = it->first;
    replaced.source = SourceFate::replaced;
    const auto other = observation.arrived.find(replaced);
    const bool lookalike =
        it->first.source == SourceFate::kept && it->first.address == packet.src && other != observation.arrived.end();
    if (!lookalike) {
      ++it;
      continue;
    }
    other->second += it->second;
    it = observation.arrived.erase(it);
  }
}

}  // namespace

std::string_view to_string(IptablesVariant variant) {
  switch (variant) {
    case IptablesVariant::legacy:
      return "iptables-legacy";
    case IptablesVariant::nft:
      return "iptables-nft";
  }
  throw base::InternalError("unknown iptables variant");
}

std::string_view to_string(SourceFate source) {
  switch (source) {
    case SourceFate::kept:
      return "source kept";
    case SourceFate::replaced:
      return "masqueraded";
    case SourceFate::hidden:
      return "delivered here";
  }
  throw base::InternalError("unknown source fate");
}

std::string Observation::text() const {
  std::string text;
  const auto add = [&text](unsigned count, std::string_view what) {
    if (count != 0) text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", count, what);
  };
  for (const auto& [to, count] : arrived)
    add(count, fmt::format("{} {}", net::endpoint_text(to.address, to.port), to_string(to.source)));
  add(refused, "refused");
  add(dropped, "dropped");
  return text.empty() ? "nothing sent" : text;
}

// What a socket sends for the packet: TCP and UDP of processes, unless conntrack is meant to call it invalid.
bool is_for_socket(const net::Packet& packet) {
  return packet.from == net::PacketFrom::node && packet.ct_state == net::ConntrackState::fresh &&
         (packet.protocol == net::Protocol::tcp || packet.protocol == net::Protocol::udp);
}

struct Namespace::State {
  Fd netns;
  bool by_sockets = false;
  SocketSender sockets;
  std::map<std::uint16_t, std::size_t> of_socket;  // which trial of the batch has the source port
  std::function<void(const std::string&)> made;
  std::function<void()> forget;
  int loopback = 0;
  std::string pod_interface;
  std::map<std::string, Tun> tuns;
  std::unique_ptr<Probe> probe;
  std::unique_ptr<NodeSender> node;
  std::unique_ptr<LoopbackMarker> marker;
  Fd conntrack;
  AffinityMemory memory;
  std::uint32_t next_tag = 2;
  std::uint32_t next_marker = 1;
  std::uint16_t next_port = first_port;

  const Tun& tun(const std::string& name) {
    const auto found = tuns.find(name);
    if (found != tuns.end()) return found->second;
    const Inside inside(netns);
    const Tun& tun = tuns.emplace(name, Tun(name)).first->second;
    if (made) made(name);
    return tun;
  }

  void send(const net::Packet& packet, std::uint32_t tag, Trial& trial, std::size_t index) {
    if (by_sockets && is_for_socket(packet)) {
      const Inside inside(netns);
      of_socket[packet.sport] = index;
      trial.refused = sockets.send(packet, tagged_payload(tag)) == SocketSender::Outcome::refused;
      return;
    }
    const auto bytes = first_packet(packet, tag);
    if (packet.from == net::PacketFrom::node) {
      node->send(bytes, packet.dst);
      return;
    }
    const bool by_pod_interface = packet.from == net::PacketFrom::pod && !pod_interface.empty();
    const Tun& cable = tun(!packet.iif.empty() ? packet.iif
                           : by_pod_interface  ? pod_interface
                                               : std::string(uplink_name));
    if (!by_sockets) return cable.send(bytes);
    cable.receive([](std::span<const std::uint8_t>) {});
    cable.send(bytes);
    cable.receive([&](std::span<const std::uint8_t> answer) {
      const auto seen = recognise(answer);
      if (seen && seen->refusal && seen->tag == tag) trial.refused = true;
    });
  }

  // Of a packet that was seen: the trial that it belongs to.
  struct Belongs {
    std::size_t trial = 0;
    Seen seen;
  };
  [[nodiscard]] std::optional<Belongs> belongs(const Logged& logged, std::uint32_t first_tag,
                                               std::size_t trials) const {
    if (!of_socket.empty()) {
      const auto flow = flow_of(logged.packet);
      const auto found = flow ? of_socket.find(flow->sport) : of_socket.end();
      if (found != of_socket.end()) return Belongs{found->second, *flow};
    }
    const auto seen = recognise(logged.packet);
    const std::uint32_t index = seen ? (seen->tag - first_tag) / 2 : UINT32_MAX;
    if (index >= trials) return std::nullopt;
    return Belongs{index, *seen};
  }

  void forget_connections() const {
    NetfilterRequest message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, AF_UNSPEC, 0);
    request(conntrack, message, "forget connections");
  }

  std::uint16_t new_port() {
    if (next_port == last_port) {
      forget_connections();
      next_port = first_port;
    }
    return next_port++;
  }

  void settle(std::vector<Trial>& trials, std::uint32_t first_tag);
};

// A packet of the batch that waits in lo's queue may, when handled, put its refusal behind the first marker; nothing
// comes of a refusal, so what stands before the second marker is all.
void Namespace::State::settle(std::vector<Trial>& trials, std::uint32_t first_tag) {
  for (int round = 0; round < 2; ++round) {
    const auto number = next_marker++;
    marker->send(number);
    probe->read([&](const Logged& logged) {
      std::uint32_t seen_number = 0;
      if (LoopbackMarker::is_marker(logged.packet, seen_number)) return seen_number != number;
      const auto found = belongs(logged, first_tag, trials.size());
      if (found) note(trials[found->trial], found->seen, logged, loopback);
      return true;
    });
  }
}

Namespace::Namespace(const NodeSetup& setup) : state_(std::make_unique<State>()) {
  auto& state = *state_;
  state.netns = make_netns();
  state.by_sockets = setup.by_sockets;
  state.pod_interface = setup.pod_interface;
  if (setup.pod_interface == uplink_name) throw base::InternalError("pods can't arrive through the uplink's name");
  const Inside inside(state.netns);
  set_sysctls(setup);
  state.tuns.emplace(uplink_name, Tun(std::string(uplink_name)));
  if (!setup.pod_interface.empty()) state.tuns.emplace(setup.pod_interface, Tun(setup.pod_interface));
  add_addresses(setup.addresses);
  state.loopback = static_cast<int>(::if_nametoindex("lo"));
  state.probe = std::make_unique<Probe>();
  state.node = std::make_unique<NodeSender>();
  state.marker = std::make_unique<LoopbackMarker>();
  state.conntrack = netfilter_socket();
  Probe::install();
}

Namespace::~Namespace() = default;

void Namespace::load(const Rulesets& rulesets) {
  const Inside inside(state_->netns);
  load_rules(rulesets);
  // A dump may begin with `flush ruleset`.
  Probe::install();
  state_->memory = {};
}

std::vector<Observation> Namespace::observe(std::span<const net::Packet> packets, unsigned repeat) {
  auto& state = *state_;
  const OneProcessor one_processor;
  std::vector<Observation> observations(packets.size());
  std::vector<Trial> trials;
  std::vector<std::uint16_t> ports;
  std::uint32_t first_tag = state.next_tag;
  const auto finish_batch = [&] {
    state.settle(trials, first_tag);
    for (std::size_t i = 0; i < trials.size(); ++i) conclude(trials[i], ports[i], observations[trials[i].observation]);
    trials.clear();
    ports.clear();
    state.sockets.close();
    state.of_socket.clear();
    first_tag = state.next_tag;
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    for (unsigned k = 0; k < repeat; ++k) {
      auto packet = packets[i];
      if (packet.sport != 0) {
        finish_batch();
        state.forget_connections();
      } else {
        packet.sport = state.new_port();
      }
      trials.push_back({.packet = &packets[i], .observation = i});
      ports.push_back(packet.sport);
      state.send(packet, state.next_tag, trials.back(), trials.size() - 1);
      state.next_tag += 2;
      if (trials.size() == batch_size) finish_batch();
    }
  }
  finish_batch();
  for (std::size_t i = 0; i < packets.size(); ++i) merge_lookalikes(packets[i], observations[i]);
  return observations;
}

void Namespace::forget_affinity() {
  const Inside inside(state_->netns);
  state_->memory.forget();
  if (state_->forget) state_->forget();
}

void Namespace::on_forget(std::function<void()> forget) {
  state_->forget = std::move(forget);
}

void Namespace::inside(const std::function<void()>& work) {
  const Inside inside(state_->netns);
  work();
}

void Namespace::on_interface(std::function<void(const std::string&)> made) {
  state_->made = std::move(made);
}

std::string Namespace::run(const std::vector<std::string>& words, std::string_view input) {
  const Inside inside(state_->netns);
  return run_or_fail(words, input);
}

}  // namespace portcullis::kernel

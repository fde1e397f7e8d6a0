// A node's packet filter in a network namespace: load rulesets, send first packets of new flows, see what becomes of
// each.
//
// The namespace has lo, `uplink` (a TUN that carries the node's addresses and the default route) and, where a detector
// looks at interface names, a TUN that this node's pods arrive through. Every packet that leaves goes to the uplink, so
// nothing needs a neighbour. What is observed is the translated packet at the end of input or postrouting; a refusal is
// the ICMP error or RST that quotes it; what shows up nowhere was dropped. No waiting tells the last case: a packet has
// gone its whole way when the call that sent it returns, except behind the queue of lo, and there a marker follows each
// batch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/net/packet.hpp"

namespace portcullis::kernel {

struct NodeSetup {
  std::vector<net::Address> addresses;  // of the node's interfaces, both families; lo has 127.0.0.1 and ::1
  std::string pod_interface;    // pods of this node arrive through it; empty: through the uplink like everyone else
  bool route_localnet = false;  // net.ipv4.conf.all.route_localnet: node ports on 127.0.0.1 (dialect iptables)
  bool tcp_be_liberal = false;  // net.netfilter.nf_conntrack_tcp_be_liberal
  // For programs that decide before netfilter does: TCP and UDP of the node itself are sent by sockets bound to the
  // packet's source, and answers that leave by the cable without meeting netfilter are refusals too.
  bool by_sockets = false;
};

enum class IptablesVariant : std::uint8_t { legacy, nft };
[[nodiscard]] std::string_view to_string(IptablesVariant variant);

// What to load, in order; empty texts are left out.
struct Rulesets {
  std::vector<std::string> nft;       // for `nft -f`
  std::vector<std::string> iptables;  // for `iptables-…-restore`
  std::vector<std::string> ip6tables;
  IptablesVariant variant = IptablesVariant::nft;
  bool noflush = false;  // keep what the tables hold (our own files); otherwise a table is replaced (a dump)
};

// Someone else's ruleset that forwards nothing of its own accord: FORWARD policy DROP (Docker, ufw). As iptables or as
// an nftables table.
[[nodiscard]] Rulesets foreign_forward_drop_iptables(IptablesVariant variant);
[[nodiscard]] Rulesets foreign_forward_drop_nftables();

// `hidden`: arrived on an interface and was delivered here, so it never met postrouting.
enum class SourceFate : std::uint8_t { kept, replaced, hidden };
[[nodiscard]] std::string_view to_string(SourceFate source);

// Where a packet ended: its destination after all rules.
struct Arrival {
  net::Address address;
  std::uint16_t port = 0;
  SourceFate source = SourceFate::kept;
  auto operator<=>(const Arrival&) const = default;
};

// What became of the first packets of some flows that differ in source port alone. `arrived` holds those with an
// untouched destination too.
struct Observation {
  std::map<Arrival, unsigned> arrived;
  unsigned refused = 0;
  unsigned dropped = 0;
  bool operator==(const Observation&) const = default;
  // `3 × 10.0.1.2:8080 masqueraded, 1 refused`.
  [[nodiscard]] std::string text() const;
};

class Namespace {
 public:
  explicit Namespace(const NodeSetup& setup);  // throws Failure
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace();

  // Adds the rulesets to what is loaded. Throws Failure with the tool's words.
  void load(const Rulesets& rulesets);
  // Sends `repeat` first packets for each of `packets`, each a flow of its own unless `sport` is given (then connection
  // tracking forgets in between), and says what became of them, in the order of `packets`. A packet arrives on `iif`
  // when it names one (made when needed).
  [[nodiscard]] std::vector<Observation> observe(std::span<const net::Packet> packets, unsigned repeat = 1);
  // Empties the affinity memory of what is loaded: nftables sets and maps that rules add to, and iptables' `recent`
  // lists.
  void forget_affinity();
  // Called by it beside: what else remembers.
  void on_forget(std::function<void()> forget);
  // Runs something inside.
  void inside(const std::function<void()>& work);
  // Called inside, with its name, for every interface that is made later.
  void on_interface(std::function<void(const std::string&)> made);
  // Runs a tool inside, for what tests need beside (`nft list ruleset`).
  std::string run(const std::vector<std::string>& words, std::string_view input = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portcullis::kernel

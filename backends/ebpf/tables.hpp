// The tables of a node as its artefact says them: what `compile` writes, what is proved, what a live node is compared
// with. lower → print ⇄ read → evaluate; the loader makes maps of them (bpf/types.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/ebpf/bpf/types.h"
#include "compiler/ir/l4/program.hpp"
#include "compiler/net/address.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::ebpf {

// ---- frontends

enum class Verdict : std::uint8_t { none = PCL_NONE, dnat = PCL_DNAT, reject = PCL_REJECT, drop = PCL_DROP };

struct Action {
  Verdict verdict = Verdict::none;
  bool masquerade = false;  // of dnat
  std::uint8_t pool = 0;    // of dnat: index into the frontend's pools
  bool operator==(const Action&) const = default;
};
using Actions = std::array<Action, PCL_CLASSES>;  // by PCL_CLASS_… bits

// An address with a protocol and port; an address alone, for what no other key takes of it; or a scope of local
// addresses with a protocol and port.
struct FrontendKey {
  std::optional<net::Address> address;    // absent: `scope`
  std::uint8_t scope = 0;                 // not 0 where there is no address
  std::optional<net::Protocol> protocol;  // absent: the rest of the address
  std::uint16_t port = 0;
  auto operator<=>(const FrontendKey&) const = default;
};

struct Frontend {
  FrontendKey key;
  std::string owner;  // a Service port, a pod with a host port, or a Service; several separated by blanks
  Actions actions;
  std::vector<std::uint32_t> pools;  // at most PCL_POOLS; indexes into Tables::pools
  std::uint32_t ranges = 0;          // number of a set; 0: none
  bool operator==(const Frontend&) const = default;
};

// ---- pools

// What refuses a translated packet, by how it came: index 2 if a process sends it, plus 1 if it is masqueraded.
using Refusals = std::array<Verdict, 4>;

struct Endpoint {
  net::Address address;
  std::uint16_t port = 0;
  std::uint32_t weight = 1;   // slots
  bool hairpin = false;       // masqueraded where it is the source
  bool hairpin_same = false;  // … also where translation changes nothing
  Refusals refusals{};        // none or a refusal
  bool operator==(const Endpoint&) const = default;
};

struct Pool {
  std::string name;        // as ir::Pool's
  bool local_set = false;  // its local set
  net::Protocol protocol = net::Protocol::tcp;
  std::optional<std::uint32_t> sticky;  // seconds
  std::uint32_t memory = 0;         // of sticky pools: the same for both sets of one Service port, in every artefact
  std::vector<Endpoint> endpoints;  // in the order of ir::Pool
  bool operator==(const Pool&) const = default;
  [[nodiscard]] std::uint64_t slots() const;
};

// ---- sources, addresses

struct Set {
  std::uint32_t number = 0;  // PCL_SET_RANGES and more
  std::string name;
  std::vector<net::Prefix> prefixes;  // sorted
  bool operator==(const Set&) const = default;
};

// The name of an interface, or how its name begins.
struct PodInterface {
  std::string name;
  bool is_prefix = false;
  bool operator==(const PodInterface&) const = default;
};

// 127.0.0.1 … 127.0.0.4 stand for 127.0.0.0/8, as in struct pcl_local.
struct Local {
  net::Address address;
  bool here = true;  // an address of this node
  std::uint8_t scope = 0;
  bool operator==(const Local&) const = default;
};

// ---- what netfilter has to do beside: static rules of the companion

struct Guard {
  enum class Kind : std::uint8_t {
    invalid,  // forwarded packets that conntrack calls invalid are dropped
    martian,  // packets to loopback from elsewhere that nobody translated are dropped
  };
  Kind kind{};
  net::Family family{};
  auto operator<=>(const Guard&) const = default;
};

struct Tables {
  std::string node;
  ir::Dialect dialect{};
  std::string program;                        // digest of the object that reads them
  std::vector<net::Prefix> pods;              // set 0; sorted
  std::optional<PodInterface> pod_interface;  // pods are known by where they come in
  std::vector<net::Prefix> services;          // set 1; sorted
  std::vector<Set> sets;                      // by number
  std::vector<Local> locals;                  // sorted by address
  // Of addresses that the node turns out to have beside those, by family; 0: none.
  std::array<std::uint8_t, 2> others_scope{};
  std::vector<Pool> pools;
  std::vector<Frontend> frontends;  // sorted by key
  std::vector<Guard> guards;        // sorted
  bool tcp_be_liberal = false;      // the node sets net.netfilter.nf_conntrack_tcp_be_liberal
  std::vector<ir::UdpCleanup> cleanup;
  bool operator==(const Tables&) const = default;
  [[nodiscard]] bool has(net::Family family) const;  // anything of the family
};

}  // namespace portcullis::ebpf

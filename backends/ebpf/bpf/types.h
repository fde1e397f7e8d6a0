// What the tables of the eBPF program hold, byte for byte: read by the program, written by the loader, proved by the
// verifier. C, so that all three include the same file; sizes and offsets are asserted in layout.h.
//
// Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; ports are in network order; everything else is in
// the byte order of the machine. No type has padding: keys of hashes are compared as bytes.
#ifndef PORTCULLIS_BPF_TYPES_H
#define PORTCULLIS_BPF_TYPES_H

#ifdef __cplusplus
#include <cstdint>
typedef std::uint8_t pcl_u8;
typedef std::uint16_t pcl_u16;
typedef std::uint32_t pcl_u32;
typedef std::uint64_t pcl_u64;
#else
typedef unsigned char pcl_u8;
typedef unsigned short pcl_u16;
typedef unsigned int pcl_u32;
typedef unsigned long long pcl_u64;
#endif

// The layout of everything below. Two programs of one number read each other's tables.
enum { PCL_LAYOUT = 1 };

// How many generations of tables are kept: the active one, the one before it (roll back), and two that packets in
// flight may still read.
enum { PCL_GENERATIONS = 4 };

struct pcl_addr {
  pcl_u32 word[4];
};

// ---- t_frontends: hash

// Which destination. `scope` 0: the address itself. Else the address is zero and the scope is that of the destination
// in t_locals. Protocol 0 with port 0 and scope 0: whatever no other key takes of the address.
struct pcl_frontend_key {
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u8 protocol;
  pcl_u8 scope;
};

// What to do with a packet, by its class.
enum {
  PCL_CLASS_POD = 1,    // the source is a pod
  PCL_CLASS_SELF = 2,   // the source is an address of this node
  PCL_CLASS_RANGE = 4,  // the source is in the frontend's set of prefixes
  PCL_CLASS_OUT = 8,    // a process of this node sends it
  PCL_CLASSES = 16,
};
enum {
  PCL_NONE = 0,  // left alone
  PCL_DNAT = 1,
  PCL_REJECT = 2,
  PCL_DROP = 3,
};
// An action: a verdict, whether the source is masqueraded, which of the frontend's pools.
enum {
  PCL_ACTION_VERDICT = 0x03,
  PCL_ACTION_MASQUERADE = 0x04,
  PCL_ACTION_POOL = 0x30,
  PCL_ACTION_POOL_SHIFT = 4,
};
enum { PCL_POOLS = 3 };  // of one frontend

struct pcl_frontend {
  pcl_u8 action[PCL_CLASSES];
  pcl_u32 pool[PCL_POOLS];
  pcl_u32 ranges;  // set of prefixes in t_prefixes; 0: none
};

// ---- t_pools: array · t_endpoints: array · t_members: hash, of sticky pools

struct pcl_pool {
  pcl_u32 first;   // slot in t_endpoints
  pcl_u32 count;   // slots; a weight is a number of slots
  pcl_u32 sticky;  // seconds that a source is remembered; 0: not at all
  pcl_u32 memory;  // whose memory, the same in every generation
};

enum {
  // The endpoint gets its own packets back masqueraded …
  PCL_ENDPOINT_HAIRPIN = 0x0001,
  // … also where the frontend is the endpoint itself.
  PCL_ENDPOINT_HAIRPIN_SAME = 0x0002,
  // What refuses the translated packet: two bits each, PCL_NONE, PCL_REJECT or PCL_DROP, for a packet that comes in,
  // one that comes in and is masqueraded, one of a process, one of a process that is masqueraded.
  PCL_ENDPOINT_REFUSAL_SHIFT = 8,
};
struct pcl_endpoint {
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u16 flags;
};

struct pcl_member_key {
  pcl_u32 pool;
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u16 zero;
};  // → pcl_u32: slot in t_endpoints

// ---- t_prefixes: longest-prefix trie; the value says nothing

// Sets that every node has; a frontend's own begin at PCL_SET_RANGES.
enum {
  PCL_SET_PODS = 0,
  PCL_SET_SERVICES = 1,  // Services' ranges: what no frontend takes is dropped
  PCL_SET_RANGES = 2,
};
struct pcl_prefix_key {
  pcl_u32 length;  // of the prefix, with the 32 bits of the set
  pcl_u32 set;     // network order
  struct pcl_addr address;
};

// ---- t_locals: hash, by address

// 127.0.0.0/8 has four entries: 127.0.0.1 for itself as sources of 127.0.0.0/8 see it, 127.0.0.2 for it as others do,
// 127.0.0.3 for the rest of the range as sources of it see it, 127.0.0.4 as others do.
enum {
  PCL_LOOPBACK = 0x7f000001,
  PCL_LOOPBACK_ELSEWHERE = 1,  // added for a source that is not of 127.0.0.0/8
  PCL_LOOPBACK_OTHER = 2,      // added for a destination that is not 127.0.0.1
};
struct pcl_local {
  pcl_u8 local;  // an address of this node
  pcl_u8 scope;  // 0: no frontend but those of the address itself
  pcl_u16 zero;
};

// ---- aff: LRU hash, survives generations

struct pcl_memory_key {
  pcl_u32 memory;
  struct pcl_addr source;
};
struct pcl_memory {
  pcl_u64 used;  // nanoseconds of the monotonic clock
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u16 zero;
  pcl_u32 zero2;
};

// ---- ifs: hash, by interface index

enum {
  PCL_INTERFACE_POD = 1,      // what comes in is a pod's
  PCL_INTERFACE_NO_LINK = 2,  // packets begin with the IP header
  PCL_INTERFACE_BRIDGE = 4,   // conntrack may have met what comes in at a port of the bridge
};
struct pcl_interface {
  struct pcl_addr masquerade4;  // the source of what is masqueraded on the way out; zero: none
  struct pcl_addr masquerade6;
  pcl_u32 flags;
};

// ---- what decide and choose are asked and say

enum {
  PCL_ORIGIN_OUT = 1,  // a process of this node sends it
  PCL_ORIGIN_POD = 2,  // it came in by an interface of pods
};
struct pcl_flow {
  struct pcl_addr source;
  struct pcl_addr destination;
  pcl_u16 port;  // of the destination; 0 where the protocol has none
  pcl_u8 protocol;
  pcl_u8 origin;
  pcl_u32 generation;
};

// A decision is a number: the verdict, 0x100 for masquerade, the pool in the upper half.
enum { PCL_DECISION_MASQUERADE = 0x100 };

struct pcl_choice {
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u8 masquerade;
  pcl_u8 zero;
};

// ---- socks: LRU hash, what processes of this node asked for, by socket

enum {
  // frontend → endpoint: where the datagrams of a UDP socket go while its flow lives
  PCL_SOCKET_SENT = 1,
  // endpoint → frontend: what the process is shown as its peer
  PCL_SOCKET_SEEN = 2,
};
struct pcl_socket_key {
  pcl_u64 cookie;
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u8 protocol;
  pcl_u8 kind;
  pcl_u32 zero;
};
struct pcl_socket {
  pcl_u64 used;  // nanoseconds of the monotonic clock
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u16 zero;
  pcl_u32 replied;  // whether an answer has come
};
// How long the flow of a UDP socket lives without a packet, as conntrack has it: before an answer, and after.
enum { PCL_UDP_SECONDS = 30, PCL_UDP_REPLIED_SECONDS = 120 };

// ---- cfg: array of one

struct pcl_config {
  pcl_u64 netns;  // cookie of the node's network namespace: sockets of others are left alone; 0: the initial one
  struct pcl_addr address4;  // the node's primary addresses: whence an unbound socket is taken to send
  struct pcl_addr address6;
  pcl_u32 layout;  // PCL_LAYOUT
  pcl_u32 zero;
};

// ---- stats: per-CPU array of pcl_u64, by counter; the word is how status calls it

// clang-format off: one a line
#define PCL_COUNTERS(each)                                                                                    \
  each(PCL_COUNT_TRANSLATED, "translated")            /* flows that got an endpoint */                        \
  each(PCL_COUNT_MASQUERADED, "masqueraded")          /* of these: with another source */                     \
  each(PCL_COUNT_REJECTED, "rejected")                /* answered with port unreachable */                    \
  each(PCL_COUNT_UNANSWERED, "rejected-unanswered")   /* to be rejected, but no answer could be written */    \
  each(PCL_COUNT_DROPPED, "dropped")                  /* by a frontend or as hygiene */                       \
  each(PCL_COUNT_NOT_NATTED, "not-translated")        /* netfilter did not do what the entry says: dropped */ \
  each(PCL_COUNT_REOPENED, "reopened")                /* a closed entry made way for a new flow */            \
  each(PCL_COUNT_LOST_RACE, "lost-race")              /* another CPU made the entry first */                  \
  each(PCL_COUNT_NO_ENTRY, "no-entry")                /* conntrack took no entry: dropped */                  \
  each(PCL_COUNT_NO_ADDRESS, "no-address")            /* nothing to masquerade with: dropped */               \
  each(PCL_COUNT_NO_ENDPOINT, "no-endpoint")          /* the tables hold no such pool: left alone */          \
  each(PCL_COUNT_PROTOCOL, "untranslatable")          /* an endpoint for neither TCP nor UDP: left alone */   \
  each(PCL_COUNT_HEADERS, "headers")                  /* more extension headers than are read: left alone */  \
  each(PCL_COUNT_SOCKETS, "socket-translated")        /* flows of processes that got an endpoint */           \
  each(PCL_COUNT_SOCKETS_REJECTED, "socket-rejected") /* processes told: connection refused */                \
  each(PCL_COUNT_SOCKETS_DROPPED, "socket-dropped")   /* processes told: timed out */
// clang-format on

#define PCL_COUNTER_NAME(name, word) name,
enum pcl_counter { PCL_COUNTERS(PCL_COUNTER_NAME) PCL_COUNTER_END };
#undef PCL_COUNTER_NAME

// ---- what pcl_ask takes as the beginning of a packet, and what it writes behind that: the question stays, so that it
// can be asked many times over

struct pcl_question {
  struct pcl_flow flow;
  struct pcl_memory memory;
  pcl_u32 remembered;  // whether `memory` says something
  pcl_u32 random;
};
struct pcl_answer {
  pcl_u64 decision;
  struct pcl_choice choice;  // zero unless the verdict is PCL_DNAT
  pcl_u32 verdict;           // of choose, where the decision is PCL_DNAT; else the decision's
};

#endif

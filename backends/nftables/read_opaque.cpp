// Matches that are not known. Where one ends cannot be told from its words, so it reaches to the next statement, and
// takes along what else the rule matches there: all of it together holds or does not.
#include <algorithm>
#include <array>

#include "backends/nftables/reader.hpp"

namespace portcullis::nftables {

namespace {

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& words, const Token& token) {
  return token.kind == Token::Kind::word && std::ranges::find(words, token.text) != words.end();
}

// The first words of expressions that look at a packet and change nothing. `numgen` is none of them: it is a choice.
constexpr auto expressions = std::to_array<std::string_view>(
    {"ah",      "arp",      "cgroup",   "comp",    "cpu",     "ct",        "day",      "dccp",    "dst",     "esp",
     "ether",   "exthdr",   "fib",      "frag",    "gre",     "hbh",       "hour",     "icmp",    "icmpv6",  "igmp",
     "iif",     "iifgroup", "iifname",  "iiftype", "ip",      "ip6",       "ipsec",    "jhash",   "l4proto", "length",
     "limit",   "mark",     "meta",     "mh",      "nfproto", "oif",       "oifgroup", "oifname", "oiftype", "osf",
     "pkttype", "priority", "protocol", "quota",   "rt",      "rtclassid", "sctp",     "secpath", "skgid",   "skuid",
     "socket",  "srh",      "symhash",  "tcp",     "th",      "time",      "udp",      "udplite", "vlan"});

// The first words of statements.
constexpr auto statements = std::to_array<std::string_view>(
    {"accept",   "add",    "comment", "continue", "counter", "delete",   "dnat",       "drop",    "dup",
     "flow",     "fwd",    "goto",    "jump",     "last",    "log",      "masquerade", "notrack", "queue",
     "redirect", "reject", "reset",   "return",   "snat",    "synproxy", "tproxy",     "update",  "xt"});

// `meta mark set`, `ct mark set`, `mark set`: two words or one, and then what they are set to.
bool assigns(Lexer at) {
  for (int words = 0; words < 2; ++words) {
    at.take();
    if (at.peek().is("set")) return true;
  }
  return false;
}

}  // namespace

bool Reader::opaque(const Token& first) {
  if (!is_one_of(expressions, first) && !first.is("@")) return false;
  std::size_t depth = 0;
  std::uint32_t end = first.begin;  // there it is no match
  for (bool begun = false; depth > 0 || !rule_ends(); begun = true) {
    const Token& t = lexer_.peek();
    const bool inside = depth > 0;
    if (t.kind == Token::Kind::end) break;
    if (!inside && begun && is_one_of(statements, t)) break;
    if (!inside && (t.is("meta") || t.is("ct") || t.is("mark") || t.is("priority")) && assigns(lexer_)) break;
    if (!inside && (t.is("vmap") || t.is("map") || t.is("set") || t.is(")"))) {
      end = first.begin;
      break;
    }
    if (t.is("{") || t.is("(")) ++depth;
    if (t.is("}") || t.is(")")) --depth;
    end = lexer_.take().end;
  }
  if (end == first.begin || depth > 0) {
    lexer_.rewind(first);
    return false;
  }
  statements_->push_back(netfilter::Opaque{static_cast<netfilter::OpaqueId>(out_.model.opaque.size())});
  out_.model.opaque.push_back({std::string(lexer_.text(first.begin, end)), {}});
  return true;
}

}  // namespace portcullis::nftables

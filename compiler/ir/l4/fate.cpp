#include "compiler/ir/l4/fate.hpp"

#include <numeric>

namespace portcullis::ir {

namespace {

std::uint64_t total(const Fate& fate) {
  return std::accumulate(fate.targets.begin(), fate.targets.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Target& t) { return sum + t.weight; });
}

// A masquerade decision shows only in packets that pass postrouting.
bool reaches_postrouting(Then then, const net::Packet& packet) {
  switch (then) {
    case Then::local:
      return packet.from == net::PacketFrom::node;
    case Then::forward:
      return true;
    case Then::reject:
    case Then::drop:
      return false;
  }
  return false;
}

}  // namespace

std::string_view to_string(Fate::Kind kind) {
  switch (kind) {
    case Fate::Kind::dnat:
      return "dnat";
    case Fate::Kind::accept:
      return "accept";
    case Fate::Kind::none:
      return "none";
    case Fate::Kind::reject:
      return "reject";
    case Fate::Kind::drop:
      return "drop";
    case Fate::Kind::conflict:
      return "conflict";
  }
  return {};
}

std::string text(const Fate& fate) {
  std::string out(to_string(fate.kind));
  for (const Target& t : fate.targets) {
    out += ' ' + net::endpoint_text(t.address, t.port);
    if (t.masquerade) out += '*';
    if (t.weight != 1) out += "×" + std::to_string(t.weight);
    if (t.then == Then::reject) out += "(reject)";
    if (t.then == Then::drop) out += "(drop)";
  }
  if (fate.masquerade) out += " marked";
  if (fate.affinity_seconds) out += " sticky " + std::to_string(*fate.affinity_seconds) + "s";
  return out;
}

bool equal(const Fate& a, const Fate& b, const net::Packet& packet) {
  if (a.kind != b.kind || a.affinity_seconds != b.affinity_seconds || a.targets.size() != b.targets.size())
    return false;
  if (a.kind == Fate::Kind::none || a.kind == Fate::Kind::accept) {
    return a.then == b.then && (a.masquerade == b.masquerade || !reaches_postrouting(a.then, packet));
  }
  const std::uint64_t total_a = total(a), total_b = total(b);
  for (std::size_t i = 0; i < a.targets.size(); ++i) {
    const Target &x = a.targets[i], &y = b.targets[i];
    if (x.address != y.address || x.port != y.port || x.then != y.then || x.label != y.label) return false;
    if (x.weight * total_b != y.weight * total_a) return false;
    if (x.masquerade != y.masquerade && reaches_postrouting(x.then, packet)) return false;
  }
  return true;
}

}  // namespace portcullis::ir

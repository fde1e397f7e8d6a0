#include "compiler/report/packet.hpp"

namespace portcullis::report {

namespace {

std::string_view origin(net::PacketFrom from) {
  switch (from) {
    case net::PacketFrom::pod:
      return "from a pod";
    case net::PacketFrom::remote_pod:
      return "from a pod of another node";
    case net::PacketFrom::external:
      return "from outside";
    case net::PacketFrom::node:
      return "from the node itself";
  }
  return {};
}

}  // namespace

std::string packet_line(const net::Packet& packet) {
  std::string out = packet.text() + ", " + std::string(origin(packet.from));
  if (!packet.iif.empty()) out += " via " + packet.iif;
  return out;
}

Json packet_value(const net::Packet& p) {
  Json out{{"from", net::to_string(p.from)},
           {"src", p.src.text()},
           {"dst", p.dst.text()},
           {"proto", net::to_string(p.protocol)}};
  if (p.protocol != net::Protocol::icmp) out["dport"] = p.dport;
  if (p.sport != 0) out["sport"] = p.sport;
  if (!p.iif.empty()) out["iif"] = p.iif;
  out["ct_state"] = net::to_string(p.ct_state);
  return out;
}

}  // namespace portcullis::report

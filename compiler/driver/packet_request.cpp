#include "compiler/driver/packet_request.hpp"

namespace portcullis::driver {

namespace {

// The shortest names that are neither `bridge` nor begin with a prefix: one of three differs from any one first letter.
std::string foreign_interface(const std::string& name, bool is_prefix) {
  for (const char* candidate : {"eth0", "wan0", "net0"}) {
    const std::string interface = candidate;
    if (is_prefix ? !interface.starts_with(name) : interface != name) return interface;
  }
  return {};  // the prefix is empty: every interface is a pod's
}

}  // namespace

std::string interface_for(const cluster::LocalDetector& detector, bool pod) {
  switch (detector.mode) {
    case cluster::DetectMode::bridge_interface:
      return pod ? detector.interface : foreign_interface(detector.interface, false);
    case cluster::DetectMode::interface_name_prefix:
      return pod ? detector.interface + "0" : foreign_interface(detector.interface, true);
    case cluster::DetectMode::cluster_cidr:
    case cluster::DetectMode::node_cidr:
    case cluster::DetectMode::none:
      break;
  }
  return {};
}

net::Packet complete(const PacketRequest& request, const cluster::Profile& profile, const trace::Tracer& tracer,
                     const std::string& node) {
  net::Packet packet = request.packet;
  if (!request.has_from) packet.from = tracer.infer_from(packet.src, node);
  if (packet.iif.empty() && packet.from != net::PacketFrom::node) {
    packet.iif = interface_for(profile.detector, packet.from == net::PacketFrom::pod);
  }
  return packet;
}

}  // namespace portcullis::driver

#include "compiler/driver/packets_file.hpp"

#include <catch2/catch.hpp>

namespace base = portcullis::base;
namespace driver = portcullis::driver;
namespace net = portcullis::net;
using driver::BadPacket;
using driver::PacketRequest;

namespace {

driver::PacketsFile read(const std::string& text, base::Diagnostics& diagnostics) {
  base::SourceMap sources;
  return driver::read_packets_text("packets.yaml", text, sources, diagnostics);
}

driver::PacketEntry one(const std::string& text) {
  base::Diagnostics diagnostics;
  driver::PacketsFile file = read("- " + text + "\n", diagnostics);
  REQUIRE(file.readable);
  REQUIRE(file.packets.size() == 1);
  return file.packets.front();
}

}  // namespace

TEST_CASE("a packets file is YAML or JSON") {
  base::Diagnostics diagnostics;
  for (const char* text :
       {"- {src: 10.0.0.1, dst: 10.96.0.1, dport: 80}\n- src: fd00::1\n  dst: fd96::1\n  proto: UDP\n  dport: 53\n",
        "[{\"src\": \"10.0.0.1\", \"dst\": \"10.96.0.1\", \"dport\": 80},\n"
        " {\"src\": \"fd00::1\", \"dst\": \"fd96::1\", \"proto\": \"UDP\", \"dport\": 53}]"}) {
    INFO(text);
    const driver::PacketsFile file = read(text, diagnostics);
    CHECK(file.readable);
    CHECK(diagnostics.all().empty());
    REQUIRE(file.packets.size() == 2);
    CHECK(std::get<PacketRequest>(file.packets[0]).packet.text() == "tcp from 10.0.0.1 to 10.96.0.1:80");
    CHECK(std::get<PacketRequest>(file.packets[1]).packet.text() == "udp from fd00::1 to [fd96::1]:53");
  }
}

TEST_CASE("every key of a packet") {
  const auto request =
      std::get<PacketRequest>(one("{from: pod, src: 10.0.0.1, dst: 10.96.0.1, proto: SCTP, dport: 80, sport: 9, iif: "
                                  "cni0, ct_state: invalid, sticky: true}"));
  CHECK(request.has_from);
  CHECK(request.packet.from == net::PacketFrom::pod);
  CHECK(request.packet.protocol == net::Protocol::sctp);
  CHECK(request.packet.sport == 9);
  CHECK(request.packet.iif == "cni0");
  CHECK(request.packet.ct_state == net::ConntrackState::invalid);
  CHECK(std::get<PacketRequest>(one("{src: 10.0.0.1, dst: 10.96.0.1, proto: ICMP}")).packet.dport == 0);
}

TEST_CASE("a packet that makes no sense says why") {
  struct Row {
    const char* packet;
    const char* error;
  };
  const Row rows[] = {
      {"{dst: 10.96.0.1, dport: 80}", "`src` is missing"},
      {"{src: 10.0.0.1, dport: 80}", "`dst` is missing"},
      {"{src: 10.0.0.1, dst: web, dport: 80}", "`dst`: `web` is no IP address"},
      {"{src: 10.0.0.1, dst: fd00::1, dport: 80}", "different families"},
      {"{src: 10.0.0.1, dst: 10.96.0.1}", "`dport` is missing"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 0}", "outside 1"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 70000}", "outside 1"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: \"80\"}", "`dport` must be"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 80, proto: tcp}", "`proto`: `tcp` is none of"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 80, proto: ICMP}", "ICMP has no ports"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 80, from: moon}", "`from`: `moon` is none of"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 80, ct_state: NEW}", "`ct_state`: `NEW` is none of"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dport: 80, url: x}", "Request has no field `dst`"},
      {"{src: 10.0.0.1, dst: 10.96.0.1, dports: 80}", "has no field `dports`"},
      {"tcp from a to b", "a packet is a map"},
      {"[1, 2]", "a packet is a map"},
      {"null", "a packet is a map"},
  };
  for (const Row& row : rows) {
    INFO(row.packet);
    const driver::PacketEntry entry = one(row.packet);
    const auto* bad = std::get_if<BadPacket>(&entry);
    REQUIRE(bad != nullptr);
    INFO(bad->error);
    CHECK(bad->error.find(row.error) != std::string::npos);
  }
}

TEST_CASE("a bad packet is said back as it was given, and spoils no other") {
  base::Diagnostics diagnostics;
  const driver::PacketsFile file = read(
      "- {src: 10.0.0.1, dst: 10.96.0.1, dport: 80}\n- {src: 10.0.0.1, port: 80, list: [1, yes, ~, 1.5]}\n- {src: "
      "10.0.0.1, dst: 10.96.0.1, dport: 81}\n",
      diagnostics);
  REQUIRE(file.packets.size() == 3);
  CHECK(std::get<PacketRequest>(file.packets[0]).packet.dport == 80);
  CHECK(std::get<BadPacket>(file.packets[1]).given == R"({"src":"10.0.0.1","port":80,"list":[1,true,null,1.5]})");
  CHECK(std::get<PacketRequest>(file.packets[2]).packet.dport == 81);
}

TEST_CASE("what is no list of packets is a finding") {
  for (const char* text : {"", "# nothing\n", "src: 10.0.0.1\n", "- {src: [\n", "[{\"src\": ]", "\t- a", "plain"}) {
    INFO(text);
    base::Diagnostics diagnostics;
    CHECK_FALSE(read(text, diagnostics).readable);
    CHECK(diagnostics.has_errors());
  }
  base::Diagnostics diagnostics;
  const driver::PacketsFile none = read("[]", diagnostics);
  CHECK(none.readable);
  CHECK(none.packets.empty());
}

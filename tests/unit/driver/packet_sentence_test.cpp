#include "compiler/driver/packet_sentence.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace driver = portcullis::driver;
namespace net = portcullis::net;
using driver::PacketRequest;
using driver::SentenceError;

namespace {

PacketRequest good(std::string_view sentence) {
  INFO(sentence);
  auto parsed = driver::parse_packet_sentence(sentence);
  if (const auto* error = std::get_if<SentenceError>(&parsed)) FAIL(error->message);
  return std::get<PacketRequest>(parsed);
}

}  // namespace

TEST_CASE("a sentence says what a packet is") {
  const PacketRequest tcp = good("tcp from 192.0.2.7 to 10.3.241.152:80");
  CHECK(tcp.packet.text() == "tcp from 192.0.2.7 to 10.3.241.152:80");
  CHECK_FALSE(tcp.has_from);
  CHECK(tcp.packet.iif.empty());
  CHECK(tcp.packet.ct_state == net::ConntrackState::fresh);

  const PacketRequest udp = good("UDP from pod [fd40::1]:4711 to [fd96::20]:53 established via cni0");
  CHECK(udp.packet.protocol == net::Protocol::udp);
  CHECK(udp.packet.src == net::Address::parse("fd40::1"));
  CHECK(udp.packet.sport == 4711);
  CHECK(udp.packet.dport == 53);
  CHECK(udp.has_from);
  CHECK(udp.packet.from == net::PacketFrom::pod);
  CHECK(udp.packet.iif == "cni0");
  CHECK(udp.packet.ct_state == net::ConntrackState::established);

  CHECK(good("udp from fd40::1 to [fd96::20]:53").packet.src == net::Address::parse("fd40::1"));
  CHECK(good("icmp from 192.0.2.7 to 10.96.0.20").packet.dport == 0);
  CHECK(good("icmp from fd40::1 to fd96::20").packet.dst == net::Address::parse("fd96::20"));
  CHECK(good("sctp from 192.0.2.7:9 to 10.96.0.20:80").packet.sport == 9);
  CHECK(good("tcp from remote-pod 10.0.0.1 to 10.96.0.20:80").packet.from == net::PacketFrom::remote_pod);
  CHECK(good("  tcp\tfrom  10.0.0.1 to 10.96.0.20:80  from node ").packet.from == net::PacketFrom::node);
  CHECK(good("tcp from 10.0.0.1 to 10.96.0.20:80 via eth0 related").packet.ct_state == net::ConntrackState::related);
}

TEST_CASE("a sentence that makes no sense is pointed at") {
  struct Row {
    const char* sentence;
    const char* message;  // part of it
    const char* place;    // the words of the sentence that are pointed at
  };
  const Row rows[] = {
      {"", "ends where a protocol", ""},
      {"tpc from 10.0.0.1 to 10.0.0.2:80", "`tpc` is no protocol", "tpc"},
      {"GET https://shop.example.com/", "`GET` is no protocol", "GET"},
      {"tcp form 10.0.0.1 to 10.0.0.2:80", "`form` stands where `from` should", "form"},
      {"tcp from", "ends where a source address", ""},
      {"tcp from 10.0.0.1", "ends where `to`", ""},
      {"tcp from 10.0.0.1 to", "ends where a destination", ""},
      {"tcp from web to 10.0.0.2:80", "`web` is no IP address", "web"},
      {"tcp from 10.0.0.1 to 10.0.0.2", "the destination has no port", "10.0.0.2"},
      {"tcp from 10.0.0.1 to 10.0.0.2:http", "`http` is no port", "http"},
      {"tcp from 10.0.0.1 to 10.0.0.2:0", "`0` is no port", "0"},
      {"tcp from 10.0.0.1 to 10.0.0.2:65536", "`65536` is no port", "65536"},
      {"tcp from 10.0.0.1 to 10.0.0.2:99999999999999999999", "is no port", "99999999999999999999"},
      {"tcp from 10.0.0.1 to 10.0.0.2:", "`` is no port", ""},
      {"tcp from 10.0.0.1 to 10.0.0.2:-1", "`-1` is no port", "-1"},
      {"tcp from 10.0.0.1 to fd00::1", "the destination has no port", "fd00::1"},
      {"tcp from 10.0.0.1 to [fd00::1:80", "not closed", "[fd00::1:80"},
      {"tcp from 10.0.0.1 to [fd00::1]80", "after the bracket", "[fd00::1]80"},
      {"tcp from 10.0.0.1 to [fd00::1]:80", "different families", "[fd00::1]:80"},
      {"tcp from 010.0.0.1 to 10.0.0.2:80", "is no IP address", "010.0.0.1"},
      {"icmp from 10.0.0.1 to 10.0.0.2:80", "ICMP has no ports", "10.0.0.2:80"},
      {"tcp from 10.0.0.1 to 10.0.0.2:80 esablished", "has no place after the destination", "esablished"},
      {"tcp from 10.0.0.1 to 10.0.0.2:80 via", "ends where an interface", ""},
      {"tcp from 10.0.0.1 to 10.0.0.2:80 from moon", "`moon` is no origin", "moon"},
      {"tcp from pods 10.0.0.1 to 10.0.0.2:80", "`pods` is no IP address", "pods"},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    const std::string_view sentence = row.sentence;
    const auto parsed = driver::parse_packet_sentence(sentence);
    const auto* error = std::get_if<SentenceError>(&parsed);
    REQUIRE(error != nullptr);
    CHECK(error->message.find(row.message) != std::string::npos);
    REQUIRE(error->begin <= error->end);
    const std::string_view place = sentence.substr(std::min(error->begin, sentence.size()), error->end - error->begin);
    if (*row.place != '\0') CHECK(place == row.place);
  }
}

TEST_CASE("a sentence's error is shown with carets") {
  const std::string_view sentence = "tcp form 10.0.0.1 to 10.0.0.2:80";
  const auto parsed = driver::parse_packet_sentence(sentence);
  CHECK(driver::show(std::get<SentenceError>(parsed), sentence, false) ==
        "error: `form` stands where `from` should\n"
        "  |\n"
        "  | tcp form 10.0.0.1 to 10.0.0.2:80\n"
        "  |     ^^^^\n");
  const std::string_view hostile = "\x1b[31m from x";
  const auto bad = driver::parse_packet_sentence(hostile);
  CHECK(driver::show(std::get<SentenceError>(bad), hostile, false).find('\x1b') == std::string::npos);
}

TEST_CASE("no sentence is too strange to be refused") {
  std::mt19937 random(7);
  const std::string seed = "tcp from pod [fd40::1]:4711 to [fd96::20]:53 established via eth0 from node";
  for (int i = 0; i < 20'000; ++i) {
    std::string sentence = seed.substr(0, random() % (seed.size() + 1));
    for (unsigned edits = random() % 4; edits > 0 && !sentence.empty(); --edits) {
      sentence[random() % sentence.size()] = static_cast<char>(random() % 256);
    }
    const auto parsed = driver::parse_packet_sentence(sentence);
    const auto* error = std::get_if<SentenceError>(&parsed);
    if (error == nullptr) continue;
    CHECK(error->begin <= error->end);
    CHECK(error->end <= sentence.size() + 1);
    CHECK_FALSE(driver::show(*error, sentence, false).empty());
  }
}

#include "backends/netfilter/conntrack_script.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <unistd.h>

namespace {

using namespace portcullis;
namespace fs = std::filesystem;

net::Address address(const char* text) {
  return *net::Address::parse(text);
}

std::string contents(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// Runs the script with a conntrack(8) that lists `entries` and writes down what it is told to delete.
std::string deleted(const std::string& script, const std::string& entries) {
  std::string pattern = (fs::temp_directory_path() / "portcullis-conntrack-XXXXXX").string();
  const fs::path dir = ::mkdtemp(pattern.data());
  std::ofstream(dir / "entries") << entries;
  std::ofstream(dir / "script") << script;
  std::ofstream(dir / "conntrack")
      << "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nif [ \"$1\" = -L ]; then [ \"$5\" != ipv4 ] || cat entries; "
         "else echo \"$*\" >>log; fi\n";
  fs::permissions(dir / "conntrack", fs::perms::owner_all);
  const std::string command = "PATH='" + dir.string() + "':\"$PATH\" sh '" + (dir / "script").string() + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  std::string log = contents(dir / "log");
  fs::remove_all(dir);
  return log;
}

std::string entry(const char* dst, int dport, const char* from, int port) {
  std::ostringstream out;
  out << "udp      17 29 src=10.40.1.9 dst=" << dst << " sport=40000 dport=" << dport << " [UNREPLIED] src=" << from
      << " dst=10.40.1.9 sport=" << port << " dport=40000 mark=0 use=1\n";
  return out.str();
}

ir::Program program() {
  ir::Program p;
  p.family = net::Family::ipv4;
  p.udp_cleanup = {
      {address("10.96.0.53"), 53, {{address("10.40.1.53"), 5353}, {address("10.40.2.53"), 5353}}, "default/dns:u/udp"},
      {{}, 30053, {{address("10.40.1.53"), 5353}}, "default/dns:u/udp"},
      {address("10.96.0.54"), 53, {}, "default/gone:u/udp"}};
  return p;
}

}  // namespace

TEST_CASE("conntrack script: forgets UDP flows to endpoints that are gone") {
  struct Row {
    std::string entry;
    bool forgotten;
  };
  const std::vector<Row> rows{
      {entry("10.96.0.53", 53, "10.40.1.53", 5353), false},
      {entry("10.96.0.53", 53, "10.40.3.53", 5353), true},
      {entry("10.96.0.53", 53, "10.40.1.53", 53), true},     // address and port
      {entry("10.96.0.53", 54, "10.40.3.53", 5353), false},  // not ours
      {entry("192.168.50.10", 30053, "10.40.1.53", 5353), false},
      {entry("192.168.50.10", 30053, "10.40.2.53", 5353), true},
      {entry("10.96.0.54", 53, "10.40.3.53", 5353), false},  // no serving endpoint: nothing is deleted
  };
  const ir::Program p = program();
  const std::string script = netfilter::conntrack_script(std::span(&p, 1));
  for (const Row& row : rows) {
    INFO(row.entry);
    CHECK(deleted(script, row.entry).empty() != row.forgotten);
  }
  CHECK(deleted(script, rows[1].entry) ==
        "-D -p udp -f ipv4 --orig-src 10.40.1.9 --orig-dst 10.96.0.53 --sport 40000 --dport 53\n");
}

TEST_CASE("conntrack script: nothing to do") {
  const ir::Program p;
  CHECK(deleted(netfilter::conntrack_script(std::span(&p, 1)), entry("10.96.0.53", 53, "10.40.3.53", 5353)).empty());
}

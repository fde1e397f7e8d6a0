// What sockets of the node remember, and what an update makes of it.
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/fd.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/socket_address.hpp"
#include "tests/kernel/tables_on_node.hpp"

namespace {

using namespace portcullis;

constexpr const char* name_server = "10.96.0.53";

net::Address at(const char* text) {
  return net::Address::parse(text).value();
}

// The name server at port 53 leads to this endpoint alone.
ebpf::Tables tables_to(const char* endpoint) {
  ebpf::Tables out;
  out.node = "node";
  out.program = ebpf::program_digest();
  out.locals = {{at("192.168.50.10"), true, 0}};
  ebpf::Pool pool{"default/dns:53/udp", false, net::Protocol::udp, {}, 0, {}};
  pool.endpoints.push_back({at(endpoint), 5353, 1, false, false, {}});
  out.pools.push_back(pool);
  ebpf::Frontend frontend{{at(name_server), 0, net::Protocol::udp, 53}, "default/dns:53/udp", {}, {0}, 0};
  frontend.actions.fill({ebpf::Verdict::dnat, false, 0});
  out.frontends.push_back(frontend);
  out.cleanup.push_back({at(name_server), 53, {{at(endpoint), 5353}}, "default/dns:53/udp"});
  return out;
}

class Datagrams {
 public:
  explicit Datagrams(kernel::Namespace& node) : node_(node) {
    node_.inside([&] { socket_ = kernel::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
    if (!socket_.open()) kernel::fail_with_errno("socket");
  }
  // The endpoint that the next datagram to the name server goes to.
  [[nodiscard]] std::string next() {
    node_.run({"conntrack", "-F"});
    const auto to = kernel::socket_address(at(name_server), 53);
    if (::sendto(socket_.get(), "?", 1, 0, to.get(), to.length) != 1) kernel::fail_with_errno("send a datagram");
    const std::string listing = node_.run({"conntrack", "-L", "-p", "udp"});
    const std::size_t begin = listing.find(" dst=") + 5;
    return listing.substr(begin, listing.find(' ', begin) - begin);
  }

 private:
  kernel::Namespace& node_;
  kernel::Fd socket_;
};

}  // namespace

// Within its time a UDP socket's next datagram goes where the last one went, and the tables are not asked.
TEST_CASE("ebpf: a UDP socket keeps its endpoint, and leaves it when an update takes it away") {
  if (!kernel::permitted()) return;
  kernel::NodeSetup setup;
  setup.addresses = {at("192.168.50.10")};
  setup.by_sockets = true;
  kernel::Namespace node(setup);
  kernel::TablesOnNode loaded(node);
  ebpf::Tables tables = tables_to("10.244.0.5");
  (void)loaded.apply(tables);
  Datagrams first(node);
  CHECK(first.next() == "10.244.0.5");
  // Another endpoint beside it: the socket stays, though each new one may go to either.
  tables.pools.front().endpoints.insert(tables.pools.front().endpoints.begin(), 200,
                                        {at("10.244.0.6"), 5353, 1, false, false, {}});
  tables.cleanup.front().keep.emplace_back(at("10.244.0.6"), 5353);
  (void)loaded.apply(tables);
  CHECK(first.next() == "10.244.0.5");
  // Gone.
  const ebpf::loader::Applied applied = loaded.apply(tables_to("10.244.0.7"));
  CHECK(applied.forgotten >= 1);
  CHECK(first.next() == "10.244.0.7");
}

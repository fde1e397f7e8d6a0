// apply.sh on a node without portcullis; what it leaves is looked at with the loader.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "backends/ebpf/loader/generation.hpp"
#include "backends/ebpf/loader/interfaces.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/loader/sockets.hpp"
#include "tests/kernel/ebpf_node.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using kernel::ArtefactFolder;
using kernel::EbpfNode;
using kernel::filters;
using kernel::has;
using kernel::told;
namespace loader = ebpf::loader;
namespace fs = std::filesystem;

// Calls `what` with the object that is loaded and the node as it is.
template <class What>
void look(EbpfNode& node, const What& what) {
  node.net().within("node", [&] {
    const auto object = loader::Object::open(loader::Pins(node.pins()));
    what(object, loader::look_at_node());
  });
}

void check_tables(EbpfNode& node, const ebpf::Tables& tables) {
  look(node, [&](const loader::Object& object, const loader::Node& here) {
    const auto found = loader::read_generation(object, loader::active_generation(object));
    REQUIRE(found);
    CHECK((*found == ebpf::entries(loader::with_addresses(tables, here))));
  });
}

// A shell cannot name this namespace, so processes of the node are left alone until somebody does.
void name_namespace(EbpfNode& node) {
  look(node, [&](const loader::Object& object, const loader::Node& here) {
    auto config = loader::read_value<pcl_config>(object.map("cfg"), 0);
    CHECK(config.netns == 0);
    config.netns = here.cookie;
    loader::write_value(object.map("cfg"), 0, config);
  });
}

ebpf::Tables tables_to(const std::string& pod) {
  ebpf::Tables out = kernel::tables_to(pod);
  out.pod_interface = ebpf::PodInterface{"veth-", true};
  return out;
}

// As process 1 has it, or by the number that Linux gives it since 6.18.
bool is_initial_namespace() {
  std::error_code error;
  const std::string ours = fs::read_symlink("/proc/self/ns/net", error).string();
  const std::string first = fs::read_symlink("/proc/1/ns/net", error).string();
  if (!ours.empty() && (ours == first || ours == "net:[4026531833]")) return true;
  fmt::print("SKIPPED: the test does not run in the initial network namespace\n");
  return false;
}

sockaddr_in socket_address(std::uint32_t address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address);
  out.sin_port = htons(port);
  return out;
}

// On loopback, with a port that was free.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in here = socket_address(INADDR_LOOPBACK, 0);
    socklen_t length = sizeof here;
    auto* address = reinterpret_cast<sockaddr*>(&here);
    REQUIRE(::bind(socket_.get(), address, length) == 0);
    REQUIRE(::listen(socket_.get(), 16) == 0);
    REQUIRE(::getsockname(socket_.get(), address, &length) == 0);
    port_ = ntohs(here.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Whether a connection waits; takes it.
  [[nodiscard]] bool takes_one() const {
    return loader::Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)).open();
  }

 private:
  loader::Fd socket_;
  std::uint16_t port_ = 0;
};

// A frontend that no packet leaves the machine for, whatever becomes of it.
constexpr const char* loopback_frontend = "127.96.0.20";

// Whether a connection from this process to the frontend reaches the listener.
bool reaches(const Listener& listener) {
  const loader::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = socket_address(net::Address::parse(loopback_frontend)->v4_value(), kernel::frontend_port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return false;
  return listener.takes_one();
}

std::string failure_of(EbpfNode& node, const ArtefactFolder& folder) {
  try {
    return "it ran: " + node.run_script(folder);
  } catch (const kernel::Failure& failure) {
    return failure.what();
  }
}

}  // namespace

TEST_CASE("ebpf apply.sh: from outside and from a pod, twice, another artefact") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables a = tables_to("10.244.0.5"), b = tables_to("10.244.0.6");
  const ArtefactFolder to_a(a), to_b(b);
  to_a.add_script(a);
  to_b.add_script(b);
  const std::string said = node.run_script(to_a);
  CHECK(said == "applied: generation 1, interfaces: eth0 veth-a veth-b\n");
  check_tables(node, a);
  const auto outside = node.net().ask("client", net::Protocol::tcp, *net::Address::parse("10.96.0.20"), 80);
  CHECK(outside.server == "a");
  CHECK(outside.seen.text() == "10.244.0.1");  // masqueraded with the address of the interface it left by
  CHECK(node.answer("pod-b") == "a");

  const auto stream = node.net().open("client", *net::Address::parse("10.96.0.20"), 80);
  CHECK(has(node.run_script(to_a), "generation 2"));
  check_tables(node, a);
  CHECK(node.answer("client") == "a");
  CHECK(has(node.run_script(to_b), "generation 3"));
  check_tables(node, b);
  CHECK(node.answer("client") == "b");
  CHECK(stream.echo("still there\n"));
  // More updates than there are slots.
  for (int i = 0; i < 3; ++i) node.run_script(i % 2 == 0 ? to_a : to_b);
  check_tables(node, a);
  CHECK(node.answer("client") == "a");
}

TEST_CASE("ebpf apply.sh: processes are served in the namespace that cfg names") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables a = tables_to("10.244.0.5");
  const ArtefactFolder to_a(a);
  to_a.add_script(a);
  node.run_script(to_a);
  CHECK(node.answer("node", 500).empty());
  name_namespace(node);
  CHECK(node.answer("node") == "a");
}

TEST_CASE("ebpf apply.sh: what the program is told of the node is what portcullis tells it") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  node.net().run("node", {"ip", "-6", "addr", "add", "fd00:1::2/64", "dev", "eth0", "nodad"});
  node.net().run("node", {"ip", "-6", "addr", "add", "fd00:2::1:0:0/64", "dev", "veth-b", "nodad"});
  node.net().run("node", {"ip", "link", "add", "br0", "type", "bridge"});
  node.net().run("node", {"ip", "link", "add", "port0", "type", "veth", "peer", "name", "other0"});
  node.net().run("node", {"ip", "link", "set", "port0", "master", "br0"});
  node.net().run("node", {"ip", "tuntap", "add", "mode", "tun", "name", "tun0"});
  ebpf::Tables a = tables_to("10.244.0.5");
  a.others_scope = {3, 4};
  const ArtefactFolder to_a(a);
  to_a.add_script(a);
  CHECK(node.run_script(to_a) == "applied: generation 1, interfaces: eth0 veth-a veth-b br0 other0 tun0\n");
  check_tables(node, a);
  const auto check_rows = [&](std::size_t count) {
    look(node, [&](const loader::Object& object, const loader::Node& here) {
      std::size_t known = 0;
      for (const loader::Interface& interface : here.interfaces) {
        INFO(interface.name);
        pcl_interface row{};
        const bool found = ::bpf_map_lookup_elem(object.map("ifs"), &interface.index, &row) == 0;
        CHECK(found != interface.loopback);
        if (!found) continue;
        ++known;
        const pcl_interface wanted = loader::interface_row(here, interface, a.pod_interface);
        CHECK(std::ranges::equal(std::as_bytes(std::span(&row, 1)), std::as_bytes(std::span(&wanted, 1))));
      }
      CHECK(known == count);
      const auto config = loader::read_value<pcl_config>(object.map("cfg"), 0);
      CHECK(ebpf::to_address(config.address4) == here.primary4);
      CHECK(ebpf::to_address(config.address6) == here.primary6);
      CHECK(config.layout == PCL_LAYOUT);
    });
  };
  check_rows(7);
  // What is gone is forgotten.
  std::uint32_t gone = 0;
  look(node, [&](const loader::Object&, const loader::Node& here) { gone = here.find("tun0")->index; });
  node.net().run("node", {"ip", "link", "del", "tun0"});
  node.run_script(to_a);
  check_rows(6);
  look(node, [&](const loader::Object& object, const loader::Node&) {
    pcl_interface row{};
    CHECK(::bpf_map_lookup_elem(object.map("ifs"), &gone, &row) != 0);
  });
}

TEST_CASE("ebpf apply.sh: another version of the program takes over maps, interfaces and sockets") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables a = tables_to("10.244.0.5");
  ebpf::Tables b = tables_to("10.244.0.6");
  b.program = std::string(64, '7');
  const ArtefactFolder to_a(a), to_b(b);
  to_a.add_script(a);
  to_b.add_script(b);
  node.run_script(to_a);
  const auto stream = node.net().open("client", *net::Address::parse("10.96.0.20"), 80);
  REQUIRE(stream.answer().server == "a");
  const std::string before = filters(node, "eth0");
  CHECK(has(node.run_script(to_b), "generation 2"));
  CHECK(filters(node, "eth0") != before);
  CHECK(loader::loaded_versions(loader::Pins(node.pins())) == std::vector<std::string>{"1-" + std::string(32, '7')});
  check_tables(node, b);
  CHECK(node.answer("client") == "b");
  CHECK(stream.echo("still there\n"));
  name_namespace(node);
  CHECK(node.answer("node") == "b");
  // Each hook once: the old ones are gone.
  const std::string hooks = node.net().run("node", {"bpftool", "cgroup", "show", node.options().cgroup.value()});
  CHECK(std::ranges::count(hooks, '\n') == 9);

  // A layout that is not ours is left alone.
  ebpf::Tables other = b;
  other.program = a.program;
  const ArtefactFolder back(other);
  back.add_script(other);
  std::string script = back.read("apply.sh");
  const auto place = script.find("\nversion=1-");
  REQUIRE(place != std::string::npos);
  script.replace(place, 11, "\nversion=2-");
  back.write("apply.sh", script);
  back.sum();
  CHECK(has(failure_of(node, back), "its tables have another layout: remove it first"));
  CHECK(node.answer("client") == "b");
}

TEST_CASE("ebpf apply.sh: portcullis sees what it did, takes over, and removes it") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables a = tables_to("10.244.0.5");
  const ArtefactFolder to_a(a);
  to_a.add_script(a);
  node.run_script(to_a);
  const apply::Result seen = node.status(&to_a);
  INFO(told(seen));
  CHECK(seen.status == 1);
  CHECK(has(told(seen), "a table can be written by others"));
  CHECK(has(told(seen), "as apply.sh told it"));
  CHECK(has(told(seen), "it cannot be told whether the socket hooks are attached"));
  CHECK_FALSE(has(told(seen), "different:"));
  CHECK_FALSE(has(told(seen), "missing:"));
  CHECK_FALSE(has(told(seen), "unknown:"));
  REQUIRE(node.apply(to_a).status == 0);
  const apply::Result after = node.status(&to_a);
  INFO(told(after));
  CHECK(after.status == 0);
  CHECK(node.answer("node") == "a");
  // And the other way round: what hangs by a link is not attached once more.
  CHECK(has(node.run_script(to_a), "generation 3"));
  name_namespace(node);
  CHECK(node.answer("node") == "a");
  CHECK(node.answer("client") == "a");
  REQUIRE(node.remove(true).status == 0);
  kernel::check_no_leftovers(node);
  node.run_script(to_a);
  name_namespace(node);
  REQUIRE(node.remove(true).status == 0);
  kernel::check_no_leftovers(node);
}

TEST_CASE("ebpf apply.sh: failures say what and why, and change nothing") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables a = tables_to("10.244.0.5"), b = tables_to("10.244.0.6");
  const ArtefactFolder to_a(a), to_b(b);
  to_a.add_script(a);
  to_b.add_script(b);
  node.run_script(to_a);
  to_b.write("node.pcl", to_b.read("node.pcl") + "# a word\n");
  CHECK(has(failure_of(node, to_b), "is not what SHA256SUMS says: copy the folder again"));
  // The last row of a table does not fit.
  to_b.write("maps.batch", to_b.read("maps.batch") + "map update pinned frontends key hex 00 value hex 00\n");
  to_b.sum();
  CHECK(has(failure_of(node, to_b), "apply: cannot fill the tables: "));
  CHECK(node.answer("client") == "a");
  check_tables(node, a);
  to_b.write("companion.nft", "table inet nonsense {");
  to_b.sum();
  CHECK(has(failure_of(node, to_b), "apply: cannot load companion.nft: "));
  CHECK(node.answer("client") == "a");
  node.run_script(to_a);
  check_tables(node, a);
}

TEST_CASE("ebpf apply.sh: ten thousand Services") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ebpf::Tables many = kernel::many_tables(10000, 10);
  const ArtefactFolder folder(many);
  folder.add_script(many);
  const auto begin = std::chrono::steady_clock::now();
  const std::string said = node.run_script(folder);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  fmt::print("10,000 Services with 10 endpoints each: {:.1f} s, {:.1f} MB of commands; {}", seconds.count(),
             static_cast<double>(folder.read("maps.batch").size()) / 1e6, said);
  check_tables(node, many);
  CHECK(seconds.count() < 60);  // a twentieth of it on an idle machine
}

TEST_CASE("ebpf hooks: where cfg names no namespace, processes of the initial one are served") {
  if (!kernel::permitted() || !is_initial_namespace()) return;
  const kernel::ControlGroup group;
  const kernel::PinFolder folder;
  const Listener listener;
  ebpf::Tables tables = kernel::tables_to("127.0.0.1");
  tables.pools[0].endpoints[0].port = listener.port();
  tables.frontends[0].key.address = net::Address::parse(loopback_frontend);
  const loader::Pins pins(folder.pins());
  pins.make();
  const auto object = loader::Object::load(pins);
  const std::uint32_t slot =
      loader::fill_generation(object, pins, ebpf::entries(tables), {}, {}, [](std::string_view) {});
  loader::switch_to(object, slot);
  pcl_config config{};
  config.layout = PCL_LAYOUT;
  loader::write_value(object.map("cfg"), 0, config);
  CHECK_FALSE(reaches(listener));
  loader::attach_hooks(object, group.path(), pins);
  CHECK(reaches(listener));
  config.netns = ~std::uint64_t{0};  // of nobody
  loader::write_value(object.map("cfg"), 0, config);
  CHECK_FALSE(reaches(listener));
}

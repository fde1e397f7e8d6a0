// The node commands of the eBPF backend: what they refuse, what status tells, what the program is told about the node,
// other versions, and what belongs to others.
#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/ebpf/loader/interfaces.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/loader/object.hpp"
#include "tests/kernel/ebpf_node.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/process.hpp"

namespace {

using namespace portcullis;
using kernel::ArtefactFolder;
using kernel::check_no_leftovers;
using kernel::EbpfNode;
using kernel::filters;
using kernel::has;
using kernel::told;
namespace loader = ebpf::loader;

}  // namespace

TEST_CASE("ebpf apply: what it refuses") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const auto refused = [&](const ArtefactFolder& folder, std::string_view why) {
    const apply::Result result = node.apply(folder);
    INFO(told(result));
    CHECK(result.status == 2);
    REQUIRE(result.complaints.size() == 1);
    CHECK(has(result.complaints.front(), why));
    CHECK_FALSE(std::filesystem::exists(node.pins()));
    CHECK(node.net().run("node", {"nft", "list", "tables"}).empty());
  };
  const ebpf::Tables tables = kernel::tables_to("10.244.0.5");
  SECTION("a text that was cut") {
    const ArtefactFolder folder(tables);
    folder.write("node.pcl", folder.read("node.pcl").substr(0, 200));
    refused(folder, "node.pcl is not what SHA256SUMS says");
    folder.sum();
    refused(folder, "node.pcl:");
  }
  SECTION("another program") {
    ebpf::Tables other = tables;
    other.program = std::string(64, '0');
    refused(ArtefactFolder(other), "was written by another version of portcullis");
  }
  SECTION("a companion that is not there, or that nft does not take") {
    const ArtefactFolder folder(tables);
    std::filesystem::remove(folder.path() + "/companion.nft");
    refused(folder, "cannot read");
    folder.write("companion.nft", "table inet portcullis_ebpf { nonsense }\n");
    folder.sum();
    refused(folder, "nft does not load");
  }
  SECTION("no sums, and no folder of ours") {
    const ArtefactFolder folder(tables);
    std::filesystem::remove(folder.path() + "/SHA256SUMS");
    refused(folder, "SHA256SUMS: No such file");
    std::filesystem::remove(folder.path() + "/node.pcl");
    refused(folder, "holds no node.pcl");
  }
  SECTION("an interface that is not there") {
    const ArtefactFolder folder(tables);
    apply::Options options = node.options();
    options.interfaces = {"nothing0"};
    CHECK(has(told(node.apply(folder, options)), "there is no interface nothing0"));
  }
}

TEST_CASE("ebpf apply: not as root") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder folder(kernel::tables_to("10.244.0.5"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    apply::Result result;
    node.net().within("node", [&] {
      if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(99);
      result = apply::apply(folder.path(), node.options());
      const std::string text = told(result);
      if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(98);
      ::_exit(result.status);
    });
  }
  ::close(ends[1]);
  std::array<char, 1024> buffer{};
  const auto length = ::read(ends[0], buffer.data(), buffer.size());
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const std::string text(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  INFO(text);
  CHECK(WEXITSTATUS(status) == 2);
  CHECK(has(text, "run this as root"));
}

TEST_CASE("ebpf attach: an interface that came later") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  CHECK(node.attach("eth0").status == 2);  // nothing is loaded yet
  REQUIRE(node.apply(to_a).status == 0);
  node.net().add("late");
  node.net().cable({"node", "eth9", {"10.9.0.1/24"}}, {"late", "eth0", {"10.9.0.9/24"}});
  node.net().route("late", "default via 10.9.0.1");
  const apply::Result uncovered = node.status(&to_a);
  INFO(told(uncovered));
  CHECK(uncovered.status == 1);
  CHECK(has(uncovered.out, "eth9 is not covered"));
  CHECK(has(uncovered.out, "the tables do not know the node's address 10.9.0.1"));
  CHECK(node.answer("late", 500).empty());
  CHECK(node.attach("eth9").status == 0);
  CHECK(node.answer("late") == "a");
  CHECK_FALSE(has(node.status(&to_a).out, "eth9 is not covered"));
  REQUIRE(node.apply(to_a).status == 0);  // and the address
  const apply::Result covered = node.status(&to_a);
  INFO(told(covered));
  CHECK(covered.status == 0);
  CHECK(node.attach("lo").status == 2);
  CHECK(node.attach("eth99").status == 2);
}

TEST_CASE("ebpf status: drift") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  REQUIRE(node.apply(to_a).status == 0);
  const auto problem = [&](std::string_view what) {
    const apply::Result state = node.status(&to_a);
    INFO(told(state));
    CHECK(state.status == 1);
    CHECK(has(state.out, what));
  };
  SECTION("a table that somebody has put into the slot") {
    const auto object = loader::Object::open(loader::Pins(node.pins()));
    ebpf::Tables other = kernel::tables_to("10.244.0.5");
    other.frontends.front().key.port = 81;
    const auto table = ebpf::TableId::frontends;
    const auto map = loader::make_frozen(table, ebpf::entries(other).of(table));
    loader::put_in_slot(object.table(table), 1, map.get());
    problem("missing: route tcp 10.96.0.20:80");
    problem("unknown: route tcp 10.96.0.20:81");
  }
  SECTION("the companion") {
    node.net().run("node", {"nft", "delete", "table", "inet", "portcullis_ebpf"});
    problem("table inet portcullis_ebpf is gone");
  }
  SECTION("a filter") {
    node.net().run("node", {"tc", "qdisc", "del", "dev", "eth0", "clsact"});
    problem("eth0 is not covered");
  }
  SECTION("a hook") {
    std::filesystem::remove(node.pins() + "/link/pcl_c4");
    problem("pcl_c4 is not attached");
  }
  SECTION("an address") {
    node.net().run("node", {"ip", "address", "add", "10.1.0.77/24", "dev", "eth0"});
    problem("the tables do not know the node's address 10.1.0.77");
    node.net().run("node", {"ip", "address", "del", "10.1.0.2/24", "dev", "eth0"});
    problem("10.1.0.2 for an address of this node, which has it not");
    problem("addresses of eth0 have changed");
  }
  // What apply is for.
  const apply::Result applied = node.apply(to_a);
  INFO(told(applied));
  CHECK(applied.status == 0);
  const apply::Result state = node.status(&to_a);
  INFO(told(state));
  CHECK(state.status == 0);
}

TEST_CASE("ebpf apply and remove: filters and tables of others stay as they are") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  node.net().run("node", {"tc", "qdisc", "add", "dev", "eth0", "clsact"});
  for (const char* direction : {"ingress", "egress"})
    node.net().run("node", {"tc", "filter", "add", "dev", "eth0", direction, "prio", "7", "protocol", "ip", "u32",
                            "match", "ip", "dst", "203.0.113.1/32", "flowid", "1:1"});
  node.net().run("node", {"nft", "-f", "-"},
                 "table inet foreign { set s { type ipv4_addr; elements = { 203.0.113.9 } }\n"
                 "chain input { type filter hook input priority 0; ip saddr @s drop; }; }\n");
  const auto theirs = [&] {
    return node.net().run("node", {"nft", "list", "table", "inet", "foreign"}) +
           node.net().run("node", {"tc", "filter", "show", "dev", "eth0", "egress"}) +
           node.net().run("node", {"tc", "filter", "show", "dev", "eth0", "ingress", "prio", "7"});
  };
  const std::string before = theirs();
  REQUIRE(node.apply(to_a).status == 0);
  CHECK(node.answer("client") == "a");
  CHECK(theirs() == before);
  REQUIRE(node.remove(true).status == 0);
  CHECK(theirs() == before);
  CHECK(has(node.net().run("node", {"tc", "qdisc", "show", "dev", "eth0"}), "clsact"));
  CHECK_FALSE(has(node.net().run("node", {"tc", "qdisc", "show", "dev", "veth-a"}), "clsact"));
}

TEST_CASE("ebpf apply: somebody else's filter in our place is not replaced") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  REQUIRE(node.apply(to_a).status == 0);
  node.net().run("node", {"tc", "qdisc", "del", "dev", "veth-b", "clsact"});
  node.net().run("node", {"tc", "qdisc", "add", "dev", "veth-b", "clsact"});
  node.net().run("node", {"tc", "filter", "add", "dev", "veth-b", "ingress", "prio", "20547", "protocol", "all", "u32",
                          "match", "u32", "0", "0", "flowid", "1:1"});
  const std::string before = filters(node, "veth-b");
  const apply::Result applied = node.apply(to_a);
  INFO(told(applied));
  CHECK(applied.status == 2);
  CHECK(has(told(applied), "veth-b"));
  CHECK(filters(node, "veth-b") == before);
}

TEST_CASE("ebpf apply: another version of the program") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  REQUIRE(node.apply(to_a).status == 0);
  const std::string ours = node.pins() + "/prog/" + loader::version();
  const auto stream = node.net().open("client", *net::Address::parse("10.96.0.20"), 80);
  REQUIRE(stream.answer().server == "a");
  SECTION("of the same layout: its maps and places are taken over") {
    std::filesystem::rename(ours, node.pins() + "/prog/1-0000");
    std::filesystem::rename(node.pins() + "/link/pcl_c4", node.pins() + "/link/pcl_old");
    const std::string before = filters(node, "eth0");
    const apply::Result state = node.status(&to_a);
    INFO(told(state));
    CHECK(has(state.out, "another version of portcullis is loaded"));
    const apply::Result applied = node.apply(to_b);
    INFO(told(applied));
    REQUIRE(applied.status == 0);
    CHECK(filters(node, "eth0") != before);
    CHECK_FALSE(std::filesystem::exists(node.pins() + "/prog/1-0000"));
    CHECK_FALSE(std::filesystem::exists(node.pins() + "/link/pcl_old"));
    const apply::Result after = node.status(&to_b);
    INFO(told(after));
    CHECK(after.status == 0);
    CHECK(node.answer("client") == "b");
    CHECK(node.answer("node") == "b");
    CHECK(stream.echo("still there\n"));
    CHECK(node.roll_back().status == 0);  // tables that the other version read
    CHECK(node.answer("client") == "a");
  }
  SECTION("of another layout: refused") {
    std::filesystem::rename(ours, node.pins() + "/prog/0-0000");
    const apply::Result applied = node.apply(to_b);
    INFO(told(applied));
    CHECK(applied.status == 2);
    CHECK(has(told(applied), "run `portcullis remove` first"));
    CHECK(node.answer("client") == "a");
    CHECK(node.roll_back().status == 2);
    CHECK(node.status(nullptr).status == 2);
  }
  CHECK(node.remove(true).status == 0);
  check_no_leftovers(node);
}

TEST_CASE("ebpf remove: a folder that is none of ours") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  std::filesystem::create_directory(node.pins());
  std::filesystem::create_directory(node.pins() + "/link");
  const apply::Result removed = node.remove(true);
  INFO(told(removed));
  CHECK(removed.status == 2);
  CHECK(has(told(removed), "is no folder of portcullis"));
  CHECK(std::filesystem::exists(node.pins() + "/link"));
}

TEST_CASE("ebpf remove: what somebody else has pinned beside ours stays") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  REQUIRE(node.apply(to_a).status == 0);
  std::filesystem::create_directory(node.pins() + "/theirs");
  const apply::Result removed = node.remove(true);
  INFO(told(removed));
  CHECK(removed.status == 2);
  CHECK(has(told(removed), "holds theirs"));
  CHECK(std::filesystem::exists(node.pins() + "/theirs"));
  std::filesystem::remove(node.pins() + "/theirs");
  CHECK(node.remove(true).status == 0);
  check_no_leftovers(node);
}

TEST_CASE("ebpf: the static program") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  const auto run = [&](std::vector<std::string> words) {
    kernel::Ran ran;
    words.insert(words.begin(), PORTCULLIS_NODE_PROGRAM);
    words.insert(words.end(), {"--pins", node.pins()});
    if (words[1] == "apply") words.insert(words.end(), {"--cgroup", *node.options().cgroup});
    node.net().within("node", [&] { ran = kernel::run(words); });
    return ran;
  };
  const kernel::Ran fresh = run({"status"});
  CHECK(fresh.status == 1);
  CHECK(fresh.err.empty());
  CHECK(run({"remove"}).err.empty());
  const kernel::Ran applied = run({"apply", to_a.path()});
  INFO(applied.out << applied.err);
  REQUIRE(applied.status == 0);
  CHECK(applied.err.empty());
  CHECK(node.answer("client") == "a");
  CHECK(run({"status", to_a.path()}).status == 0);
  CHECK(run({"status", to_b.path()}).status == 1);
  const kernel::Ran json = run({"status", to_b.path(), "-o", "json"});
  CHECK(json.status == 1);
  CHECK(has(json.out, "\"schema\": \"portcullis/status/1\""));
  CHECK(has(json.out, "\"what\": \"different\""));
  CHECK(run({"rollback"}).status == 1);
  CHECK(run({"apply", to_b.path()}).status == 0);
  CHECK(node.answer("client") == "b");
  CHECK(run({"rollback"}).status == 0);
  CHECK(node.answer("client") == "a");
  CHECK(run({"attach", "veth-a"}).status == 0);
  const kernel::Ran nowhere = run({"attach", "nothing0"});
  CHECK(nowhere.status == 2);
  CHECK(nowhere.err == "portcullis: there is no interface nothing0\n");
  CHECK(run({"apply", "/nonexistent"}).status == 2);
  CHECK(run({"apply"}).status == 64);
  const kernel::Ran removed = run({"remove", "--now"});
  CHECK(removed.status == 0);
  CHECK(removed.err.empty());
  check_no_leftovers(node);
}

TEST_CASE("ebpf probe: this kernel") {
  if (!kernel::permitted()) return;
  const apply::Result text = apply::probe(false), json = apply::probe(true);
  INFO(told(text));
  CHECK(text.status == 0);
  CHECK(has(text.out, "the kernel takes the program"));
  CHECK(has(json.out, "\"schema\": \"portcullis/probe/1\""));
}

TEST_CASE("ebpf apply: what the program is told about interfaces") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  node.net().run("node", {"ip", "-batch", "-"},
                 "tuntap add dev tun0 mode tun\naddress add 10.8.0.1/24 dev tun0\nlink add br0 type bridge\n"
                 "link add port0 type veth peer name port9\nlink set port0 master br0\n");
  ebpf::Tables tables = kernel::tables_to("10.244.0.5");
  tables.pod_interface = ebpf::PodInterface{"veth-", true};
  const ArtefactFolder folder(tables);
  const apply::Result applied = node.apply(folder);
  INFO(told(applied));
  REQUIRE(applied.status == 0);
  for (const char* name : {"eth0", "veth-a", "veth-b", "tun0", "br0", "port9"}) CHECK(has(applied.out, name));
  CHECK_FALSE(has(applied.out, "port0"));
  const auto object = loader::Object::open(loader::Pins(node.pins()));
  const auto row = [&](const char* name) {
    pcl_interface out{};
    node.net().within("node", [&] {
      const loader::Node seen = loader::look_at_node();
      out = loader::read_value<pcl_interface>(object.map("ifs"), seen.find(std::string(name))->index);
    });
    return out;
  };
  const auto masquerade = [](const pcl_interface& of) { return ebpf::to_address(of.masquerade4).text(); };
  CHECK(row("eth0").flags == 0);
  CHECK(masquerade(row("eth0")) == "10.1.0.2");
  CHECK(row("veth-a").flags == PCL_INTERFACE_POD);
  CHECK(masquerade(row("veth-a")) == "10.244.0.1");
  CHECK(masquerade(row("veth-b")) == "10.1.0.2");  // it has no address: the node's first one
  CHECK(row("tun0").flags == PCL_INTERFACE_NO_LINK);
  CHECK(masquerade(row("tun0")) == "10.8.0.1");
  CHECK(row("br0").flags == PCL_INTERFACE_BRIDGE);
  CHECK(filters(node, "port0").empty());  // its packets are seen at the bridge
  const auto config = loader::read_value<pcl_config>(object.map("cfg"), 0);
  CHECK(ebpf::to_address(config.address4).text() == "10.1.0.2");
  CHECK(config.layout == PCL_LAYOUT);
  CHECK(config.netns != 0);
}

TEST_CASE("ebpf apply: node ports on an address that only the node knows of") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  ebpf::Tables tables = kernel::tables_to("10.244.0.5");
  ebpf::Frontend node_port = tables.frontends.front();
  node_port.key = {.address = {}, .scope = 1, .protocol = net::Protocol::tcp, .port = 30080};
  tables.frontends.push_back(node_port);
  std::ranges::sort(tables.frontends, {}, &ebpf::Frontend::key);
  tables.others_scope[static_cast<std::size_t>(net::Family::ipv4)] = 1;
  node.net().run("node", {"ip", "address", "add", "10.1.0.77/24", "dev", "eth0"});
  const ArtefactFolder folder(tables);
  REQUIRE(node.apply(folder).status == 0);
  const auto ask = [&](const char* address) {
    return node.net().ask("client", net::Protocol::tcp, *net::Address::parse(address), 30080);
  };
  CHECK(ask("10.1.0.77").server == "a");
  CHECK(ask("10.1.0.2").outcome == kernel::Answer::Outcome::refused);  // named, and takes no node ports
  const apply::Result state = node.status(&folder);
  INFO(told(state));
  CHECK(state.status == 0);
}

TEST_CASE("ebpf apply: stale UDP flows are forgotten, and no other") {
  if (!kernel::permitted()) return;
  if (!kernel::has_program("conntrack")) {
    fmt::print("SKIPPED: there is no conntrack tool\n");
    return;
  }
  EbpfNode node;
  ebpf::Tables tables = kernel::tables_to("10.244.0.5");
  const auto at = [](const char* text) { return net::Address::parse(text).value(); };
  tables.cleanup = {
      {.dst = at("10.96.0.53"), .port = 53, .keep = {{at("10.244.0.5"), 5353}}, .owner = "default/dns:53"},
      {.dst = {}, .port = 30053, .keep = {{at("10.244.0.5"), 5353}}, .owner = "default/dns:53"},
      {.dst = at("10.96.0.54"), .port = 53, .keep = {}, .owner = "default/none:53"},
      {.dst = at("fd96::53"), .port = 53, .keep = {{at("fd44::5"), 5353}}, .owner = "default/dns:53"}};
  const ArtefactFolder folder(tables);
  struct Entry {
    const char* protocol;
    const char* to;
    const char* port;
    const char* from;
    const char* from_port;
    bool stays;
  };
  const std::vector<Entry> entries{
      {"udp", "10.96.0.53", "53", "10.244.0.5", "5353", true},
      {"udp", "10.96.0.53", "53", "10.244.9.9", "5353", false},
      {"udp", "10.96.0.53", "53", "10.244.0.5", "53", false},
      {"udp", "10.96.0.53", "54", "10.244.9.9", "5353", true},
      {"tcp", "10.96.0.53", "53", "10.244.9.9", "5353", true},
      {"udp", "10.96.0.54", "53", "10.244.9.9", "5353", true},
      {"udp", "10.1.0.2", "30053", "10.244.9.9", "5353", false},
      {"udp", "10.1.0.2", "30053", "10.244.0.5", "5353", true},
      {"udp", "fd96::53", "53", "fd44::9", "5353", false},
      {"udp", "fd96::53", "53", "fd44::5", "5353", true},
      {"udp", "2001:db8::1", "30053", "fd44::9", "5353", true},  // no node port of that family is known
  };
  const auto source = [](const Entry& entry) {
    return std::string(entry.to).find(':') == std::string::npos ? "203.0.113.7" : "2001:db8::7";
  };
  int port = 40000;
  for (const Entry& entry : entries) {
    std::vector<std::string> words{"conntrack",
                                   "-I",
                                   "-p",
                                   entry.protocol,
                                   "-t",
                                   "600",
                                   "-s",
                                   source(entry),
                                   "-d",
                                   entry.to,
                                   "--sport",
                                   std::to_string(port),
                                   "--dport",
                                   entry.port,
                                   "-r",
                                   entry.from,
                                   "-q",
                                   source(entry),
                                   "--reply-port-src",
                                   entry.from_port,
                                   "--reply-port-dst",
                                   std::to_string(port)};
    if (std::string(entry.protocol) == "tcp") words.insert(words.end(), {"--state", "ESTABLISHED"});
    node.net().run("node", words);
    ++port;
  }
  const apply::Result applied = node.apply(folder);
  INFO(told(applied));
  REQUIRE(applied.status == 0);
  CHECK(has(applied.out, "forgot 4 stale UDP flows"));
  const std::string listing =
      node.net().run("node", {"conntrack", "-L"}) + node.net().run("node", {"conntrack", "-L", "-f", "ipv6"});
  port = 40000;
  for (const Entry& entry : entries) {
    INFO(entry.protocol << " " << entry.to << ":" << entry.port << " from " << entry.from);
    CHECK(has(listing, fmt::format("sport={} ", port)) == entry.stays);
    ++port;
  }
}

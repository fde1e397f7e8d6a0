// The eBPF backend on a node, with real connections: what each command does, and what it leaves alone.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kernel/ebpf_node.hpp"
#include "tests/kernel/permitted.hpp"

namespace {

using namespace portcullis;
using kernel::ArtefactFolder;
using kernel::check_no_leftovers;
using kernel::EbpfNode;
using kernel::filters;
using kernel::has;
using kernel::told;

// Applies in a process that ends itself before the step of this number. False when there was no such step.
bool apply_and_die(EbpfNode& node, const ArtefactFolder& folder, int step) {
  const pid_t child = ::fork();
  if (child == 0) {
    apply::Options options = node.options();
    int left = step;
    options.step = [&](std::string_view) {
      if (left-- == 0) ::kill(::getpid(), SIGKILL);
    };
    const int status = node.apply(folder, options).status;
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return true;
  CHECK(WEXITSTATUS(status) == 0);
  return false;
}

// The same, from outside at any time.
void apply_and_be_killed(EbpfNode& node, const ArtefactFolder& folder, std::chrono::microseconds after) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(node.apply(folder).status);
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
}

}  // namespace

TEST_CASE("ebpf apply: from outside, from a pod, from the node itself") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  const apply::Result applied = node.apply(to_a);
  INFO(told(applied));
  REQUIRE(applied.status == 0);
  CHECK(has(applied.out, "interfaces: eth0, veth-a, veth-b"));
  const auto outside = node.net().ask("client", net::Protocol::tcp, *net::Address::parse("10.96.0.20"), 80);
  CHECK(outside.server == "a");
  CHECK(outside.seen.text() == "10.244.0.1");  // masqueraded with the address of the interface it left by
  const auto pod = node.net().ask("pod-b", net::Protocol::tcp, *net::Address::parse("10.96.0.20"), 80);
  CHECK(pod.server == "a");
  CHECK(pod.seen.text() == "10.244.0.6");
  CHECK(node.answer("node") == "a");
  const apply::Result state = node.status(&to_a);
  INFO(told(state));
  CHECK(state.status == 0);
  CHECK(has(state.out, "generation 1: 1 frontends, 1 pools, 1 endpoints"));
}

TEST_CASE("ebpf apply: an update and a roll back under a live stream") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  REQUIRE(node.apply(to_a).status == 0);
  const auto stream = node.net().open("client", *net::Address::parse("10.96.0.20"), 80);
  REQUIRE(stream.answer().server == "a");
  const apply::Result twice = node.apply(to_a);
  INFO(told(twice));
  CHECK(has(twice.out, "was active already"));
  REQUIRE(node.apply(to_b).status == 0);
  CHECK(node.answer("client") == "b");
  CHECK(node.answer("node") == "b");
  CHECK(stream.echo("still there\n"));
  CHECK(node.status(&to_b).status == 0);
  CHECK(node.roll_back().status == 0);
  CHECK(node.answer("client") == "a");
  CHECK(stream.echo("and still\n"));
  const apply::Result state = node.status(&to_b);
  CHECK(state.status == 1);
  CHECK(has(state.out, "different: pool 0 default/web:80 tcp { 10.244.0.6:8080 }"));
  CHECK(has(state.out, "node: pool 0 default/web:80 tcp { 10.244.0.5:8080 }"));
  const apply::Result again = node.roll_back();
  CHECK(again.status == 1);
  CHECK(has(told(again), "nothing to roll back to"));
  CHECK(node.answer("client") == "a");
  // More updates than there are slots.
  for (int i = 0; i < 6; ++i) REQUIRE(node.apply(i % 2 == 0 ? to_b : to_a).status == 0);
  CHECK(node.answer("client") == "a");
  CHECK(node.roll_back().status == 0);
  CHECK(node.answer("client") == "b");
  CHECK(stream.echo("to the end\n"));
}

TEST_CASE("ebpf remove: flows go on, and nothing is left") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5"));
  REQUIRE(node.apply(to_a).status == 0);
  {
    const auto stream = node.net().open("client", *net::Address::parse("10.96.0.20"), 80);
    REQUIRE(stream.answer().server == "a");
    const apply::Result removed = node.remove(false);
    INFO(told(removed));
    CHECK(removed.status == 0);
    CHECK(has(told(removed), "the companion ruleset stays while 1 translated flows go on"));
    CHECK(stream.echo("still there\n"));
    CHECK(has(node.net().run("node", {"nft", "list", "tables"}), "portcullis_ebpf"));
    CHECK(filters(node, "eth0").empty());
    CHECK_FALSE(std::filesystem::exists(node.pins()));
  }
  CHECK(node.remove(true).status == 0);
  check_no_leftovers(node);
  const apply::Result state = node.status(&to_a);
  CHECK(state.status == 1);
  CHECK(has(state.out, "nothing is loaded"));
  CHECK(node.remove(true).out == "nothing was loaded\n");
  // And again from nothing.
  REQUIRE(node.apply(to_a).status == 0);
  CHECK(node.answer("client") == "a");
  CHECK(node.remove(true).status == 0);
  check_no_leftovers(node);
}

TEST_CASE("ebpf apply: killed before each step, the next one makes good") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  int first = 0;
  for (; apply_and_die(node, to_a, first); ++first) {
    INFO("first apply, step " << first);
    const apply::Result applied = node.apply(to_a);
    INFO(told(applied));
    REQUIRE(applied.status == 0);
    const apply::Result state = node.status(&to_a);
    INFO(told(state));
    CHECK(state.status == 0);
    CHECK(node.answer("client") == "a");
    REQUIRE(node.remove(true).status == 0);
    check_no_leftovers(node);
  }
  CHECK(first > 12);
  REQUIRE(node.apply(to_a).status == 0);
  bool now_a = true;
  int later = 0;
  for (; apply_and_die(node, now_a ? to_b : to_a, later); ++later) {
    INFO("update, step " << later);
    // Either the old tables or the new ones, and whole.
    const std::string answer = node.answer("client");
    CHECK((answer == "a" || answer == "b"));
    REQUIRE(node.apply(now_a ? to_b : to_a).status == 0);
    now_a = !now_a;
    CHECK(node.answer("client") == (now_a ? "a" : "b"));
    const apply::Result state = node.status(now_a ? &to_a : &to_b);
    INFO(told(state));
    CHECK(state.status == 0);
  }
  CHECK(later > 12);
}

TEST_CASE("ebpf apply: killed at any time") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  for (int i = 0; i < 12; ++i) {
    const bool to_first = i % 2 == 0;
    apply_and_be_killed(node, to_first ? to_b : to_a, std::chrono::milliseconds(10 + i * 20));
    REQUIRE(node.apply(to_first ? to_a : to_b).status == 0);
    INFO("round " << i);
    CHECK(node.answer("client") == (to_first ? "a" : "b"));
    const apply::Result state = node.status(to_first ? &to_a : &to_b);
    INFO(told(state));
    CHECK(state.status == 0);
  }
}

TEST_CASE("ebpf apply: a generation that an update has left half made is nothing to roll back to") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder to_a(kernel::tables_to("10.244.0.5")), to_b(kernel::tables_to("10.244.0.6"));
  for (int i = 0; i < 4; ++i) REQUIRE(node.apply(i % 2 == 0 ? to_a : to_b).status == 0);
  // The slot behind the active one is the oldest one: it dies half filled.
  REQUIRE(apply_and_die(node, to_a, 6));
  CHECK(node.answer("client") == "b");
  int steps_back = 0;
  while (node.roll_back().status == 0) ++steps_back;
  CHECK(steps_back == 2);
  CHECK(node.answer("client") == "b");
}

TEST_CASE("ebpf apply: ten thousand Services") {
  if (!kernel::permitted()) return;
  EbpfNode node;
  const ArtefactFolder first(kernel::many_tables(10000, 10)), second(kernel::many_tables(9999, 10));
  REQUIRE(node.apply(first).status == 0);
  const auto begin = std::chrono::steady_clock::now();
  const apply::Result applied = node.apply(second);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  INFO(told(applied));
  REQUIRE(applied.status == 0);
  fmt::print("10,000 Services with 10 endpoints each: {:.2f} s; {}", seconds.count(), applied.out);
  CHECK(seconds.count() < 3.0);  // a tenth of it on an idle machine
  const apply::Result state = node.status(&second);
  INFO(told(state));
  CHECK(state.status == 0);
}

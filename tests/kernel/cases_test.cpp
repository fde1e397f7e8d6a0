// Every case of the reference, as rulesets of ours with real packets: all backends, both dialects, both families.
#include "tests/cases/cases.hpp"

#include <algorithm>
#include <chrono>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/kernel/dumps.hpp"
#include "tests/kernel/exceptions.hpp"
#include "tests/kernel/judge.hpp"
#include "tests/kernel/ours.hpp"
#include "tests/kernel/permitted.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/kernel/tally.hpp"

namespace {

using namespace portcullis;
using cases::Dialect;

const char* const case_files[] = {"service-cases.yaml", "kube-proxy-fates.yaml"};

class CaseRun {
 public:
  CaseRun(const kernel::Backend& backend, kernel::Tally& tally) : backend_(backend), tally_(tally) {}

  void run(const cases::Case& item, Dialect dialect) {
    if (std::ranges::none_of(item.rows, [&](const cases::Row& row) { return row.expect(dialect).has_value(); })) {
      unasked_ += item.rows.size();
      return;
    }
    const auto programs = kernel::compile(item.id, item.manifests(dialect), item.environment.node_name);
    REQUIRE(programs->cluster().profile.dialect == dialect);
    kernel::LoadedNode loaded(backend_, *programs, item.environment.forward_drop);
    for (std::size_t i = 0; i < item.rows.size(); ++i) run(loaded.node(), item, i, dialect);
  }

  // Rows that say nothing about the dialect.
  [[nodiscard]] std::size_t unasked() const { return unasked_; }

 private:
  void run(kernel::Namespace& node, const cases::Case& item, std::size_t index, Dialect dialect) {
    const auto& row = item.rows[index];
    const auto& expected = row.expect(dialect);
    if (!expected) {
      ++unasked_;
      return;
    }
    const auto where = fmt::format("case {}, row {} (line {}), {} in dialect {}", item.id, index + 1, row.line,
                                   backend_.name, cases::name(dialect));
    if (const auto why = beyond(row.packet); !why.empty()) {
      fmt::print("{}: not sent: {}\n", where, why);
      tally_.skipped(backend_.name, why);
      return;
    }
    const cases::Expectation seen = as_seen(row.packet, *expected);
    if (seen.text() != expected->text()) fmt::print("{}: D1: {} is seen as {}\n", where, expected->text(), seen.text());
    const auto disagreement = kernel::check(node, row.packet, seen, row.sticky);
    const auto exception = std::ranges::find_if(exceptions_, [&](const kernel::Exception& e) {
      return e.case_id == item.id && e.row == index + 1 && e.backend == backend_.name && e.dialect == dialect;
    });
    if (exception != exceptions_.end()) {
      if (disagreement)
        tally_.skipped(backend_.name, exception->reason);
      else
        FAIL_CHECK("exceptions.txt:" << exception->line << " is stale: " << where << " agrees");
      return;
    }
    tally_.ran(backend_.name, dialect, row.packet.family(), !disagreement);
    if (disagreement) FAIL_CHECK(where << ": " << *disagreement);
  }

  [[nodiscard]] std::string beyond(const net::Packet& packet) const {
    return backend_.programs ? kernel::beyond_programs(packet) : std::string();
  }
  [[nodiscard]] cases::Expectation as_seen(const net::Packet& packet, cases::Expectation expected) const {
    if (backend_.programs && kernel::keeps_its_source(packet)) {
      for (cases::Target& target : expected.to) target.masquerade = false;
    }
    return expected;
  }

  const kernel::Backend& backend_;
  kernel::Tally& tally_;
  std::size_t unasked_ = 0;
  std::vector<kernel::Exception> exceptions_ = kernel::read_exceptions(PORTCULLIS_KERNEL_EXCEPTIONS);
};

void run(const std::string& file, const std::string& backend_name, Dialect dialect) {
  if (!kernel::permitted() || !kernel::reference_is_here()) return;
  const auto& backend = kernel::backend(backend_name);
  if (const auto why = backend.why_not(); !why.empty()) {
    fmt::print("SKIPPED: {}: {}\n", backend_name, why);
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  kernel::Tally tally;
  CaseRun run(backend, tally);
  for (const auto& item : cases::read((kernel::reference() / file).string()).cases) run.run(item, dialect);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  tally.print(fmt::format("{}, {:.1f} s, {} rows are about the other dialect only:", file, seconds, run.unasked()));
}

}  // namespace

// One test a file, backend and dialect, so that they run beside each other.
TEST_CASE("service-cases by nftables in dialect nftables") {
  run(case_files[0], "nftables", Dialect::nftables);
}
TEST_CASE("service-cases by nftables in dialect iptables") {
  run(case_files[0], "nftables", Dialect::iptables);
}
TEST_CASE("service-cases by iptables-legacy in dialect nftables") {
  run(case_files[0], "iptables-legacy", Dialect::nftables);
}
TEST_CASE("service-cases by iptables-legacy in dialect iptables") {
  run(case_files[0], "iptables-legacy", Dialect::iptables);
}
TEST_CASE("service-cases by iptables-nft in dialect nftables") {
  run(case_files[0], "iptables-nft", Dialect::nftables);
}
TEST_CASE("service-cases by iptables-nft in dialect iptables") {
  run(case_files[0], "iptables-nft", Dialect::iptables);
}
TEST_CASE("kube-proxy-fates by nftables in dialect nftables") {
  run(case_files[1], "nftables", Dialect::nftables);
}
TEST_CASE("kube-proxy-fates by nftables in dialect iptables") {
  run(case_files[1], "nftables", Dialect::iptables);
}
TEST_CASE("kube-proxy-fates by iptables-legacy in dialect nftables") {
  run(case_files[1], "iptables-legacy", Dialect::nftables);
}
TEST_CASE("kube-proxy-fates by iptables-legacy in dialect iptables") {
  run(case_files[1], "iptables-legacy", Dialect::iptables);
}
TEST_CASE("kube-proxy-fates by iptables-nft in dialect nftables") {
  run(case_files[1], "iptables-nft", Dialect::nftables);
}
TEST_CASE("kube-proxy-fates by iptables-nft in dialect iptables") {
  run(case_files[1], "iptables-nft", Dialect::iptables);
}

TEST_CASE("service-cases by ebpf in dialect nftables") {
  run(case_files[0], "ebpf", Dialect::nftables);
}
TEST_CASE("service-cases by ebpf in dialect iptables") {
  run(case_files[0], "ebpf", Dialect::iptables);
}
TEST_CASE("kube-proxy-fates by ebpf in dialect nftables") {
  run(case_files[1], "ebpf", Dialect::nftables);
}
TEST_CASE("kube-proxy-fates by ebpf in dialect iptables") {
  run(case_files[1], "ebpf", Dialect::iptables);
}

TEST_CASE("every exception names a row and a backend") {
  if (!kernel::reference_is_here()) return;
  std::vector<cases::CaseFile> files;
  for (const char* file : case_files) files.push_back(cases::read((kernel::reference() / file).string()));
  for (const auto& exception : kernel::read_exceptions(PORTCULLIS_KERNEL_EXCEPTIONS)) {
    INFO("exceptions.txt:" << exception.line);
    CHECK_NOTHROW(kernel::backend(exception.backend));
    CHECK_FALSE(exception.reason.empty());
    const cases::Case* item = nullptr;
    for (const auto& file : files)
      if (const auto* found = file.find(exception.case_id); found != nullptr) item = found;
    REQUIRE(item != nullptr);
    REQUIRE(exception.row <= item->rows.size());
    CHECK(item->rows[exception.row - 1].expect(exception.dialect).has_value());
  }
}

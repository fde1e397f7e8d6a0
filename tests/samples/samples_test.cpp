#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/policy/parse.hpp"
#include "compiler/trace/trace.hpp"

namespace portcullis {

namespace {

namespace fs = std::filesystem;

struct Row {
  std::size_t line = 0;
  std::string node;  // empty: where the packet enters the cluster
  net::Packet packet;
  std::string nftables, iptables;  // expected
};

// `[node] tcp from A to B:port => FATE`, FATE perhaps `nftables: X | iptables: Y`.
Row parse(const std::string& text, std::size_t number) {
  Row row;
  row.line = number;
  const std::size_t close = text.find(']');
  const std::size_t arrow = text.find(" => ");
  REQUIRE(text.front() == '[');
  REQUIRE(close != std::string::npos);
  REQUIRE(arrow != std::string::npos);
  row.node = text.substr(1, close - 1);
  if (row.node == "-") row.node.clear();
  const auto words = base::split(base::trim(std::string_view(text).substr(close + 1, arrow - close - 1)), ' ');
  REQUIRE(words.size() == 5);
  REQUIRE(words[1] == "from");
  REQUIRE(words[3] == "to");
  std::string protocol(words[0]);
  std::ranges::transform(protocol, protocol.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  row.packet.protocol = net::parse_protocol(protocol).value();
  row.packet.src = net::Address::parse(words[2]).value();
  const std::size_t colon = words[4].rfind(':');
  REQUIRE(colon != std::string_view::npos);
  row.packet.dst = net::Address::parse(words[4].substr(0, colon)).value();
  const std::string_view port = words[4].substr(colon + 1);
  REQUIRE(std::from_chars(port.data(), port.data() + port.size(), row.packet.dport).ec == std::errc{});
  const std::string fate = text.substr(arrow + 4);
  row.nftables = row.iptables = fate;
  if (fate.starts_with("nftables: ")) {
    const std::size_t bar = fate.find(" | iptables: ");
    REQUIRE(bar != std::string::npos);
    row.nftables = fate.substr(10, bar - 10);
    row.iptables = fate.substr(bar + 13);
  }
  return row;
}

std::vector<Row> read_rows(const fs::path& path) {
  std::ifstream file(path);
  std::vector<Row> rows;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    if (!text.empty() && text.front() != '#') {
      CAPTURE(path.string(), number, text);
      rows.push_back(parse(text, number));
    }
  }
  return rows;
}

std::string answer(trace::Tracer& tracer, const Row& row) {
  net::Packet packet = row.packet;
  packet.from = tracer.infer_from(packet.src, row.node);
  const trace::Trace told = tracer.trace(packet, row.node);
  std::string text = ir::text(told.fate);
  if (told.after) text += fmt::format(", {}", to_string(*told.after));
  return text;
}

void check_sample(const fs::path& folder) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read({folder.string()}, {}, sources, diagnostics);
  cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
  for (const base::Diagnostic& d : diagnostics.all()) {
    CAPTURE(d.code, d.message);
    CHECK(d.severity != base::Severity::error);
  }
  const std::vector<Row> rows = read_rows(folder / "packets.txt");
  CHECK_FALSE(rows.empty());
  for (const cluster::Dialect dialect : {cluster::Dialect::nftables, cluster::Dialect::iptables}) {
    cluster.profile.dialect = dialect;
    trace::Tracer tracer(cluster);
    for (const Row& row : rows) {
      CAPTURE(folder.string(), row.line, row.packet.text(), to_string(dialect));
      CHECK(answer(tracer, row) == (dialect == cluster::Dialect::nftables ? row.nftables : row.iptables));
    }
  }
}

// Every policy of a folder, bound to the folder's manifests: nothing is wrong with it, and it asks something.
void check_policies(const fs::path& folder) {
  base::SourceMap sources;
  base::Diagnostics about_manifests;
  const manifest::Input input = manifest::read({folder.string()}, {}, sources, about_manifests);
  const cluster::Cluster cluster = cluster::resolve(input, {}, about_manifests).cluster;
  CHECK_FALSE(about_manifests.has_errors());
  base::Diagnostics diagnostics;
  std::vector<policy::SyntaxTree> trees;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".policy") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    trees.push_back(policy::parse(sources.add(entry.path().string(), text), sources, diagnostics));
  }
  using namespace std::chrono;
  const policy::Bound bound =
      policy::bind(trees, input, cluster, sources, year_month_day{year{2026}, November, day{24}}, diagnostics);
  for (const base::Diagnostic& d : diagnostics.all()) FAIL_CHECK(folder.string() << ": " << d.code << " " << d.message);
  CHECK_FALSE(bound.obligations.empty());
}

}  // namespace

TEST_CASE("every sample does what its packets.txt says") {
  int samples = 0;
  for (const auto& entry : fs::recursive_directory_iterator(PORTCULLIS_SAMPLES)) {
    if (entry.path().filename() != "packets.txt") continue;
    check_sample(entry.path().parent_path());
    ++samples;
  }
  CHECK(samples >= 3);
}

TEST_CASE("every policy of a sample binds") {
  std::set<fs::path> folders;
  for (const auto& entry : fs::recursive_directory_iterator(PORTCULLIS_SAMPLES)) {
    if (entry.path().extension() == ".policy") folders.insert(entry.path().parent_path());
  }
  CHECK_FALSE(folders.empty());
  for (const fs::path& folder : folders) check_policies(folder);
}

}  // namespace portcullis

// What lint says of a sample, and what its routers do with requests.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/request_sentence.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/trace/requests.hpp"

namespace portcullis {

namespace {

namespace fs = std::filesystem;

struct Sample {
  explicit Sample(const fs::path& folder) {
    const manifest::Input input = manifest::read({folder.string()}, {}, sources, diagnostics);
    cluster = cluster::resolve(input, {}, diagnostics).cluster;
    routers = ir::l7::build_routers(cluster, diagnostics);
    lint::lint(input, cluster, routers, {}, diagnostics);
    diagnostics.sort();
  }

  base::SourceMap sources;
  base::Diagnostics diagnostics;
  cluster::Cluster cluster;
  std::vector<ir::l7::Router> routers;
};

// Lines without comments and empty ones; none if there is no file.
std::vector<std::string> read_lines(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

std::string line_of(const base::Diagnostic& finding, const base::SourceMap& sources) {
  const base::Position at = sources.begin(finding.span);
  return fmt::format("{} {} {}:{}:{} {}", to_string(finding.severity), finding.code,
                     fs::path(sources.name(finding.span.file)).filename().string(), at.line, at.column,
                     finding.message);
}

ir::l7::Decision decide(const Sample& sample, const std::string& sentence) {
  const auto parsed = driver::parse_request_sentence(sentence);
  REQUIRE(std::holds_alternative<driver::RequestAsked>(parsed));
  const auto& asked = std::get<driver::RequestAsked>(parsed);
  const auto chosen = driver::choose_router(sample.routers, asked);
  REQUIRE(std::holds_alternative<const ir::l7::Router*>(chosen));
  const ir::l7::Server server(*std::get<const ir::l7::Router*>(chosen));
  return server.serve(asked.question.request);
}

std::vector<fs::path> folders_with(std::string_view name) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(PORTCULLIS_SAMPLES)) {
    if (entry.path().filename() == name) out.push_back(entry.path().parent_path());
  }
  return out;
}

}  // namespace

TEST_CASE("lint says of every sample what its findings.txt says, or nothing") {
  std::size_t findings = 0;
  const std::vector<fs::path> folders = folders_with("profile.yaml");
  CHECK(folders.size() >= 7);
  for (const fs::path& folder : folders) {
    INFO(folder.string());
    const Sample sample(folder);
    std::vector<std::string> said;
    for (const base::Diagnostic& finding : sample.diagnostics.all()) {
      if (finding.code != "PC2101") said.push_back(line_of(finding, sample.sources));  // what was planned
    }
    CHECK(said == read_lines(folder / "findings.txt"));
    findings += said.size();
  }
  CHECK(findings >= 3);
}

TEST_CASE("routers of the samples do what requests.txt says") {
  const std::vector<fs::path> folders = folders_with("requests.txt");
  CHECK(folders.size() >= 3);
  for (const fs::path& folder : folders) {
    const Sample sample(folder);
    const std::vector<std::string> rows = read_lines(folder / "requests.txt");
    CHECK_FALSE(rows.empty());
    for (const std::string& row : rows) {
      INFO(folder.string() << ": " << row);
      const std::size_t arrow = row.find(" => ");
      REQUIRE(arrow != std::string::npos);
      CHECK(text(decide(sample, row.substr(0, arrow))) == row.substr(arrow + 4));
    }
  }
}

TEST_CASE("the balancer outside the cluster comes in by the node ports of the backends") {
  const Sample sample(fs::path(PORTCULLIS_SAMPLES) / "worked-example/ingress");
  REQUIRE(sample.routers.size() == 1);
  const ir::l7::Server server(sample.routers.front());
  trace::Tracer tracer(sample.cluster);
  const auto parsed = driver::parse_request_sentence("GET https://docs.example.com/ from 192.0.2.7");
  const trace::RequestTrace told =
      trace::trace_request(sample.cluster, tracer, server, std::get<driver::RequestAsked>(parsed).question);
  const auto at = [&](std::string_view place, std::string_view words) {
    return std::ranges::any_of(
        told.hops, [&](const trace::Hop& hop) { return hop.at == place && hop.what.find(words) != std::string::npos; });
  };
  CHECK(at("balancer edge", "the balancer outside the cluster is the router"));
  CHECK(at("router edge", "TLS ends here with the certificate of Secret default/example-tls"));
  CHECK(at("service default/docs:80", "to node port 31080 of any node"));
  CHECK(at("node-a nat prerouting", "node port 31080 of default/docs:80"));
  CHECK(told.hops.back().at == "pod default/docs-1");
}

}  // namespace portcullis

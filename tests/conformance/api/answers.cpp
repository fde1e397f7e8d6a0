#include "tests/conformance/api/answers.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/cluster/validate.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::conformance {

namespace {

// The server of the answers: service ranges 172.31.128.0/17 and fd77:5e::/112, node ports 30000–32767.
cluster::Profile server() {
  cluster::Profile profile;
  profile.service_cidrs = {net::Prefix::parse("172.31.128.0/17").value(), net::Prefix::parse("fd77:5e::/112").value()};
  profile.service_cidrs_given = true;
  return profile;
}

struct Validator {
  const cluster::Profile& profile;
  base::Diagnostics& diagnostics;

  bool operator()(const manifest::Service& object) const { return cluster::validate(object, profile, diagnostics); }
  bool operator()(const manifest::EndpointSlice& object) const { return cluster::validate(object, diagnostics); }
  bool operator()(const manifest::Ingress& object) const { return cluster::validate(object, diagnostics); }
  bool operator()(const manifest::NetworkPolicy& object) const { return cluster::validate(object, diagnostics); }
  template <class Other>
  bool operator()(const Other&) const {
    throw std::runtime_error("an answer about a kind that this test does not know");
  }
};

}  // namespace

std::vector<AnswerRow> read_answers(const std::string& path) {
  std::vector<AnswerRow> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::ordered_json::parse(line);
    AnswerRow row;
    row.id = json.at("id").get<std::string>();
    row.object = json.at("object").dump();
    row.accepted = json.at("accepted").get<bool>();
    if (json.contains("errors")) {
      for (const auto& error : json.at("errors")) {
        row.errors.emplace(error.at("field").get<std::string>(), error.at("reason").get<std::string>());
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Verdict verdict(const std::string& object) {
  static const cluster::Profile profile = server();
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("object.json", object, true, {}, sources, diagnostics);
  for (const manifest::Object& read : input.objects)
    static_cast<void>(std::visit(Validator{profile, diagnostics}, read.body));
  Verdict out;
  if (input.objects.size() != 1) out.accepted = false;
  for (const base::Diagnostic& finding : diagnostics.all()) {
    out.words += fmt::format("\n    {} {} {}: {}", finding.code, finding.field, base::to_string(finding.reason),
                             finding.message);
    if (finding.severity != base::Severity::error) continue;
    const bool of_reading = finding.code.starts_with("PC1");
    if (finding.reason == base::Reason::none && !of_reading) continue;
    out.accepted = false;
    if (finding.reason != base::Reason::none) out.errors.emplace(finding.field, base::to_string(finding.reason));
  }
  return out;
}

bool of_allocation(const Errors& errors) {
  const auto named = [](const std::string& field) {
    return std::ranges::any_of(
        std::initializer_list<const char*>{"clusterIP", "nodePort", "healthCheckNodePort", "ipFamil"},
        [&](const char* word) { return field.find(word) != std::string::npos; });
  };
  return !errors.empty() && std::ranges::all_of(errors, [&](const auto& error) { return named(error.first); });
}

bool agree(const AnswerRow& row, const Verdict& ours) {
  if (row.accepted != ours.accepted) return false;
  if (row.errors == ours.errors) return true;
  return of_allocation(row.errors) && std::ranges::includes(ours.errors, row.errors);
}

std::map<std::string, std::string> read_exceptions(const std::string& path) {
  std::map<std::string, std::string> out;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string id;
    std::string reason;
    words >> id;
    std::getline(words >> std::ws, reason);
    if (reason.empty()) throw std::runtime_error("exception without a reason: " + line);
    if (!out.emplace(id, reason).second) throw std::runtime_error("exception listed twice: " + id);
  }
  return out;
}

}  // namespace portcullis::conformance

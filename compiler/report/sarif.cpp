// SARIF 2.1.0 (OASIS): one run, the rules that occur, one result a finding.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/
#include <map>

#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/report/findings.hpp"
#include "compiler/report/fingerprint.hpp"
#include "compiler/report/json.hpp"
#include "compiler/report/locator.hpp"

namespace portcullis::report {

namespace {

std::string_view level(base::Severity severity) {
  switch (severity) {
    case base::Severity::error:
      return "error";
    case base::Severity::warning:
      return "warning";
    case base::Severity::info:
      return "note";
  }
  return {};
}

// A path as an RFC 3986 relative reference.
std::string uri(std::string_view path) {
  constexpr std::string_view plain = "-._~/!$&'()*+,;=@";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter_or_digit || plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

Json location_json(base::SourceSpan span, Locator& locator) {
  const base::Position begin = locator.begin(span);
  const base::Position end = locator.end(span);
  return {{"physicalLocation",
           {{"artifactLocation", {{"uri", uri(locator.sources().name(span.file))}}},
            {"region",
             {{"startLine", begin.line},
              {"startColumn", begin.column},
              {"endLine", end.line},
              {"endColumn", end.column}}}}}};
}

Json rule_json(const base::Diagnostic& d) {
  const base::Rule* rule = base::find_rule(d.code);
  if (rule == nullptr) return {{"id", d.code}};
  Json json{{"id", rule->code},
            {"name", rule->name},
            {"shortDescription", {{"text", rule->explanation}}},
            {"defaultConfiguration", {{"level", level(rule->severity)}}}};
  if (!rule->fix.empty()) json["help"] = {{"text", rule->fix}};
  return json;
}

Json result_json(const base::Diagnostic& d, const std::string& text, std::size_t rule_index, std::string fingerprint,
                 Locator& locator) {
  Json json{{"ruleId", d.code}, {"ruleIndex", rule_index}, {"level", level(d.severity)}, {"message", {{"text", text}}}};
  Json location = d.span.known() ? location_json(d.span, locator) : Json::object();
  if (!d.object.kind.empty()) {
    location["logicalLocations"] = Json::array({Json{{"fullyQualifiedName", d.object.text()}, {"kind", "object"}}});
  }
  json["locations"] = location.empty() ? Json::array() : Json::array({location});
  Json related = Json::array();
  for (const base::Related& r : d.related) {
    Json one = r.span.known() ? location_json(r.span, locator) : Json::object();
    one["id"] = related.size();
    one["message"] = {{"text", r.message}};
    related.push_back(std::move(one));
  }
  if (!related.empty()) json["relatedLocations"] = std::move(related);
  json["partialFingerprints"] = {{"portcullis/v1", std::move(fingerprint)}};
  return json;
}

}  // namespace

std::string print_sarif(const Findings& findings) {
  Locator locator(*findings.sources);
  Fingerprints fingerprints(*findings.sources);
  std::map<std::string, std::size_t> index;
  for (const base::Diagnostic& d : findings.findings) index.try_emplace(d.code, 0);
  std::size_t next = 0;
  for (auto& [code, number] : index) number = next++;
  std::vector<Json> rules(index.size());
  Json results = Json::array();
  for (std::size_t i = 0; i < findings.findings.size(); ++i) {
    const base::Diagnostic& d = findings.findings[i];
    const std::size_t at = index.at(d.code);
    if (rules[at].is_null()) rules[at] = rule_json(d);
    results.push_back(result_json(d, one_text(findings, i), at, fingerprints.of(d, proof_of(findings, i)), locator));
  }
  const Json driver{{"name", "portcullis"}, {"version", PORTCULLIS_VERSION}, {"rules", Json(rules)}};
  Json run{{"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  const Json json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", Json::array({std::move(run)})}};
  return dump(json) + "\n";
}

}  // namespace portcullis::report

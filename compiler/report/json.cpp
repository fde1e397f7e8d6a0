#include "compiler/report/json.hpp"

#include "compiler/base/catalogue.hpp"
#include "compiler/report/findings.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/packet.hpp"
#include "compiler/report/proofs.hpp"
#include "compiler/report/request.hpp"

namespace portcullis::report {

namespace {

Json object_json(const base::ObjectRef& object) {
  if (object.kind.empty()) return nullptr;
  return {{"kind", object.kind}, {"namespace", object.ns}, {"name", object.name}};
}

// `null` for a finding about no place: the command line, an absent object.
void put_place(Json& json, base::SourceSpan span, Locator& locator) {
  if (!span.known()) {
    json["file"] = nullptr;
    for (const char* key : {"line", "column", "endLine", "endColumn"}) json[key] = nullptr;
    return;
  }
  const base::Position begin = locator.begin(span);
  const base::Position end = locator.end(span);
  json["file"] = locator.sources().name(span.file);
  json["line"] = begin.line;
  json["column"] = begin.column;
  json["endLine"] = end.line;
  json["endColumn"] = end.column;
}

Json related_json(const base::Related& related, Locator& locator) {
  Json json{{"message", related.message}, {"file", nullptr}, {"line", nullptr}};
  if (related.span.known()) {
    json["file"] = locator.sources().name(related.span.file);
    json["line"] = locator.begin(related.span).line;
  }
  return json;
}

Json related_list(const std::vector<base::Related>& related, Locator& locator) {
  Json out = Json::array();
  for (const base::Related& r : related) out.push_back(related_json(r, locator));
  return out;
}

bool has_witness(const verdict::Proof& proof) {
  return proof.witness.has_value() || proof.request.has_value();
}

Json witness_value(const verdict::Proof& proof) {
  return proof.request ? request_value(*proof.request) : packet_value(*proof.witness);
}

Json finding_json(const base::Diagnostic& d, const verdict::Proof* proof, Locator& locator) {
  const base::Rule* rule = base::find_rule(d.code);
  Json json{{"code", d.code},
            {"name", rule == nullptr ? std::string_view{} : rule->name},
            {"severity", base::to_string(d.severity)}};
  if (d.reason != base::Reason::none) json["reason"] = base::to_string(d.reason);
  json["message"] = d.message;
  json["hint"] = d.hint;
  json["object"] = object_json(d.object);
  json["field"] = d.field;
  put_place(json, d.span, locator);
  json["related"] = related_list(d.related, locator);
  if (proof != nullptr && has_witness(*proof)) json["witness"] = witness_value(*proof);
  return json;
}

Json proof_json(const verdict::Proof& proof, Locator& locator) {
  Json json{{"name", proof.name},
            {"statement", proof.statement},
            {"verdict", verdict::to_string(proof.standing)},
            {"except", proof.except},
            {"witness", nullptr}};
  if (has_witness(proof)) json["witness"] = witness_value(proof);
  json["node"] = proof.node.empty() ? Json(nullptr) : Json(proof.node);
  json["placement"] = Json::array();
  for (const auto& [what, node] : proof.placement) json["placement"].push_back({{"what", what}, {"node", node}});
  json["reason"] = proof.reason;
  json["waived"] = proof.waived.empty() ? Json(nullptr) : Json(proof.waived);
  Json place;
  put_place(place, proof.span, locator);
  json["file"] = place["file"];
  json["line"] = place["line"];
  json["related"] = related_list(proof.related, locator);
  json["assumptions"] = proof.assumptions;
  json["decided"] = proof.decided;
  json["queries"] = proof.queries;
  json["steps"] = proof.steps;
  if (!proof.dead.empty()) json["dead"] = proof.dead;
  return json;
}

Json summary_json(const Findings& findings) {
  const Counts counts = count(findings.findings);
  Json objects = Json::object();
  for (const auto& [kind, number] : findings.totals.kinds) objects[kind] = number;
  Json json{{"errors", counts.errors},
            {"warnings", counts.warnings},
            {"infos", counts.infos},
            {"objects", std::move(objects)},
            {"passedOver", findings.totals.passed_over}};
  if (!findings.proofs) return json;
  const ProofCounts proofs = count_proofs(*findings.proofs);
  json["waived"] = findings.waived;
  json["proofs"] = {{"proved", proofs.proved},
                    {"refuted", proofs.refuted},
                    {"waived", proofs.waived},
                    {"unknown", proofs.unknown},
                    {"vacuous", proofs.vacuous}};
  return json;
}

}  // namespace

std::string print_json(const Findings& findings) {
  Locator locator(*findings.sources);
  Json all = Json::array();
  for (std::size_t i = 0; i < findings.findings.size(); ++i)
    all.push_back(finding_json(findings.findings[i], proof_of(findings, i), locator));
  Json proofs = Json::array();
  for (const verdict::Proof& proof : findings.proofs.value_or(std::span<const verdict::Proof>{}))
    proofs.push_back(proof_json(proof, locator));
  const Json json{{"schema", "portcullis/findings/1"},
                  {"findings", std::move(all)},
                  {"proofs", std::move(proofs)},
                  {"summary", summary_json(findings)}};
  return dump(json) + "\n";
}

}  // namespace portcullis::report

#include "compiler/report/json.hpp"

#include "compiler/base/catalogue.hpp"
#include "compiler/report/findings.hpp"
#include "compiler/report/locator.hpp"

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

Json finding_json(const base::Diagnostic& d, Locator& locator) {
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
  json["related"] = Json::array();
  for (const base::Related& r : d.related) json["related"].push_back(related_json(r, locator));
  return json;
}

}  // namespace

std::string print_json(const Findings& findings) {
  Locator locator(*findings.sources);
  Json all = Json::array();
  for (const base::Diagnostic& d : findings.findings) all.push_back(finding_json(d, locator));
  const Counts counts = count(findings.findings);
  Json objects = Json::object();
  for (const auto& [kind, number] : findings.totals.kinds) objects[kind] = number;
  const Json json{{"schema", "portcullis/findings/1"},
                  {"findings", std::move(all)},
                  {"proofs", Json::array()},
                  {"summary",
                   {{"errors", counts.errors},
                    {"warnings", counts.warnings},
                    {"infos", counts.infos},
                    {"objects", std::move(objects)},
                    {"passedOver", findings.totals.passed_over}}}};
  return dump(json) + "\n";
}

}  // namespace portcullis::report

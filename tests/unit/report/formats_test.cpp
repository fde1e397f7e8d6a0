#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/report/fixture.hpp"

namespace base = portcullis::base;
using nlohmann::json;
using portcullis::report::Fixture;
using portcullis::report::Format;

namespace {

Fixture sample() {
  Fixture f("kind: Service\nspec:\n  ports:\n  - port: 80\n  - port: 443\n", "dir/we b.yaml");
  base::Diagnostic& d = f.add("PC2007", "each port needs a name", f.at("port: 443"));
  d.reason = base::Reason::required;
  d.object = {"Service", "shop", "web"};
  d.field = "spec.ports[1].name";
  d.hint = "name it";
  d.related.push_back({"the first", f.at("port: 80")});
  f.add("PC3101", "external IPs", f.at("spec"));
  f.add("PC1014", "not modelled", {});
  f.totals = {{{"Service", 1}}, 2};
  return f;
}

}  // namespace

TEST_CASE("json: the fields of portcullis/findings/1") {
  const json out = json::parse(sample().print(Format::json));
  CHECK(out["schema"] == "portcullis/findings/1");
  CHECK(out["proofs"] == json::array());
  CHECK(out["summary"] ==
        json{{"errors", 1}, {"warnings", 1}, {"infos", 1}, {"objects", {{"Service", 1}}}, {"passedOver", 2}});
  const json& first = out["findings"][0];
  CHECK(first["code"] == "PC2007");
  CHECK(first["name"] == "port-name-missing");
  CHECK(first["severity"] == "error");
  CHECK(first["reason"] == "required");
  CHECK(first["message"] == "each port needs a name");
  CHECK(first["hint"] == "name it");
  CHECK(first["object"] == json{{"kind", "Service"}, {"namespace", "shop"}, {"name", "web"}});
  CHECK(first["field"] == "spec.ports[1].name");
  CHECK(first["file"] == "dir/we b.yaml");
  CHECK(first["line"] == 5);
  CHECK(first["column"] == 5);
  CHECK(first["endLine"] == 5);
  CHECK(first["endColumn"] == 14);
  CHECK(first["related"] == json::array({{{"message", "the first"}, {"file", "dir/we b.yaml"}, {"line", 4}}}));
  // A reason belongs to the API's validation alone, a place may be unknown.
  CHECK_FALSE(out["findings"][1].contains("reason"));
  CHECK(out["findings"][2]["file"].is_null());
  CHECK(out["findings"][2]["object"].is_null());
}

TEST_CASE("json: keys stay in their order") {
  const std::string out = sample().print(Format::json);
  CHECK(out.find("\"code\"") < out.find("\"name\""));
  CHECK(out.find("\"name\"") < out.find("\"severity\""));
  CHECK(out.find("\"endLine\"") < out.find("\"endColumn\""));
}

TEST_CASE("an empty report is valid in every format") {
  const Fixture f("kind: Service\n");
  CHECK(json::parse(f.print(Format::json))["findings"] == json::array());
  CHECK(json::parse(f.print(Format::sarif))["runs"][0]["results"] == json::array());
  CHECK(json::parse(f.print(Format::gitlab)) == json::array());
  CHECK(f.print(Format::github).empty());
  CHECK(f.print(Format::junit).find("tests=\"1\" failures=\"0\"") != std::string::npos);
}

TEST_CASE("sarif: every result points to its rule, place and fingerprint") {
  const json out = json::parse(sample().print(Format::sarif));
  CHECK(out["version"] == "2.1.0");
  const json& run = out["runs"][0];
  const json& rules = run["tool"]["driver"]["rules"];
  CHECK(rules.size() == 3);
  for (const json& result : run["results"])
    CHECK(rules[result["ruleIndex"].get<std::size_t>()]["id"] == result["ruleId"]);
  const json& first = run["results"][0];
  CHECK(first["level"] == "error");
  const json& place = first["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "dir/we%20b.yaml");
  CHECK(place["region"] == json{{"startLine", 5}, {"startColumn", 5}, {"endLine", 5}, {"endColumn", 14}});
  CHECK(first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Service shop/web");
  CHECK(first["relatedLocations"][0]["message"]["text"] == "the first");
  CHECK(run["results"][1]["level"] == "warning");
  CHECK(run["results"][2]["level"] == "note");
  CHECK(run["results"][2]["locations"] == json::array());
}

TEST_CASE("gitlab: fingerprints are unique and do not depend on the line") {
  const auto prints = [](const std::string& head) {
    Fixture f(head + "spec: a\n");
    for (int i = 0; i < 2; ++i) f.add("PC3101", "external IPs", f.at("spec")).object = {"Service", "shop", "web"};
    f.add("PC3101", "external IPs", f.at("spec")).object = {"Service", "shop", "api"};
    std::set<std::string> out;
    for (const json& entry : json::parse(f.print(Format::gitlab))) out.insert(entry["fingerprint"].get<std::string>());
    return out;
  };
  CHECK(prints("").size() == 3);
  CHECK(prints("") == prints("# a comment\n"));
}

TEST_CASE("junit: a test a file and rule, only failures fail") {
  const std::string out = sample().print(Format::junit);
  CHECK(out.find("tests=\"3\" failures=\"1\"") != std::string::npos);
  CHECK(out.find("<testcase classname=\"dir/we b.yaml\" name=\"PC2007 port-name-missing\">") != std::string::npos);
  CHECK(out.find("<failure type=\"error\" message=\"each port needs a name\">") != std::string::npos);
  CHECK(sample().print(Format::junit, {.fail_on = base::Severity::warning}).find("failures=\"2\"") !=
        std::string::npos);
  CHECK(sample().print(Format::junit, {.fail_on = std::nullopt}).find("failures=\"0\"") != std::string::npos);
}

TEST_CASE("junit: markup in the input stays text") {
  Fixture f("x: 1\n", "a<b>&\"c\".yaml");
  f.add("PC1005", "`<script>` & \"q\"", f.at("1"));
  const std::string out = f.print(Format::junit);
  CHECK(out.find("<script>") == std::string::npos);
  CHECK(out.find("classname=\"a&lt;b&gt;&amp;&quot;c&quot;.yaml\"") != std::string::npos);
}

TEST_CASE("github: properties and messages are escaped as the runner reads them") {
  Fixture f("x: 100%\n", "a,b:c.yaml");
  f.add("PC1005", "100%\n::error::x", f.at("100%"));
  CHECK(f.print(Format::github) ==
        "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=4,endColumn=8,title=PC1005 "
        "wrong-type::100%25\\x0a::error::x\n");
}

TEST_CASE("bytes that are no UTF-8 break no format") {
  Fixture f("x: \xff\xfe\n", "\xc0.yaml");
  base::Diagnostic& d = f.add("PC1005", "this is `\xff`", f.at("\xff"));
  d.hint = "\xed\xa0\x80";
  d.object = {"Service", "\x80", "\xf8"};
  d.field = "spec.\xff";
  d.related.push_back({"\xfe", f.at("\xfe")});
  f.totals.kinds = {{"\xff", 1}};
  for (const Format format : {Format::json, Format::sarif, Format::gitlab}) {
    const std::string out = f.print(format);
    CHECK(json::accept(out));
    CHECK(out.find('\xff') == std::string::npos);
  }
}

TEST_CASE("format names are read back") {
  for (const char* name : {"text", "json", "sarif", "junit", "github", "gitlab"})
    CHECK(portcullis::report::parse_format(name));
  for (const char* name : {"", "JSON", "yaml", "json "}) CHECK_FALSE(portcullis::report::parse_format(name));
}

TEST_CASE("what was read is said in English") {
  using portcullis::report::totals_text;
  CHECK(totals_text({}) == "no object");
  CHECK(totals_text({{{"Service", 1}}, 0}) == "1 Service");
  CHECK(totals_text({{{"Endpoints", 2}, {"Ingress", 2}, {"NetworkPolicy", 2}, {"Pod", 3}}, 4}) ==
        "2 Endpoints, 2 Ingresses, 2 NetworkPolicies, 3 Pods and 4 of other kinds");
}

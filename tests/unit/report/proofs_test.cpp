// Proofs in each of the formats.
#include "compiler/report/proofs.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/report/fixture.hpp"

namespace {

using namespace portcullis;
using Catch::Matchers::Contains;
using nlohmann::json;
using report::Format;
using verdict::Proof;
using verdict::Standing;

constexpr const char* text = "kind: Service\nspec:\n  ports:\n  - nodePort: 30080\n";

Proof proof(std::string name, Standing standing) {
  Proof out;
  out.name = std::move(name);
  out.statement = "nobody reaches the <database>";
  out.standing = standing;
  return out;
}

// A finding that is told by a refuted proof, another finding, and proofs of every kind.
struct World {
  World() : fixture(text, "db.yaml") {
    fixture.totals.kinds = {{"Service", 1}};
    base::Diagnostic& told = fixture.add("PC6001", "refuted: nobody reaches the database", fixture.at("30080"));
    told.related.push_back({"the sentence", fixture.at("spec")});
    fixture.add("PC3101", "external IPs", fixture.at("kind"));
    proofs = {proof("a", Standing::proved), proof("b", Standing::refuted), proof("c", Standing::refuted),
              proof("d", Standing::unknown), proof("e", Standing::vacuous)};
    Proof& refuted = proofs[1];
    refuted.reason = "a packet gets through";
    refuted.witness = net::Packet{.src = *net::Address::parse("203.0.113.7"),
                                  .dst = *net::Address::parse("192.0.2.1"),
                                  .sport = 40000,
                                  .dport = 30080,
                                  .iif = ""};
    refuted.node = "n1";
    refuted.placement = {{"Pod db-0", "n1"}, {"lost", "n2"}};
    refuted.related = {{"node port", fixture.at("30080")}};
    refuted.except = {"the office"};
    refuted.assumptions = {"the sun rises"};
    refuted.decided = "3 packets";
    refuted.queries = 2;
    refuted.span = fixture.at("spec");
    proofs[2].waived = "until 2027-03-01: later";
    proofs[3].reason = "the limit was reached";
  }
  [[nodiscard]] std::string print(Format format, report::PrintOptions options = {}) {
    report::Findings findings{&fixture.sources(), fixture.diagnostics().all(), fixture.totals};
    findings.proofs = proofs;
    findings.shown_by = {{0, 1}};
    findings.waived = 4;
    return report::print(format, findings, options);
  }

  report::Fixture fixture;
  std::vector<Proof> proofs;
};

}  // namespace

TEST_CASE("text: a refuted proof shows its packet and where pods stand, the summary counts") {
  CHECK(World().print(Format::text) ==
        "error[PC6001]: refuted: nobody reaches the database\n"
        " --> db.yaml:4:15\n"
        "  |\n"
        "4 |   - nodePort: 30080\n"
        "  |               ^^^^^\n"
        "  = witness: tcp from 203.0.113.7 to 192.0.2.1:30080, from outside, on n1\n"
        "  = placed: Pod db-0 on n1\n"
        "  = placed: without n2\n"
        "  = note: the sentence\n"
        " --> db.yaml:2:1\n"
        "  |\n"
        "2 | spec:\n"
        "  | ^^^^\n"
        "\n"
        "warning[PC3101]: external IPs\n"
        " --> db.yaml:1:1\n"
        "  |\n"
        "1 | kind: Service\n"
        "  | ^^^^\n"
        "\n"
        "1 error, 1 warning, 4 waived in 1 Service\n"
        "1 proved, 1 refuted, 1 unknown, 1 vacuous, 1 refuted and waived\n");
}

TEST_CASE("text: --explain says of every proof what it assumes and how it was decided") {
  report::PrintOptions options;
  options.explain = true;
  const std::string out = World().print(Format::text, options);
  CHECK_THAT(out, Contains("proved: nobody reaches the <database>\n  decided: 0 queries, 0 steps\n"));
  CHECK_THAT(out, Contains("refuted: nobody reaches the <database>\n"
                           "  a packet gets through\n"
                           "  placed: Pod db-0 on n1\n"
                           "  placed: without n2\n"
                           "  witness: tcp from 203.0.113.7 to 192.0.2.1:30080, from outside, on n1\n"
                           "  decided: 3 packets; 2 queries, 0 steps\n"
                           "  assumed: the sun rises\n"
                           "  except: the office\n"));
  CHECK_THAT(out, Contains("  waived until 2027-03-01: later\n"));
}

TEST_CASE("text: of proofs alone other findings are left out, and what is proved is said") {
  report::PrintOptions options;
  options.proofs_only = true;
  const std::string out = World().print(Format::text, options);
  CHECK_THAT(out, !Contains("PC3101") && Contains("error[PC6001]") &&
                      Contains("\nproved: nobody reaches the <database>\n1 proved, 1 refuted, 1 unknown"));
}

TEST_CASE("json: a proof has its verdict, its packet in the words of a packets file, and its lines") {
  const json out = json::parse(World().print(Format::json));
  REQUIRE(out["proofs"].size() == 5);
  const json packet{{"from", "external"}, {"src", "203.0.113.7"}, {"dst", "192.0.2.1"}, {"proto", "TCP"},
                    {"dport", 30080},     {"sport", 40000},       {"ct_state", "new"}};
  const json& refuted = out["proofs"][1];
  CHECK(refuted["name"] == "b");
  CHECK(refuted["verdict"] == "refuted");
  CHECK(refuted["witness"] == packet);
  CHECK(refuted["node"] == "n1");
  CHECK(refuted["placement"] ==
        json::array({{{"what", "Pod db-0"}, {"node", "n1"}}, {{"what", "lost"}, {"node", "n2"}}}));
  CHECK(refuted["reason"] == "a packet gets through");
  CHECK(refuted["file"] == "db.yaml");
  CHECK(refuted["line"] == 2);
  CHECK(refuted["related"] == json::array({{{"message", "node port"}, {"file", "db.yaml"}, {"line", 4}}}));
  CHECK(refuted["except"] == json::array({"the office"}));
  CHECK(refuted["assumptions"] == json::array({"the sun rises"}));
  CHECK(refuted["decided"] == "3 packets");
  CHECK(refuted["queries"] == 2);
  CHECK(out["proofs"][0]["witness"].is_null());
  CHECK(out["proofs"][2]["waived"] == "until 2027-03-01: later");
  CHECK(out["findings"][0]["witness"] == packet);
  CHECK_FALSE(out["findings"][1].contains("witness"));
  CHECK(out["summary"]["proofs"] == json{{"proved", 1}, {"refuted", 1}, {"waived", 1}, {"unknown", 1}, {"vacuous", 1}});
  CHECK(out["summary"]["waived"] == 4);
}

TEST_CASE("text, json: the witness of a statement about requests is a request") {
  World world;
  Proof& refuted = world.proofs[1];
  refuted.witness.reset();
  refuted.node.clear();
  ir::l7::Request request;
  request.target = "/admin";
  request.headers = {{"Host", "shop.example.com"}};
  request.source = net::Address::parse("203.0.113.7");
  refuted.request = request;
  CHECK_THAT(world.print(Format::text), Contains("  = witness: GET http://shop.example.com/admin from 203.0.113.7\n"));
  const json out = json::parse(world.print(Format::json));
  const json row{{"url", "http://shop.example.com/admin"}, {"method", "GET"}, {"src", "203.0.113.7"}};
  CHECK(out["proofs"][1]["witness"] == row);
  CHECK(out["findings"][0]["witness"] == row);
}

TEST_CASE("junit: a test a proof, and what is left open fails as what is refuted does") {
  const std::string out = World().print(Format::junit);
  CHECK_THAT(out, Contains("<testsuites tests=\"6\" failures=\"3\" errors=\"0\">"));
  CHECK_THAT(out, Contains("classname=\"portcullis\" name=\"a: nobody reaches the &lt;database&gt;\"/>"));
  CHECK_THAT(out,
             Contains("classname=\"db.yaml\" name=\"b\">\n      <failure type=\"refuted\" message=\"a packet gets "
                      "through\">\ndb.yaml:4:15: error: refuted: nobody reaches the database; for example tcp from "
                      "203.0.113.7 to 192.0.2.1:30080, from outside, on n1\n"));
  CHECK_THAT(out, Contains("<failure type=\"unknown\" message=\"the limit was reached\">"));
  CHECK_THAT(out, Contains("<failure type=\"vacuous\""));
  CHECK_THAT(out,
             Contains("name=\"c: nobody reaches the &lt;database&gt;\">\n      <system-out>\nrefuted: ; waived until"));
}

TEST_CASE("formats with one text a finding have the packet in it") {
  const std::string packet =
      "refuted: nobody reaches the database; for example tcp from 203.0.113.7 to 192.0.2.1:30080, from outside, "
      "on n1";
  CHECK_THAT(World().print(Format::github), Contains("title=PC6001 refuted::" + packet + "\n"));
  CHECK(json::parse(World().print(Format::gitlab))[0]["description"] == packet);
  const json sarif = json::parse(World().print(Format::sarif));
  CHECK(sarif["runs"][0]["results"][0]["message"]["text"] == packet);
  CHECK(sarif["runs"][0]["results"][0]["ruleId"] == "PC6001");
}

TEST_CASE("a finding of a proof keeps its fingerprint when its packet is another") {
  World world;
  const json before = json::parse(world.print(Format::gitlab));
  world.fixture = report::Fixture(text, "db.yaml");
  world.fixture.add("PC6001", "refuted: another packet", world.fixture.at("spec"));
  const json after = json::parse(world.print(Format::gitlab));
  CHECK(before[0]["fingerprint"] == after[0]["fingerprint"]);
}

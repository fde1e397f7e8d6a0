// INVARIANT: a finding stands where its field stands, and the text there is that field's scalar or key. yaml-cpp says
// where; the findings are those of every case, every sample and every example of the catalogue.
#include "tests/golden/places.hpp"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "compiler/base/catalogue.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"
#include "compiler/manifest/read.hpp"
#include "tests/golden/case.hpp"

namespace {

using namespace portcullis;

// The API server's own spelling of some paths.
std::string_view in_the_document(std::string_view field) {
  if (field == "spec.LoadBalancerSourceRanges[0]") return "spec.loadBalancerSourceRanges[0]";
  if (field == "annotations.kubernetes.io/ingress.class") return "metadata.annotations[kubernetes.io/ingress.class]";
  return field;
}

struct Tally {
  std::size_t with_field = 0, with_object = 0;
};

class Findings {
 public:
  explicit Findings(Tally& tally) : tally_(tally) {}

  void read(const std::vector<std::string>& paths) { resolve(manifest::read(paths, {}, sources_, diagnostics_)); }
  void read(std::string_view text) {
    resolve(manifest::read_text("example.yaml", std::string(text), false, {}, sources_, diagnostics_));
  }

 private:
  void resolve(const manifest::Input& input) {
    const cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics_).cluster;
    lint::lint(input, cluster, ir::l7::build_routers(cluster, diagnostics_), {}, diagnostics_);
    for (const base::Diagnostic& d : diagnostics_.all()) check(d);
  }

  void check(const base::Diagnostic& d) {
    // About a Service, and where its slices contradict each other.
    if (d.object.kind.empty() || d.code == "PC2100") return;
    REQUIRE(d.span.known());
    const base::Position at = sources_.begin(d.span);
    INFO(sources_.name(d.span.file) << ':' << at.line << ':' << at.column << ' ' << d.code << ' ' << d.message << " ["
                                    << d.object.text() << ' ' << d.field << ']');
    const std::set<base::Position> places = of(d.span.file).of(d.object, in_the_document(d.field));
    // Of a configuration that stands as text in a ConfigMap yaml-cpp has no places.
    if (places.empty() && d.object.kind == "KubeProxyConfiguration") return;
    CHECK(places.contains(at));
    ++(d.field.empty() ? tally_.with_object : tally_.with_field);
  }

  const golden::DocumentPlaces& of(base::FileId file) {
    const auto found = documents_.find(file);
    if (found != documents_.end()) return found->second;
    return documents_.emplace(file, golden::DocumentPlaces(sources_.text(file))).first->second;
  }

  Tally& tally_;
  base::SourceMap sources_;
  base::Diagnostics diagnostics_;
  std::map<base::FileId, golden::DocumentPlaces> documents_;
};

}  // namespace

TEST_CASE("findings of the cases stand where their fields do") {
  Tally tally;
  for (const golden::Case& golden : golden::find_cases(PORTCULLIS_GOLDEN)) {
    Findings(tally).read(std::vector<std::string>{(golden.directory / "input").string()});
  }
  CHECK(tally.with_field > 65);
  CHECK(tally.with_object > 3);
}

TEST_CASE("findings of the catalogue's examples stand where their fields do") {
  Tally tally;
  for (const base::Rule& rule : base::catalogue()) {
    for (const std::string_view text : {rule.example, rule.fixed}) Findings(tally).read(text);
  }
  CHECK(tally.with_field > 60);
}

TEST_CASE("findings of the samples stand where their fields do") {
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(PORTCULLIS_SAMPLES)) {
    if (entry.is_directory()) Findings(tally).read(std::vector<std::string>{entry.path().string()});
  }
  CHECK(tally.with_object + tally.with_field > 0);
}

// Anchors and merge keys: a value stands where it was written, whoever uses it.
TEST_CASE("findings about merged and aliased values stand where the values do") {
  Tally tally;
  Findings(tally).read(std::string_view(R"(apiVersion: v1
kind: Service
metadata: {name: web, labels: &labels {app: "web server"}}
spec:
  selector: *labels
  ports:
  - &base {name: http, port: 80000, protocol: tcp}
  - <<: *base
    name: Alt_1
  - {<<: [{port: 0}, *base], targetPort: &far 70000}
  externalIPs: [&ip 127.0.0.1, *ip]
)"));
  CHECK(tally.with_field >= 10);
}

TEST_CASE("the places of a field") {
  const golden::DocumentPlaces places(R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
  - port: 80
    name: "http"
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {clusterIP: 10.96.0.9}
)");
  const base::ObjectRef web{"Service", "default", "web"}, api{"Service", "default", "api"};
  using Positions = std::set<base::Position>;
  CHECK(places.of(web, "spec.ports[0].name") == Positions{{7, 5}, {7, 11}});
  CHECK(places.of(api, "spec.clusterIP") == Positions{{12, 8}, {12, 19}});
  CHECK(places.of({"Service", "default", "none"}, "spec.clusterIP").empty());
  // What is not there: what would hold it, and the object's name.
  CHECK(places.of(api, "spec.ports") == Positions{{11, 18}, {12, 1}, {12, 7}, {12, 8}, {12, 19}});
}

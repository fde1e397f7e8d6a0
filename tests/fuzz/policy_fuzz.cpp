// Policies: whatever the bytes, each sentence is read or refused with a finding inside of the text; what is read means
// something for a cluster or is refused, too; and a sentence on one line reads back as itself.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/policy/parse.hpp"
#include "compiler/policy/text.hpp"
#include "compiler/policy/waivers.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using namespace portcullis;

constexpr const char* manifests = R"(
{apiVersion: portcullis.dev/v1, kind: ClusterProfile, metadata: {name: p}, spec: {zones: {vpn: [198.51.100.0/24]}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2, selector: {matchLabels: {app: web}},
 template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080, hostPort: 81}]}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop, labels: {tier: front}},
 spec: {type: LoadBalancer, clusterIP: 10.96.0.80, selector: {app: web}, externalIPs: [203.0.113.80],
        ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}]}, status: {loadBalancer: {ingress: [{ip: 192.0.2.80}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop, labels: {tier: db}},
 spec: {clusterIP: None, selector: {app: db}, ports: [{name: pg, port: 5432}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: shop, namespace: shop}, spec: {rules: [{host: shop.example.com,
 http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]}}
)";

struct World {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  manifest::Input input = manifest::read_text("fuzz.yaml", manifests, false, {}, sources, diagnostics);
  cluster::Cluster cluster = cluster::resolve(input, {}, diagnostics).cluster;
};

void hold_places(const base::Diagnostics& diagnostics, const base::SourceMap& sources) {
  for (const base::Diagnostic& d : diagnostics.all()) {
    if (!d.span.known()) continue;
    fuzz::hold(d.span.begin <= d.span.end && d.span.end <= sources.text(d.span.file).size(),
               "a place outside of the text");
    (void)sources.begin(d.span);
  }
}

// A sentence's text is all that is kept of its layout.
void hold_sentence(const policy::Sentence& sentence) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const policy::SyntaxTree again = policy::parse(sources.add("again.policy", sentence.text), sources, diagnostics);
  fuzz::hold(!diagnostics.has_errors(), "a sentence on one line cannot be read");
  fuzz::hold(again.sentences.size() == 1, "a sentence on one line is not one");
  fuzz::hold(again.sentences.front().text == sentence.text, "a sentence on one line reads as another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  base::SourceMap sources = world.sources;
  base::Diagnostics diagnostics;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const policy::SyntaxTree tree = policy::parse(sources.add("fuzz.policy", text), sources, diagnostics);
  hold_places(diagnostics, sources);
  fuzz::hold(!tree.sentences.empty() || diagnostics.has_errors() ||
                 text.find_first_not_of(" \t\r\n") == std::string::npos || text.find('#') != std::string::npos ||
                 text.starts_with("\xEF\xBB\xBF"),
             "neither a sentence nor a finding");
  for (const policy::Sentence& sentence : tree.sentences) {
    fuzz::hold(sentence.span.begin < sentence.span.end && sentence.span.end <= text.size(),
               "a sentence outside of the text");
    hold_sentence(sentence);
  }
  using namespace std::chrono;
  const policy::Bound bound = policy::bind({&tree, 1}, world.input, world.cluster, sources,
                                           year_month_day{year{2026}, November, day{24}}, diagnostics);
  hold_places(diagnostics, sources);
  for (const policy::Obligation& obligation : bound.obligations)
    fuzz::hold(!policy::text(obligation).empty(), "an obligation without words");
  const policy::Waived waived = policy::apply(bound.waivers, world.diagnostics);
  fuzz::hold(waived.remaining.all().size() + waived.waived.size() == world.diagnostics.all().size(),
             "a finding was lost");
  return 0;
}

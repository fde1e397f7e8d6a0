#include "tests/unit/validate/findings.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <catch2/catch.hpp>

#include "compiler/cluster/validate.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::validate_test {

namespace {

net::Prefix prefix(std::string_view text) {
  return net::Prefix::parse(text).value();
}

bool validate_body(const manifest::Object& object, const cluster::Profile& profile, base::Diagnostics& diagnostics) {
  return std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, manifest::Service>) {
          return cluster::validate(body, profile, diagnostics);
        } else if constexpr (std::is_same_v<Body, manifest::Pod>) {
          return cluster::validate_pod_spec(body.spec, manifest::reference(object), "spec", diagnostics);
        } else if constexpr (std::is_same_v<Body, manifest::Workload>) {
          return cluster::validate_pod_spec(body.pod.spec, manifest::reference(object), "spec.template.spec",
                                            diagnostics);
        } else if constexpr (std::is_same_v<Body, manifest::EndpointSlice> ||
                             std::is_same_v<Body, manifest::Endpoints> || std::is_same_v<Body, manifest::Node> ||
                             std::is_same_v<Body, manifest::Ingress> || std::is_same_v<Body, manifest::IngressClass> ||
                             std::is_same_v<Body, manifest::NetworkPolicy>) {
          return cluster::validate(body, diagnostics);
        } else {
          FAIL("this kind is not validated: " << object.kind);
          return false;
        }
      },
      object.body);
}

}  // namespace

cluster::Profile dual_stack() {
  cluster::Profile profile;
  profile.service_cidrs = {prefix("172.31.128.0/17"), prefix("fd77:5e::/112")};
  profile.service_cidrs_given = true;
  return profile;
}

cluster::Profile single_stack() {
  cluster::Profile profile = dual_stack();
  profile.service_cidrs.pop_back();
  return profile;
}

std::vector<std::string> Answer::lines() const {
  std::vector<std::pair<std::string_view, std::size_t>> sorted;
  for (std::size_t i = 0; i < findings.size(); ++i) sorted.emplace_back(findings[i].field, i);
  std::ranges::sort(sorted);
  std::vector<std::string> out;
  for (const auto& [field, i] : sorted) {
    const base::Diagnostic& finding = findings[i];
    out.push_back(finding.code + ' ' + finding.field);
    if (finding.reason != base::Reason::none) out.back() += ' ' + std::string(base::to_string(finding.reason));
    if (finding.severity != base::Severity::error) {
      out.back() += " (" + std::string(base::to_string(finding.severity)) + ")";
    }
  }
  return out;
}

std::string_view Answer::words(std::size_t finding) const {
  const base::SourceSpan span = findings.at(finding).span;
  REQUIRE(span.known());
  REQUIRE(span.end <= text.size());
  return std::string_view(text).substr(span.begin, span.end - span.begin);
}

Answer validated(std::string text, const cluster::Profile& profile) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const manifest::Input input = manifest::read_text("test.yaml", text, false, {}, sources, diagnostics);
  for (const base::Diagnostic& finding : diagnostics.all())
    FAIL_CHECK("reading: " << finding.code << ' ' << finding.message);
  REQUIRE(input.objects.size() == 1);
  Answer answer;
  answer.text = std::move(text);
  answer.accepted = validate_body(input.objects.front(), profile, diagnostics);
  answer.findings = diagnostics.all();
  for (const base::Diagnostic& finding : answer.findings) {
    INFO(finding.code << ' ' << finding.field);
    CHECK(finding.span.known());
    CHECK_FALSE(finding.message.empty());
    CHECK(finding.object == manifest::reference(input.objects.front()));
  }
  return answer;
}

void check(const Row& row, const cluster::Profile& profile) {
  INFO(row.what << "\n" << row.yaml);
  const Answer answer = validated(row.yaml, profile);
  CHECK(answer.lines() == row.expected);
  if (row.expected.empty()) CHECK(answer.accepted);
}

}  // namespace portcullis::validate_test

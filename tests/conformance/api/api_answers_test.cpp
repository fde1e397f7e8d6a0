#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/conformance/api/answers.hpp"

namespace portcullis::conformance {

namespace {

std::string text(const Errors& errors) {
  std::string out;
  for (const auto& [field, reason] : errors) out += "\n    " + field + " " + reason;
  return out;
}

// Fails on each row that differs and is no exception, and on each exception that does not differ.
void check_file(const std::string& name) {
  const auto rows = read_answers(std::string(PORTCULLIS_SHARED) + "/reference/api-answers/" + name + ".jsonl");
  if (rows.empty()) {
    WARN("no reference data in " << PORTCULLIS_SHARED << ": skipped");
    return;
  }
  const auto exceptions = read_exceptions(API_EXCEPTIONS);
  std::size_t verdicts = 0;
  std::size_t exact = 0;
  for (const AnswerRow& row : rows) {
    const Verdict ours = verdict(row.object);
    const bool same = agree(row, ours);
    verdicts += row.accepted == ours.accepted ? 1U : 0U;
    exact += same ? 1U : 0U;
    const bool excepted = exceptions.contains(row.id);
    INFO(row.id << " the server " << (row.accepted ? "accepts it" : "refuses it:") << text(row.errors)
                << "\n  ours:" << ours.words);
    CHECK(same != excepted);
  }
  WARN(name << ": verdict " << verdicts << "/" << rows.size() << ", exact " << exact << "/" << rows.size());
}

}  // namespace

TEST_CASE("Services, as a real API server answers") {
  check_file("services");
}
TEST_CASE("EndpointSlices, as a real API server answers") {
  check_file("endpointslices");
}
TEST_CASE("Ingresses, as a real API server answers") {
  check_file("ingresses");
}
TEST_CASE("NetworkPolicies, as a real API server answers") {
  check_file("networkpolicies");
}

TEST_CASE("every exception is a row") {
  const auto exceptions = read_exceptions(API_EXCEPTIONS);
  std::set<std::string> ids;
  for (const char* name : {"services", "endpointslices", "ingresses", "networkpolicies"}) {
    for (const AnswerRow& row :
         read_answers(std::string(PORTCULLIS_SHARED) + "/reference/api-answers/" + name + ".jsonl"))
      ids.insert(row.id);
  }
  if (ids.empty()) {
    WARN("no reference data in " << PORTCULLIS_SHARED << ": skipped");
    return;
  }
  for (const auto& [id, reason] : exceptions) {
    CAPTURE(id, reason);
    CHECK(ids.contains(id));
  }
}

TEST_CASE("how answers are compared") {
  const AnswerRow accepted{"a", "{}", true, {}};
  const AnswerRow refused{"r", "{}", false, {{"spec.ports", "required"}}};
  const AnswerRow allocation{"i", "{}", false, {{"spec.clusterIPs", "invalid"}}};
  CHECK(agree(accepted, {}));
  CHECK_FALSE(agree(accepted, {.accepted = false, .errors = {}, .words = {}}));
  CHECK_FALSE(agree(refused, {}));
  CHECK(agree(refused, {.accepted = false, .errors = refused.errors, .words = {}}));
  CHECK_FALSE(agree(
      refused, {.accepted = false, .errors = {{"spec.ports", "required"}, {"spec.type", "unsupported"}}, .words = {}}));
  // What the server would have said after the addresses is not in its answer.
  CHECK(agree(
      allocation,
      {.accepted = false, .errors = {{"spec.clusterIPs", "invalid"}, {"spec.type", "unsupported"}}, .words = {}}));
  CHECK_FALSE(agree(allocation, {.accepted = false, .errors = {{"spec.type", "unsupported"}}, .words = {}}));
}

}  // namespace portcullis::conformance

#include <random>

#include <catch2/catch.hpp>

#include "backends/ebpf/actions_text.hpp"

namespace portcullis::ebpf {

namespace {

std::string text(const Actions& actions) {
  std::string out;
  append_actions(out, actions);
  return out;
}

Actions read_back(const std::string& text) {
  ir::form::Cursor cursor(text, 0);
  const Actions actions = read_actions(cursor);
  INFO(text);
  CHECK(cursor.ok());
  CHECK(cursor.at(ir::form::Token::Kind::end));
  return actions;
}

std::string problem(const std::string& text) {
  ir::form::Cursor cursor(text, 0);
  (void)read_actions(cursor);
  return cursor.ok() ? "" : cursor.problem()->reason;
}

}  // namespace

TEST_CASE("ebpf: actions are printed as the classes that differ") {
  Actions actions;
  CHECK(text(actions) == "* none");
  actions.fill({Verdict::dnat, true, 0});
  for (unsigned bits = 0; bits < PCL_CLASSES; ++bits) {
    if ((bits & PCL_CLASS_POD) != 0) actions[bits] = {Verdict::dnat, false, 1};
  }
  CHECK(text(actions) == "pod dnat.1 | * dnat masquerade");
  for (unsigned bits = 0; bits < PCL_CLASSES; ++bits) {
    if ((bits & PCL_CLASS_RANGE) == 0) actions[bits] = {Verdict::drop, false, 0};
  }
  CHECK(text(actions) == "no-range drop | pod dnat.1 | * dnat masquerade");
  actions.fill({});
  actions[PCL_CLASS_SELF | PCL_CLASS_OUT] = {Verdict::reject, false, 0};
  CHECK(read_back(text(actions)) == actions);
}

TEST_CASE("ebpf: any sixteen actions are read back") {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 20'000; ++round) {
    const unsigned kinds = 1 + below(6);
    std::vector<Action> some;
    for (unsigned i = 0; i < kinds; ++i) {
      const auto verdict = static_cast<Verdict>(below(4));
      const bool dnat = verdict == Verdict::dnat;
      some.push_back({verdict, dnat && below(2) == 1, static_cast<std::uint8_t>(dnat ? below(PCL_POOLS) : 0)});
    }
    Actions actions;
    for (Action& a : actions) a = some[below(kinds)];
    const std::string printed = text(actions);
    REQUIRE(read_back(printed) == actions);
    REQUIRE(text(read_back(printed)) == printed);
  }
}

TEST_CASE("ebpf: a list that leaves a class open is refused") {
  CHECK(problem("pod dnat").find("other classes") != std::string::npos);
  CHECK(problem("pod no-pod dnat | * none") == "this is said twice");
  CHECK(problem("pod pass | * none").find("none, dnat, reject or drop") != std::string::npos);
  CHECK(problem("dnat").find("`*`") != std::string::npos);
  CHECK(problem("").find("`*`") != std::string::npos);
  CHECK(problem("pod dnat | no-pod drop masquerade").empty());  // what stands behind is not the list's
}

}  // namespace portcullis::ebpf

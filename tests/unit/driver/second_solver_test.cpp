// Every query that the samples give rise to, judged again by cvc5: what is checked of them, and the rulesets of a node
// proved by theorems and their anchors.
#include "tests/unit/smt/second_solver.hpp"

#include <array>
#include <string>
#include <vector>

#include "compiler/driver/command_line.hpp"
#include "tests/unit/driver/workspace.hpp"

namespace portcullis::driver {

namespace {

struct Sample {
  const char* name;
  const char* node;
  const char* policy = nullptr;  // a file of the sample
};

constexpr std::array<Sample, 4> samples{{{"quickstart", "n1"},
                                         {"worked-example/node-port", "node-a"},
                                         {"worked-example/load-balancer", "node-b"},
                                         {"policies", "n2", "shop.policy"}}};

void judge(const std::string& what, const Workspace& space, const std::vector<std::string>& command,
           tests::Judgement& all) {
  INFO(what);
  const tests::DumpFolder folder("portcullis-samples-second-solver");
  std::vector<std::string> arguments = command;
  arguments.insert(arguments.end(), {"--dump-smt", folder.path()});
  const Run run = space.run(arguments);
  INFO(run.err);
  REQUIRE((run.status == exit_done || run.status == exit_findings || run.status == exit_unknown));
  const tests::Judgement judgement = tests::judge_again(folder);
  INFO(fmt::format("{}", fmt::join(judgement.disagreements, "\n")));
  CHECK(judgement.disagreements.empty());
  all.satisfiable += judgement.satisfiable;
  all.unsatisfiable += judgement.unsatisfiable;
}

}  // namespace

TEST_CASE("cvc5 agrees about every query of the samples") {
  if (!tests::has_second_solver()) return;
  const Workspace space;
  tests::Judgement all;
  for (const Sample& sample : samples) {
    const std::string root = std::string(PORTCULLIS_SAMPLES) + "/" + sample.name;
    std::vector<std::string> check{"check", root};
    if (sample.policy != nullptr) check.insert(check.end(), {"-p", root + "/" + sample.policy, "--now", "2026-01-01"});
    judge(std::string("check ") + sample.name, space, check, all);
    for (const char* target : {"nftables", "iptables"}) {
      judge(std::string(target) + " of " + sample.name, space,
            {"compile", root, "--to", target, "--node", sample.node, "-o", std::string("out-") + target}, all);
    }
  }
  WARN(all.satisfiable << " satisfiable, " << all.unsatisfiable << " unsatisfiable");
  CHECK(all.satisfiable > 0);
  CHECK(all.unsatisfiable > 100);
}

}  // namespace portcullis::driver

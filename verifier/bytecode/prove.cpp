#include "verifier/bytecode/prove.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/meaning.hpp"
#include "verifier/bytecode/execute.hpp"
#include "verifier/bytecode/terms_domain.hpp"

namespace portcullis::bytecode {

namespace {

using verdict::Standing;

Pointer to(Region region) {
  Pointer pointer;
  pointer.region = region;
  return pointer;
}

Theorem claim(std::string_view function, std::string_view digest) {
  Theorem theorem;
  theorem.proof.name = fmt::format("program.{}", function);
  theorem.proof.statement = fmt::format(
      "the instructions of `{}` in program {} do what is meant, for every packet and whatever the tables hold",
      function, digest);
  theorem.proof.assumptions = {
      "the generation of a packet has all of its tables: the loader fills them before it is used",
      "a look-up in a table says the same of equal keys: tables are frozen before they are used",
      "the arguments are what `backends/ebpf/bpf/types.h` says, lie apart in memory, and the machine is little-endian",
      "the kernel runs the instructions as the instruction set says",
  };
  return theorem;
}

// What both sides have in common, and how the solver is asked whether they part.
class Judge {
 public:
  Judge(smt::Session& session, const Function& function, Theorem& theorem)
      : session_(session),
        function_(function),
        theorem_(theorem),
        queries_(session.queries()),
        steps_(session.steps()) {}

  // Absent where the function cannot be followed.
  std::optional<Ends> ends(Tables& tables, const Inputs& inputs) {
    auto ran = execute(session_, tables, function_, inputs);
    if (const auto* refused = std::get_if<Refused>(&ran)) {
      undecided(refused->reason);
      return {};
    }
    return std::move(std::get<Ends>(ran));
  }

  // Asks for a packet on the path that differs. `tell` makes a witness of a model. False: the theorem has its verdict.
  bool same(const State& end, smt::Term differs, const std::function<Witness(const smt::Model&)>& tell) {
    const smt::Result result =
        session_.check(fmt::format("{} differs", function_.name), {formula(session_, end.path), differs});
    if (result.answer == smt::Answer::unsatisfiable) return true;
    if (result.answer == smt::Answer::unknown) return undecided(result.reason);
    theorem_.witness = tell(*result.model);
    theorem_.proof.standing = Standing::refuted;
    theorem_.proof.reason = to_string(*theorem_.witness);
    return false;
  }

  // Every packet comes to one of the ends.
  void covered(const Ends& ends) {
    std::vector<smt::Term> paths;
    for (const State& state : ends.states) paths.push_back(formula(session_, state.path));
    const smt::Result result =
        session_.check(fmt::format("{} ends", function_.name), {session_.no(session_.any(paths))});
    if (result.answer == smt::Answer::unsatisfiable) {
      theorem_.proof.standing = Standing::proved;
      theorem_.proof.decided =
          fmt::format("{} instructions on {} branches followed for all packets at once, {} at the end", ends.executed,
                      ends.branches, ends.states.size());
    } else {
      undecided("the ends do not cover every packet");
    }
  }

  void count() {
    theorem_.proof.queries = session_.queries() - queries_;
    theorem_.proof.steps = session_.steps() - steps_;
  }

 private:
  bool undecided(const std::string& reason) {
    theorem_.proof.standing = Standing::unknown;
    theorem_.proof.reason = reason;
    return false;
  }

  smt::Session& session_;
  const Function& function_;
  Theorem& theorem_;
  std::uint64_t queries_, steps_;
};

smt::Term choice_at(smt::Session& session, const State& end) {
  return std::get<smt::Term>(read(session, end.choice, 0, sizeof(pcl_choice)));
}

Theorem missing(std::string_view function, std::string_view digest, const std::string& reason) {
  Theorem theorem = claim(function, digest);
  theorem.proof.reason = reason;
  return theorem;
}

}  // namespace

Theorem prove_decide(const Function& function, std::string_view digest, smt::Session& session) {
  const smt::Session::Scope scope(session);
  Theorem theorem = claim("decide", digest);
  Judge question(session, function, theorem);
  Tables tables(session);
  const Flow flow(session);
  Inputs inputs;
  inputs.arguments.at(0) = to(Region::flow);
  inputs.flow = flow.memory;
  inputs.generation = flow.generation;
  const auto ends = question.ends(tables, inputs);
  if (ends) {
    TermsDomain domain(session, tables, flow);
    const smt::Term meaning = ebpf::decide(domain);
    const auto agrees = [&](std::size_t i) {
      const smt::Term result = ends->results[i];
      return question.same(ends->states[i], session.no(session.equal(result, meaning)), [&](const smt::Model& model) {
        Witness witness;
        witness.flow = octets(model, session, flow.memory);
        witness.rows = rows(model, session, tables);
        witness.program = model.number(result);
        witness.meaning = model.number(meaning);
        return witness;
      });
    };
    bool all = true;
    for (std::size_t i = 0; all && i < ends->states.size(); ++i) all = agrees(i);
    if (all) question.covered(*ends);
  }
  question.count();
  return theorem;
}

Theorem prove_choose(const Function& function, std::string_view digest, smt::Session& session) {
  const smt::Session::Scope scope(session);
  Theorem theorem = claim("choose", digest);
  Judge question(session, function, theorem);
  Tables tables(session);
  const Flow flow(session);
  const Question asked(session);
  Inputs inputs;
  Pointer remembered = to(Region::remembered);
  remembered.null = asked.nothing_known;
  // A number of 32 bits leaves the rest of its register open.
  const smt::Term random = session.concat(session.bits("random.rest", 32), asked.random);
  inputs.arguments = {to(Region::flow), asked.decision, remembered, random, to(Region::choice)};
  inputs.flow = flow.memory;
  inputs.remembered = asked.remembered;
  inputs.generation = flow.generation;
  write(inputs.choice, 0, sizeof(pcl_choice), session.bits("choice.before", 8 * sizeof(pcl_choice)));
  const auto ends = question.ends(tables, inputs);
  if (ends) {
    TermsDomain domain(session, tables, flow);
    const Delivery meaning = domain.chosen(asked);
    const auto agrees = [&](std::size_t i) {
      const smt::Term verdict = session.extract(ends->results[i], 31, 0), choice = choice_at(session, ends->states[i]);
      const smt::Term delivers = session.equal(verdict, session.number(PCL_DNAT, 32));
      const smt::Term differs =
          session.any({session.no(session.equal(verdict, meaning.verdict)),
                       session.all({delivers, session.no(session.equal(choice, meaning.choice))})});
      return question.same(ends->states[i], differs, [&](const smt::Model& model) {
        Witness witness;
        witness.flow = octets(model, session, flow.memory);
        witness.rows = rows(model, session, tables);
        witness.chooses = true;
        witness.decision = model.number(asked.decision);
        witness.random = static_cast<std::uint32_t>(model.number(asked.random));
        if (!model.truth(asked.nothing_known)) witness.remembered = octets(model, session, asked.remembered);
        witness.program = model.number(verdict);
        witness.meaning = model.number(meaning.verdict);
        if (witness.program == PCL_DNAT) witness.program_choice = octets(model, session, choice);
        if (witness.meaning == PCL_DNAT) witness.meaning_choice = octets(model, session, meaning.choice);
        return witness;
      });
    };
    bool all = true;
    for (std::size_t i = 0; all && i < ends->states.size(); ++i) all = agrees(i);
    if (all) question.covered(*ends);
  }
  question.count();
  return theorem;
}

std::vector<Theorem> prove_program(std::span<const std::byte> object, std::string_view digest, smt::Session& session) {
  const auto read = read_object(object);
  const auto prove = [&](std::string_view name, Theorem (*prover)(const Function&, std::string_view, smt::Session&)) {
    if (const auto* unreadable = std::get_if<Unreadable>(&read))
      return missing(name, digest, fmt::format("the object cannot be read: {}", unreadable->reason));
    const auto& functions = std::get<std::vector<Function>>(read);
    const auto named = [&](const Function& function) { return function.name == name; };
    if (std::ranges::count_if(functions, named) != 1)
      return missing(name, digest, fmt::format("the object has not one function {}", name));
    return prover(*std::ranges::find_if(functions, named), digest, session);
  };
  return {prove("decide", prove_decide), prove("choose", prove_choose)};
}

}  // namespace portcullis::bytecode

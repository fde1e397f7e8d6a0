#include "verifier/bytecode/execute.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace portcullis::bytecode {

namespace {

// Jumps lead forward, so instructions are executed in their order, each once for all that arrive there.
class Run {
 public:
  Run(smt::Session& session, Tables& tables, const Function& function, const Inputs& inputs, Graph graph)
      : session_(session),
        function_(function),
        machine_(session, tables, function, inputs),
        graph_(std::move(graph)),
        arriving_(function.instructions.size()) {}

  Ends run(State first) {
    if (function_.instructions.empty()) throw Stopped{0, "there is no instruction"};
    arrive(0, std::move(first));
    for (std::size_t at = 0; at < arriving_.size(); ++at) {
      join(arriving_[at]);
      for (State& state : std::exchange(arriving_[at], {})) execute(std::move(state), at);
    }
    return std::move(ends_);
  }

 private:
  void arrive(std::size_t at, State state) {
    for (std::size_t i = 0; i < register_count; ++i) {
      if ((graph_.needed[at] >> i & 1U) == 0) state.registers.at(i) = Nothing{};
    }
    arriving_[at].push_back(std::move(state));
  }

  void execute(State state, std::size_t at) {
    ++ends_.executed;
    try {
      const Instruction& i = function_.instructions[at];
      const std::size_t next = at + 1;
      if (i.code == jump_exit) {
        ends_.results.push_back(machine_.number(state, 0, at));
        ends_.states.push_back(std::move(state));
      } else if (i.code == jump_always) {
        arrive(target(at), std::move(state));
      } else if (is_branch(i)) {
        branch(std::move(state), at);
      } else {
        machine_.step(state, at);
        arrive(i.code == constant64 ? next + 1 : next, std::move(state));
      }
    } catch (const Unreachable&) {
      ++ends_.unreached;
    }
  }

  [[nodiscard]] std::size_t target(std::size_t at) const {
    return static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + function_.instructions[at].offset);
  }

  void branch(State state, std::size_t at) {
    const smt::Term condition = machine_.condition(state, at);
    if (const auto known = decided(state, condition)) return arrive(*known ? target(at) : at + 1, std::move(state));
    ++ends_.branches;
    State taken = state;
    machine_.take(taken, at, condition, true);
    arrive(target(at), std::move(taken));
    machine_.take(state, at, condition, false);
    arrive(at + 1, std::move(state));
  }

  // What the condition is, if that shows without asking.
  [[nodiscard]] std::optional<bool> decided(const State& state, smt::Term condition) {
    if (session_.same(condition, session_.truth(true))) return true;
    if (session_.same(condition, session_.truth(false))) return false;
    for (const Branch& branch : state.path) {
      if (session_.same(branch.condition, condition)) return branch.held;
    }
    return {};
  }

  // Joins what can be joined: first the two ways of one branch, then those that part last.
  void join(std::vector<State>& states) {
    for (;;) {
      std::vector<std::pair<Fork, std::pair<std::size_t, std::size_t>>> pairs;
      for (std::size_t a = 0; a < states.size(); ++a) {
        for (std::size_t b = a + 1; b < states.size(); ++b)
          pairs.push_back({fork_of(session_, states[a], states[b]), {a, b}});
      }
      std::ranges::stable_sort(pairs, [](const auto& x, const auto& y) {
        return std::pair(x.first.siblings, x.first.common) > std::pair(y.first.siblings, y.first.common);
      });
      if (!std::ranges::any_of(pairs,
                               [&](const auto& pair) { return join(states, pair.second.first, pair.second.second); }))
        return;
    }
  }

  bool join(std::vector<State>& states, std::size_t a, std::size_t b) {
    std::optional<State> both = joined(session_, states[a], states[b]);
    if (!both) return false;
    states[a] = std::move(*both);
    states.erase(states.begin() + static_cast<std::ptrdiff_t>(b));
    return true;
  }

  smt::Session& session_;
  const Function& function_;
  Machine machine_;
  Graph graph_;
  std::vector<std::vector<State>> arriving_;
  Ends ends_;
};

Refused refused(const Function& function, const Stopped& stopped) {
  return {fmt::format("instruction {} of {}: {}", function.begin + stopped.at, function.name, stopped.what)};
}

}  // namespace

std::variant<Ends, Refused> execute(smt::Session& session, Tables& tables, const Function& function,
                                    const Inputs& inputs) {
  auto graph = graph_of(function);
  if (const auto* stopped = std::get_if<Stopped>(&graph)) return refused(function, *stopped);
  State first;
  for (std::size_t i = 0; i < inputs.arguments.size(); ++i) first.registers.at(i + 1) = inputs.arguments.at(i);
  Pointer frame;
  frame.region = Region::stack;
  first.registers.at(frame_register) = frame;
  first.choice = inputs.choice;
  try {
    return Run(session, tables, function, inputs, std::move(std::get<Graph>(graph))).run(std::move(first));
  } catch (const Stopped& stopped) {
    return refused(function, stopped);
  }
}

}  // namespace portcullis::bytecode

// What the evaluator says of a question: the one answer, because the random number is part of the question.
#pragma once

#include "backends/ebpf/evaluate.hpp"
#include "tests/ask/asker.hpp"

namespace portcullis::ask {

// The evaluator is of the same tables, with nothing beside them.
[[nodiscard]] Answer expected(const ebpf::Evaluator& evaluator, const Question& question);

}  // namespace portcullis::ask

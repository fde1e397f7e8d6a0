// Answers of `trace`: schema portcullis/trace/1 (docs/formats.md), and for people.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "compiler/base/source.hpp"
#include "compiler/cluster/profile.hpp"
#include "compiler/trace/requests.hpp"
#include "compiler/trace/trace.hpp"

namespace portcullis::report {

// One packet or request as asked for, and what became of it. Without either it made no sense: `given` is then its JSON
// text as far as it could be read, and `error` says why.
struct TraceAnswer {
  std::optional<trace::Trace> trace;
  std::optional<trace::RequestTrace> request;
  std::string given;
  std::string error;
};

[[nodiscard]] std::string trace_json(cluster::Dialect dialect, std::span<const TraceAnswer> answers,
                                     const base::SourceMap& sources);
[[nodiscard]] std::string trace_text(std::span<const TraceAnswer> answers, const base::SourceMap& sources, bool colour);

// A request as a row of a packets file, in one line.
[[nodiscard]] std::string request_json(const ir::l7::Request& request);

// How likely a target is, as a reduced fraction: `1/3`, `1/1`.
[[nodiscard]] std::string probability(const ir::Fate& fate, const ir::Target& target);

}  // namespace portcullis::report

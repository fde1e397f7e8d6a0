// Answers of `diff`: schema portcullis/diff/1 (docs/formats.md), and for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::report {

struct DiffLine {
  std::string object, field;
  base::SourceSpan span;
};

// A group of packets whose fate changed in one way.
struct DiffGroup {
  std::string change;              // `newly allowed`
  std::string about;               // `shop/web:http load-balancer`
  std::vector<std::string> nodes;  // sorted, not empty
  std::size_t destinations = 0;
  net::Packet witness;
  ir::Fate before, after;
  std::vector<DiffLine> before_lines, after_lines;
};

struct Diff {
  std::string before, after;  // what was compared: paths, or dialects
  std::vector<DiffGroup> groups;
  std::vector<std::string> unknown;
};

[[nodiscard]] std::string diff_json(const Diff& diff, const base::SourceMap& sources);
[[nodiscard]] std::string diff_text(const Diff& diff, const base::SourceMap& sources);

}  // namespace portcullis::report

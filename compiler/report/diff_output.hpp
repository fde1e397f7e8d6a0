// Answers of `diff`: schema portcullis/diff/1 (docs/formats.md), and for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/ir/l4/fate.hpp"
#include "compiler/ir/l7/request.hpp"
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

// A group of requests that a router answers otherwise.
struct DiffRequests {
  std::string change;  // `goes elsewhere`
  std::string router;
  std::string about;     // `shop.example.com/cart…`
  std::size_t more = 0;  // regions beside that one, by the same lines
  ir::l7::Request witness;
  ir::l7::Decision before, after;
  std::string before_settings, after_settings;  // what decisions do not show, if that is what changed
  std::vector<DiffLine> before_lines, after_lines;
};

struct Diff {
  std::string before, after;  // what was compared: paths, or dialects
  std::vector<DiffGroup> groups;
  std::vector<DiffRequests> requests;
  bool has_routers = false;  // there are some to compare
  std::vector<std::string> unknown;
};

[[nodiscard]] std::string diff_json(const Diff& diff, const base::SourceMap& sources);
[[nodiscard]] std::string diff_text(const Diff& diff, const base::SourceMap& sources);

}  // namespace portcullis::report

// The text form of routers: one line a route or a step, stable, read back. docs/ir.md shows it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// How the place of an origin is written: `shop.yaml:12`. Nothing: not at all.
using PlaceText = std::function<std::string(const base::SourceSpan&)>;
// File and line of what was read from manifests.
[[nodiscard]] PlaceText lines_of(const base::SourceMap& sources);
// Of routers that `read` has read: their spans are where the text says its places.
[[nodiscard]] PlaceText places_in(const base::SourceMap& sources);

[[nodiscard]] std::string print(const Router& router, const PlaceText& place = {});
// One after the other.
[[nodiscard]] std::string print(const std::vector<Router>& routers, const PlaceText& place = {});

// Everything comes back, in the same order: print(read(print(r))) == print(r), with the places too. What cannot be read
// is a finding with its place; nothing is returned then. Every index of a router that was read is one of its own.
[[nodiscard]] std::optional<std::vector<Router>> read(base::FileId file, const base::SourceMap& sources,
                                                      base::Diagnostics& diagnostics);

}  // namespace portcullis::ir::l7

// What holds for the keys of a mapping whichever parser it came from.
#pragma once

#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

// `<<` as a plain key.
[[nodiscard]] bool is_merge_key(const TreeNode& key);

// Replaces the merge keys of a mapping by the pairs that they bring. What the mapping says itself goes before what it
// merges, and an earlier source before a later one (yaml.org/type/merge). False with a problem if the value of a merge
// key is no map or list of maps.
[[nodiscard]] bool carry_out_merges(Tree& tree, NodeId mapping, Problem& problem);

// Notes repeated keys in `tree.duplicates` and marks all but the last as shadowed; keys are compared as the API
// server's decoder writes them
// (`yes` and `true` are one). False with a problem if something cannot be a key: a list, a map, null.
[[nodiscard]] bool check_keys(Tree& tree, NodeId mapping, Problem& problem);

// Notes a scalar that no JSON value can stand for in `tree.impossible`.
void note_impossible(Tree& tree, NodeId scalar);

}  // namespace portcullis::manifest

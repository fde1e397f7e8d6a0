// Translation validation of the eBPF backend: the tables of an artefact mean what a program means, for every packet of
// one family. What the tables mean is backends/ebpf/meaning.hpp; that the shipped instructions have this meaning is
// proved once a build (verifier/bytecode).
#pragma once

#include <string>

#include "backends/ebpf/tables.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/obligations/method.hpp"
#include "verifier/obligations/translation.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

// `tables` are what was read back. Refuted only with a packet on which the interpreter and the evaluator disagree.
// An accept of the program is a packet that passes: tables have no other word for it. Method::plain asks every region
// by its own values, as Method::each does: tables have no plain encoding.
[[nodiscard]] verdict::Proof prove_tables(std::string name, const ir::Program& program, const ebpf::Tables& tables,
                                          smt::Session& session, Method method = Method::shapes,
                                          TranslationCounts* counts = nullptr);

}  // namespace portcullis::obligations

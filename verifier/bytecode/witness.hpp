// A counterexample: one packet, what is remembered, what the tables hold, and both answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verifier/bytecode/tables.hpp"
#include "verifier/bytecode/terms_domain.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

using Octets = std::vector<std::uint8_t>;

struct Witness {
  struct Row {
    Table table{};
    Octets key, entry;
    bool operator==(const Row&) const = default;
  };
  Octets flow;            // struct pcl_flow
  std::vector<Row> rows;  // nothing else is in the tables

  // Of `choose`.
  bool chooses = false;
  std::uint64_t decision = 0;
  Octets remembered;  // struct pcl_memory; empty: nothing
  std::uint32_t random = 0;

  std::uint64_t program = 0, meaning = 0;  // what each answers
  Octets program_choice, meaning_choice;   // struct pcl_choice; empty: not filled
};

[[nodiscard]] Octets octets(const smt::Model& model, smt::Session& session, smt::Term term);
// What the model has in the tables, where they were asked.
[[nodiscard]] std::vector<Witness::Row> rows(const smt::Model& model, smt::Session& session, const Tables& tables);
// `source 10.0.0.1, … with t_locals {…}: the program says …, the meaning …`.
[[nodiscard]] std::string to_string(const Witness& witness);

}  // namespace portcullis::bytecode

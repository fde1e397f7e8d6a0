// What the fields of a packet are on one part of a run: a number where the run knows it, else which part of the rest is
// asked. Notes every look at the destination.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/model.hpp"
#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/residual.hpp"
#include "verifier/specialise/run_state.hpp"

namespace portcullis::specialise {

// What a term is for this packet.
struct Operand {
  enum class Kind : std::uint8_t { value, missing, source, source_local, source_port, interface };
  Kind kind = Kind::value;
  netfilter::Value value{};                              // of value, masked and flipped already
  netfilter::Value mask = netfilter::Value::all_ones();  // of the others: (field & mask) ^ flip
  netfilter::Value flip{};
  [[nodiscard]] bool open() const { return kind != Kind::value && kind != Kind::missing; }
};

[[nodiscard]] bool is_destination(netfilter::Field f);
[[nodiscard]] bool is_destination_port(netfilter::Field f);
// The address or port of a destination, before or after translation.
[[nodiscard]] bool is_about_destination(const netfilter::Term& term);
// A random number among the terms that this part of the run has not taken yet; else null.
[[nodiscard]] const netfilter::Random* unchosen(const RunState& s, std::span<const netfilter::Term> terms);

class Fields {
 public:
  // `statements`: how many there are. The test behind the last one is the kernel's own: is the destination local.
  // `tests`: how many there are with these and those that others ask.
  Fields(const netfilter::Model& model, const netfilter::NodeFacts& node, net::Family family, std::size_t statements,
         std::size_t tests);

  void begin(const Key& key, const Path& path);
  // Throws NotModelled. `negated`: of a match that holds if the term's test does not.
  [[nodiscard]] Operand operand(const RunState& s, const netfilter::Term& term, std::uint32_t statement, bool negated);
  [[nodiscard]] bool local(const RunState& s);
  // Somebody else looks at the destination.
  void ask(std::uint32_t test) { consulted_.note(test); }

  [[nodiscard]] const Key& key() const { return key_; }
  [[nodiscard]] net::ConntrackState state() const { return path_.state; }
  // Whether the packet starts at output.
  [[nodiscard]] bool from_node() {
    ++asked_from_node_;
    return path_.from_node;
  }
  // Grows with every such question.
  [[nodiscard]] std::uint64_t asked_from_node() const { return asked_from_node_; }
  [[nodiscard]] const Consulted& consulted() const { return consulted_; }

 private:
  [[nodiscard]] Operand load(const RunState& s, netfilter::Field field, std::uint32_t statement, bool negated);
  [[nodiscard]] Operand conntrack(const RunState& s, netfilter::Field field) const;

  const netfilter::Model& model_;
  const netfilter::NodeFacts& node_;
  net::Family family_;
  std::uint32_t last_test_;
  Consulted consulted_;
  Key key_;
  Path path_;
  std::uint64_t asked_from_node_ = 0;
};

}  // namespace portcullis::specialise

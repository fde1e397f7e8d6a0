// Are two diagrams equal: do they give every rest of a packet the same distribution over fates, and the same memory?
//
// Both diagrams are written down together as a *shape*: their structure, with parameters for prefixes, addresses,
// endpoints and pools. Z3 is asked once a shape, for all values of the parameters:
//
//   unsatisfiable iff in every instance both diagrams take every rest to outcomes that agree
//
// A pair of diagrams is its shape at its own arguments, equal values got equal parameters, and the theorem holds for
// all values, equal ones included: no side condition is left. The shape is compared word by word, not by hash.
//
// Balances are compared by plain code, exhaustively: the same endpoints, labels in bijection, the memory asked in the
// same order, the same time, and weights that are equal but for the grain of the kernel's two mechanisms (n · 2⁻³¹
// relative; docs/architecture.md). What differs between their entries is a pair of templates, and those are Z3's
// again, over an endpoint that may be any.
//
// Where Z3 finds a rest for a shape, it is asked again with this pair's own values: found again, it is a witness; not
// found, the pair is equal and the shape is no theorem.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifier/encode/rest.hpp"

namespace portcullis::encode {

struct Judgement {
  enum class Kind : std::uint8_t {
    equal,
    different,     // `witness` shows it, if it is the packet's; else `reason` says what is
    unrecognised,  // a random choice in a form that is no balance
    unknown,       // `reason`: something that is reached has no model, or the solver gave up
  };
  Kind kind = Kind::equal;
  std::string reason;
  std::optional<net::Packet> witness;
};

// What of two outcomes has to agree.
enum class Agreement : std::uint8_t {
  all,
  but_masquerade,  // a packet may keep its source on one side and lose it on the other (design 1.2: same fate)
};

class Judge {
 public:
  // All must outlive this.
  Judge(smt::Session& session, const specialise::Arena& arena, net::Family family, std::vector<net::Address> local,
        Agreement agreement = Agreement::all);

  // Of diagrams of the arena, for packets to `key` on `path`.
  [[nodiscard]] Judgement judge(specialise::NodeId left, specialise::NodeId right, const specialise::Key& key,
                                const specialise::Path& path);

  // Each pair of diagrams is asked for by itself, nothing is shared: slower, and independent of shapes.
  void share_theorems(bool share) { share_ = share; }

  struct Counts {
    std::size_t pairs = 0;     // judged
    std::size_t shapes = 0;    // different ones
    std::size_t concrete = 0;  // pairs that needed their own values
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // Which memory of the right side is which of the left, as far as pairs have shown it.
  [[nodiscard]] const std::map<specialise::LabelId, specialise::LabelId>& memories() const { return right_of_; }

 private:
  // How two leaves relate.
  struct Relation {
    enum class Kind : std::uint8_t { same, differ, templates };
    Kind kind = Kind::differ;
    std::string reason;                                                     // of differ
    std::vector<std::pair<specialise::NodeId, specialise::NodeId>> behind;  // of templates: distinct pairs
  };
  struct Leaf {
    specialise::NodeId node = 0;
    smt::Term condition;
  };
  class Shape;

  [[nodiscard]] specialise::NodeId view(specialise::NodeId leaf) const;
  const Relation& relate(specialise::NodeId left, specialise::NodeId right);
  Relation compare(const specialise::Node& left, const specialise::Node& right);
  [[nodiscard]] bool agree(const specialise::Node& left, const specialise::Node& right) const;
  Relation compare(const specialise::Balance& left, const specialise::Balance& right);
  bool pair_labels(specialise::LabelId left, specialise::LabelId right);
  [[nodiscard]] specialise::Balance balance(const specialise::Node& node) const;

  // Where left and right disagree; `unknown_too`: or where one of them is unknown.
  smt::Term differ(Rest& rest, specialise::NodeId left, specialise::NodeId right, smt::Term endpoint);
  std::vector<Leaf> leaves(Rest& rest, specialise::NodeId root, smt::Term endpoint);
  [[nodiscard]] std::optional<std::string> find_unknown(specialise::NodeId root) const;
  [[nodiscard]] bool has_choice(specialise::NodeId root) const;
  Judgement with_values(specialise::NodeId left, specialise::NodeId right, const specialise::Key& key,
                        const specialise::Path& path);
  smt::Term differ_with_values(Rest& rest, specialise::NodeId left, specialise::NodeId right);

  smt::Session& session_;
  const specialise::Arena& arena_;
  net::Family family_;
  std::vector<net::Address> local_;
  Agreement agreement_;
  bool share_ = true;
  Counts counts_;
  std::map<std::pair<specialise::NodeId, specialise::NodeId>, Relation> relations_;
  std::map<std::vector<std::uint32_t>, bool> theorems_;  // by shape: proved
  std::map<specialise::LabelId, specialise::LabelId> right_of_, left_of_;
};

}  // namespace portcullis::encode

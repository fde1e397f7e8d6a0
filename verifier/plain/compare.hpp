// Do two sides take every packet of a region to the same distribution over fates, and keep the same memory?
//
// 1. The packets. Z3 is asked for a packet that can come to two leaves, one of either side, which do not go together:
//    one translates and the other does not, or both end otherwise, or both choose one endpoint and do otherwise with
//    it. No random choice is a variable of this question: leaves that random choices part are leaves of their own, and
//    the two sides are coupled by the endpoint that they choose.
// 2. The chances. For every combination of leaves that some packet has before it, the probabilities of each endpoint
//    are added up, exactly, and compared: they may differ by the grain of the kernel's two mechanisms (n · 2⁻³¹
//    relative; docs/architecture.md). Z3 only says which combinations there are.
// 3. The memory. A label of one side is one label of the other, in every region; remembering is the same bit for both.
//
// Packets all of whose leaves are refused alike, on both sides, fare alike wherever they would have gone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "verifier/plain/leaf.hpp"
#include "verifier/plain/packet.hpp"

namespace portcullis::plain {

struct Judgement {
  enum class Kind : std::uint8_t {
    equal,
    different,  // `witness` shows it, with what is remembered of its source
    unknown,    // `reason`: a form that is reached is not recognised, or the solver gave up
  };
  Kind kind = Kind::equal;
  std::string reason;
  std::optional<net::Packet> witness;
  std::set<std::string> meant_remembered, kept_remembered;           // labels of either side
  std::set<std::pair<netfilter::OpaqueId, netfilter::Hook>> opaque;  // matches that are not known, asked of the region
};

// Which label of the ruleset is which of the program, as regions have shown it.
class Labels {
 public:
  // False: one of them is another's.
  bool pair(const std::string& kept, const std::string& meant);
  [[nodiscard]] bool are_paired(const std::string& kept, const std::string& meant) const;
  [[nodiscard]] bool is_known(const std::string& kept) const { return meant_of_.contains(kept); }
  [[nodiscard]] const std::map<std::string, std::string>& meant_of() const { return meant_of_; }

 private:
  std::map<std::string, std::string> meant_of_, kept_of_;
};

// One side of a region.
struct View {
  std::vector<Leaf> leaves;
  const Remembered& remembered;
};

[[nodiscard]] Judgement compare(const std::string& name, Terms& terms, Packet& packet, const View& meant,
                                const View& kept, Labels& labels);

}  // namespace portcullis::plain

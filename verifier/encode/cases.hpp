// Every combination of answers that the rest of a packet can give to some atoms, one packet each. Where two programs
// ask nothing else about the rest, these packets stand for all.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <vector>

#include "verifier/encode/rest.hpp"

namespace portcullis::encode {

struct Case {
  net::Packet packet;
  std::set<specialise::LabelId> remembered;  // memories that hold the packet's source
};

// The atoms that a diagram asks, those of its templates at each of their endpoints.
[[nodiscard]] std::vector<specialise::AtomId> atoms_of(specialise::Arena& arena, specialise::NodeId root);

enum class Enumeration : std::uint8_t {
  complete,
  stopped,   // `each` said so
  too_many,  // more than `most` cases, or the solver gave up
};
// Calls `each` until it returns false.
Enumeration for_each_case(smt::Session& session, const specialise::Arena& arena, net::Family family,
                          const std::vector<net::Address>& local, const std::vector<specialise::AtomId>& atoms,
                          const specialise::Key& key, const specialise::Path& path, std::size_t most,
                          const std::function<bool(const Case&)>& each);

}  // namespace portcullis::encode

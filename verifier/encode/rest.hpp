// The rest of a packet (verifier/specialise/residual.hpp) as terms, and a packet from a model.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/net/packet.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::encode {

// What the values in atoms are.
enum class Values : std::uint8_t {
  symbolic,  // equal ones are one variable, others are others: a theorem about every instance
  concrete,
};

class Rest {
 public:
  // `local` are the node's own addresses without loopback.
  Rest(smt::Session& session, const specialise::Arena& arena, net::Family family, std::vector<net::Address> local,
       Values values);

  // `endpoint` is what SourceIsEndpoint means.
  [[nodiscard]] smt::Term atom(specialise::AtomId atom, smt::Term endpoint);
  // An endpoint that may be any.
  [[nodiscard]] smt::Term any_endpoint();
  [[nodiscard]] smt::Term address(const net::Address& address);
  [[nodiscard]] smt::Term source() const { return source_; }

  // What is true of every packet: its interface has a name of at most 15 bytes, and one that comes in does not do so by
  // `lo` (what does was sent by this node: that path is from the node).
  [[nodiscard]] smt::Term assumed();

  // The packet of a model; its answers to every atom asked so far are those of the model.
  [[nodiscard]] net::Packet packet(const smt::Model& model, const specialise::Key& key,
                                   const specialise::Path& path) const;
  [[nodiscard]] bool remembered(const smt::Model& model, specialise::LabelId label) const;
  [[nodiscard]] const std::map<specialise::LabelId, smt::Term>& memories() const { return memories_; }

 private:
  [[nodiscard]] unsigned width() const { return family_ == net::Family::ipv4 ? 32 : 128; }
  [[nodiscard]] smt::Term end(const net::Address& address, const char* what);
  [[nodiscard]] smt::Term inside(const specialise::Interval& interval);
  [[nodiscard]] smt::Term is_local();

  smt::Session& session_;
  const specialise::Arena& arena_;
  net::Family family_;
  std::vector<net::Address> local_;
  Values values_;
  smt::Term source_, source_port_, interface_;
  std::map<specialise::Interval, smt::Term> inside_;
  std::map<specialise::LabelId, smt::Term> memories_;
};

}  // namespace portcullis::encode

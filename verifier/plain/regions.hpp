// Regions that cover every packet of one family. Every destination is either one of those that are named, or none of
// them; no lemma says so.
//
// Which destinations are named decides what a proof costs, never whether it holds: a region of all others has its
// address or port as a term, and Z3 judges what it is asked of it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "compiler/ir/l4/program.hpp"
#include "verifier/plain/packet.hpp"

namespace portcullis::plain {

class Regions {
 public:
  // Names what stands in either of them. Both must outlive this.
  Regions(const ir::Program& program, const netfilter::Model& model);

  // Until `each` returns false. What a region points at lives as long as this. Packets that are not the first of their
  // flow meet no translation, and few rules: of their destinations none is named.
  void for_each(const std::function<bool(const Region&)>& each) const;
  // Nothing is named: few and large questions.
  static void for_each_whole(const std::function<bool(const Region&)>& each);

 private:
  using Ports = std::set<std::pair<net::Protocol, std::uint16_t>>;
  struct Found {  // in a rule or an element; what is absent may be anything
    std::optional<net::Address> address;
    std::optional<std::uint16_t> port;
    std::vector<net::Protocol> protocols;
  };

  void of_program(const ir::Program& program);
  void of_model(const netfilter::Model& model);
  void of_rule(const netfilter::Model& model, const netfilter::Rule& rule);
  void of_key(const netfilter::Set& set, const std::vector<netfilter::Term>& key);
  [[nodiscard]] bool take(Found& found, const netfilter::Term& term, const netfilter::Value& value) const;
  void add(const Found& found);
  [[nodiscard]] bool has_node_ports(const std::optional<net::Address>& address) const;
  static bool whole(net::ConntrackState state, const std::function<bool(const Region&)>& each);
  bool ports(Region region, const std::function<bool(const Region&)>& each) const;

  const ir::Program& program_;
  std::map<net::Address, Ports> named_;
  Ports anywhere_;             // without an address
  std::vector<Value> values_;  // of the named addresses, sorted
};

}  // namespace portcullis::plain

// One packet on its way: what has been told so far, where it is, what it looks like now.
#pragma once

#include <string>

#include "compiler/trace/atlas.hpp"
#include "compiler/trace/programs.hpp"
#include "compiler/trace/trace.hpp"

namespace portcullis::trace {

class Walk {
 public:
  Walk(const Atlas& atlas, Programs& programs, const net::Packet& packet);

  // The packet meets this node as it is; what follows behind the node is only named.
  Trace at_node(const cluster::Node& node);
  // From its sender to where it ends.
  Trace across_machines();

 private:
  enum class Left {
    ended,      // refused, dropped, conflict
    local,      // for this node
    forwarded,  // on its way out of it
  };

  void sent_from(const cluster::Node* node);
  // The first node of the packet's way, or nothing if it reaches none.
  [[nodiscard]] const cluster::Node* first_machine();

  // The rules of one node; changes the packet.
  [[nodiscard]] Left through(const cluster::Node& node);
  [[nodiscard]] Left refused(const std::string& name, const ir::Interpreter& rules, const ir::Trail& trail);
  // Tells what translates and does so.
  [[nodiscard]] ir::Then translate(const cluster::Node& node, const ir::Interpreter& rules, const ir::Fate& fate,
                                   const ir::Trail& trail);
  [[nodiscard]] bool passes_unseen(const ir::Fate& fate, const ir::Trail& trail) const;
  void tell_untranslated(const std::string& name, const ir::Interpreter& rules, const ir::Trail& trail);
  void leave_rules(const cluster::Node& node, ir::Then then, const ir::Check* check);
  [[nodiscard]] const ir::Target& choose(const ir::Fate& fate, const cluster::Node& node) const;

  // The next node, or nothing when the way ends (then it is told). `from` is the node that the packet has left.
  [[nodiscard]] const cluster::Node* next_machine(const cluster::Node* from);
  [[nodiscard]] const cluster::Node* through_balancer(const Balancer& balancer);
  [[nodiscard]] const cluster::Node* towards_pod(const cluster::Node* from);
  [[nodiscard]] const cluster::Node* by_static_route(std::string why);
  void arrive(const cluster::Node& node);
  void name_next_machine(const cluster::Node& from);

  void received_by_node(const cluster::Node& node);
  void received_by_pod();
  void end(std::string at, std::string what, After after, std::optional<Because> because = {});
  void tell(std::string at, std::string what, std::optional<Because> because = {});
  [[nodiscard]] bool starts_here() const { return now_.from == net::PacketFrom::node; }

  const Atlas& atlas_;
  Programs& programs_;
  Trace trace_;
  net::Packet now_;
  bool translated_ = false;  // by some node: `after` does not apply
  bool marked_ = false;      // by the node it is on
};

}  // namespace portcullis::trace
